"""What is said of a published incident where the house does not write itself: in social media (R26)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models

from apps.communications.models.status_page import OF_PUBLICATION, Publication, never_private
from apps.core.models import History
from apps.teams.models import User

LONGEST_POST = 500


class PostState(models.TextChoices):
    PROPOSED = "proposed", "Waits for approval"
    APPROVED = "approved", "Approved, on its way"
    SENT = "sent", "Posted"
    REFUSED = "refused", "Not approved"
    FAILED = "failed", "Failed"


class SocialPost(models.Model):
    """A post about a publication. It leaves the house once somebody who commands the incident has approved it."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="posts")
    text = models.CharField(max_length=LONGEST_POST)
    state = models.CharField(max_length=8, choices=PostState, default=PostState.PROPOSED)
    error = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=PostState.PROPOSED, decided_by=None)
                | (~models.Q(state=PostState.PROPOSED) & models.Q(decided_by__isnull=False)),
                name="social_post_decided_by_somebody",
            )
        ]
        triggers = [never_private(OF_PUBLICATION, when="NEW.state = 'approved'")]

    def __str__(self) -> str:
        return self.text

    def guarding_team_ids(self) -> Iterable[int]:
        return self.publication.guarding_team_ids()

    def is_guarded_private(self) -> bool:
        return self.publication.is_guarded_private()

    def involves(self, person: User) -> bool:
        return self.publication.involves(person)
