"""Reads of notifications: who can be reached, what waits for an answer, what became of a message."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.contacts import queries as contacts
from apps.contacts.models import MAILED, ContactMethod
from apps.incidents.models import OPEN, Incident
from apps.notifications.models import Delivery, Notification, NotificationKind
from apps.teams.models import User


def usable_methods(person: User) -> list[ContactMethod]:
    """The person's contact methods that a channel of this house serves, in the order of their wish."""
    return [method for method in contacts.reachable_methods(person) if method.kind in MAILED]


def reachable(people: Iterable[User]) -> list[User]:
    """Those of ``people`` whom a channel of this house reaches; one query."""
    return contacts.can_be_paged(people)


def unread_of(person: User) -> QuerySet[Notification]:
    """What the app has not shown the person yet, newest first."""
    return Notification.objects.filter(person=person, read_at__isnull=True).select_related("incident")


def pages_waiting_for(person: User) -> QuerySet[Notification]:
    """Pages of open incidents that the person has not acknowledged, newest first."""
    return Notification.objects.filter(
        person=person,
        kind__in=(NotificationKind.PAGE, NotificationKind.ROLE_PAGE),
        acknowledged_at__isnull=True,
        incident__status__in=OPEN,
    ).select_related("incident__severity", "incident__team")


def paged_for(incident: Incident) -> list[User]:
    """Who was paged since the response began, in order."""
    pages = Notification.objects.filter(
        incident=incident, kind=NotificationKind.PAGE, created_at__gte=incident.response_started_at
    )
    return list(dict.fromkeys(page.person for page in pages.select_related("person").order_by("pk")))


def of_incident(incident: Incident) -> QuerySet[Delivery]:
    """Every delivery for the incident: who was told what, when, how, and did it arrive."""
    return (
        Delivery.objects.filter(notification__incident=incident).select_related("notification__person").order_by("pk")
    )
