"""What the forms of the pages edit: whose versions these carry, and what of it counts as changed."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.catalog.models import MaintenanceWindow
from apps.contacts.models import ContactMethod
from apps.core.editing import Edited, Kept, States
from apps.incidents.actions.records import IMPACT_FIELDS
from apps.incidents.models import ImpactAssessment, Incident, Resolution
from apps.notifications.models import NotificationRule, Preferences, Urgency
from apps.postmortems.models import Answer, Postmortem
from apps.teams.models import User


def description(number: int) -> Edited:
    """What an incident is said to be, and to affect."""
    return Edited("description", _incident(number), (Kept(Incident, "id", [number], ("title", "summary", "services")),))


def fix(number: int) -> Edited:
    """The fix of an incident, and its verification."""
    fields = ("reference", "approved_by", "verified", "unverified_reason")
    return Edited("fix", _incident(number), (Kept(Resolution, "incident_id", [number], fields),))


def impact(number: int) -> Edited:
    """The impact of an incident, of which each assessment is kept."""
    rows = ImpactAssessment.objects.filter(incident=number)
    return Edited("assessment", _incident(number), (States(rows, IMPACT_FIELDS),))


def review(number: int) -> Edited:
    """The summary, the lead and the answers of the review of an incident."""
    reviews = Postmortem.objects.filter(incident=number).values("pk")
    pieces = (
        Kept(Postmortem, "incident_id", [number], ("summary", "lead")),
        Kept(Answer, "postmortem_id", reviews, ("answer",)),
    )
    return Edited("review", _incident(number), pieces)


def window(pk: int) -> Edited:
    """When a maintenance ends."""
    rows = MaintenanceWindow.objects.filter(pk=pk)
    return Edited("maintenance", rows, (Kept(MaintenanceWindow, "id", [pk], ("ends_at", "ended_early_at")),))


def profile(person: User) -> Edited:
    """Who somebody is."""
    return Edited("profile", _of(person), (Kept(User, "id", [person.pk], ("name", "time_zone", "holidays_of")),))


def preferences(person: User) -> Edited:
    """When somebody is not told, and of what they are."""
    return Edited("choice", _of(person), (Kept(Preferences, "person_id", [person.pk]),))


def steps(person: User, urgency: Urgency) -> Edited:
    """By what somebody is told of what is so urgent, and when."""
    rules = NotificationRule.history.filter(person_id=person.pk, urgency=urgency).values("id")
    return Edited("list of steps", _of(person), (Kept(NotificationRule, "id", rules),))


def method(pk: int) -> Edited:
    """What somebody calls a way to reach them."""
    return Edited("name", ContactMethod.objects.filter(pk=pk), (Kept(ContactMethod, "id", [pk], ("label",)),))


def _incident(number: int) -> QuerySet[Incident]:
    return Incident.objects.filter(pk=number)


def _of(person: User) -> QuerySet[User]:
    return User.objects.filter(pk=person.pk)
