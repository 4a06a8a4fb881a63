"""What can be put back alone: people, catalog, rosters, policy, each the tables that people edit.

Incidents are in none: they, their timeline and the seals over both are one record, and come back with everything.
"""

from __future__ import annotations

from django.apps import apps
from django.db import models

from apps.core.errors import Invalid

#: The models of each component; what refers to another stands after it.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "people": (
        "teams.Team", "teams.User", "teams.Membership", "contacts.ContactMethod", "contacts.EmergencyContact",
        "contacts.ExternalContact", "contacts.ExternalContactPoint", "notifications.NotificationRule",
        "notifications.Preferences",
    ),
    "catalog": (
        "catalog.Service", "catalog.ServiceLink", "catalog.Dependency", "catalog.HealthCheck",
        "catalog.MaintenanceWindow",
    ),
    "rosters": (
        "rosters.Roster", "rosters.Layer", "rosters.Restriction", "rosters.LayerMember", "rosters.Override",
        "rosters.Absence", "rosters.CalendarSource",
    ),
    "policy": (
        "incidents.Procedures", "incidents.Severity", "incidents.ChecklistTemplateItem",
        "incidents.ResponseRole", "incidents.RoleCandidate",
        "incidents.Expert", "escalation.Policy", "escalation.Level", "escalation.LevelTarget", "escalation.Trigger",
        "communications.UpdateSchedule", "communications.MessageTemplate", "postmortems.ReviewQuestion",
        "alerts.SeverityRule", "alerts.AlertSettings",
    ),
}  # fmt: skip

#: What stays as it is: how somebody signs in, and whether. Who was let go since is not let in by it, nor made mighty.
STAYS: dict[str, set[str]] = {"teams.User": {"password", "last_login", "is_active", "is_superuser", "passes_ended_at"}}


def models_of(component: str) -> list[type[models.Model]]:
    """The models of ``component``, what is referred to first. Raises Invalid for one that there is not."""
    if component == "incidents":
        raise Invalid("Incidents and their record come back as a whole only: leave --component away.")
    if component not in COMPONENTS:
        raise Invalid(f'There is no component "{component}"; there are: {", ".join(COMPONENTS)}.')
    return [apps.get_model(label) for label in COMPONENTS[component]]
