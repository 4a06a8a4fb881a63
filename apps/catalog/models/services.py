"""Services: what can break, whose it is, what it needs, and where to look (R1, R18, R20)."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models

from apps.core.models import History
from apps.core.names import NameField
from apps.teams.models import Team

WEB_ADDRESS = URLValidator(schemes=["http", "https"])


class Service(models.Model):
    """Something that can break, owned by one team. Switched off instead of deleted: incidents refer to it."""

    slug = models.SlugField(unique=True, help_text="Alerts name it by this, in the label 'component'.")
    name = NameField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="services")
    description = models.TextField(blank=True)
    area = models.SlugField(blank=True, help_text="The area of the procedures' definition that it belongs to.")
    is_active = models.BooleanField(default=True, help_text="Switch off instead of deleting.")

    history = History()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LinkKind(models.TextChoices):
    DASHBOARD = "dashboard", "Dashboard"
    LOGS = "logs", "Logs"
    RUNBOOK = "runbook", "Runbook"
    DOCUMENTATION = "documentation", "Documentation"
    OTHER = "other", "Other"


class ServiceLink(models.Model):
    """Where to look when a service breaks (R18)."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=16, choices=LinkKind, default=LinkKind.OTHER)
    title = NameField(max_length=120)
    url = models.CharField("address", max_length=1000, validators=[WEB_ADDRESS])

    history = History()

    class Meta:
        ordering = ["kind", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "url"],
                name="service_link_once",
                violation_error_message="The service already has this link.",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Dependency(models.Model):
    """``service`` needs ``depends_on`` to work (R20)."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependencies")
    depends_on = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependents")

    history = History()

    class Meta:
        verbose_name_plural = "dependencies"
        ordering = ["depends_on__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "depends_on"],
                name="dependency_once",
                violation_error_message="The service already depends on it.",
            ),
            models.CheckConstraint(
                condition=~models.Q(service=models.F("depends_on")),
                name="dependency_not_on_itself",
                violation_error_message="A service does not depend on itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} needs {self.depends_on}"
