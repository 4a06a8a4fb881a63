"""What provisioning knows of a person beyond what the house knows."""

from __future__ import annotations

from django.db import models

from apps.teams.models import User


class ProvisionedPerson(models.Model):
    """A person as an identity provider keeps them. Whoever is deleted there is deactivated here.

    ``deleted_at``: when; to provisioning they are gone, until they are made anew or somebody lets them in again.
    ``known_as``: the external id that they had when they were in last; by it is known who comes back.
    """

    person = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="provisioned")
    external_id = models.CharField(max_length=255, blank=True)
    known_as = models.CharField(max_length=255, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "provisioned people"
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~models.Q(external_id=""), name="provisioned_external_id_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.person)
