"""Reads of notifications: who can be reached and how, what waits for an answer, what became of a message."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import cast

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    F,
    Func,
    Max,
    Prefetch,
    Q,
    QuerySet,
    TimeField,
    When,
)
from django.db.models.functions import Cast

from apps.contacts import queries as contacts
from apps.contacts import serving
from apps.contacts.models import ContactMethod
from apps.core.spans import in_words
from apps.core.zones import zone_or_utc
from apps.incidents import queries as incidents
from apps.incidents.models import OPEN, Incident
from apps.notifications import rules
from apps.notifications.models import (
    PAGES,
    Delivery,
    DeliveryState,
    DirectPage,
    Notification,
    NotificationKind,
    NotificationRule,
    Preferences,
    Urgency,
)
from apps.notifications.rules import Step
from apps.rosters.coverage import NIGHT_BEGINS, NIGHT_ENDS
from apps.teams.models import User

#: What the steps of tests begin with.
TEST = "test:"


@dataclass(frozen=True, slots=True)
class PagesReceived:
    """How many pages somebody received, and how many of them at night."""

    received: int = 0
    at_night: int = 0


def usable_methods(person: User) -> list[ContactMethod]:
    """The person's contact methods that a channel of this house serves, in the order of their wish."""
    served = serving.kinds()
    return [method for method in contacts.reachable_methods(person) if method.kind in served]


def reachable(people: Iterable[User]) -> list[User]:
    """Those of ``people`` whom a channel of this house reaches; one query."""
    return contacts.can_be_paged(people)


def steps_of_all(people: Collection[User], urgency: Urgency) -> dict[int, list[Step]]:
    """By which steps each person is told: their own, the standard ones where they chose none; in the order of time.

    Own steps that lead to no usable method are as good as none where it is urgent: whoever can be reached is reached.
    By the person's id; two queries.
    """
    served, methods = serving.kinds(), contacts.methods_of(people)
    chosen: dict[int, list[NotificationRule]] = {person.pk: [] for person in people}
    for rule in NotificationRule.objects.filter(person__in=chosen, urgency=urgency):
        chosen[rule.person_id].append(rule)
    found = {}
    for person in people:
        every = methods[person.pk] if person.is_active else []
        usable = {method.pk: method for method in every if method.is_usable and method.kind in served}
        own = chosen[person.pk]
        steps = [Step(rule.after, usable[rule.method_id]) for rule in own if rule.method_id in usable]
        own_are_meant = steps or (own and urgency == Urgency.LOW)
        if own_are_meant:
            found[person.pk] = sorted(steps, key=lambda step: step.after)
        else:
            found[person.pk] = rules.standard_steps(list(usable.values()), urgency)
    return found


def warnings_for(person: User) -> list[str]:
    """What keeps the person from being paged as they may believe they are, in words; empty where all is well."""
    usable = usable_methods(person)
    if not usable:
        return ["You cannot be paged: none of your contact methods is verified and in use."]
    by_id = {method.pk: method for method in usable}
    own = list(NotificationRule.objects.filter(person=person).select_related("method"))
    found = [
        f"The step “{rule}” does nothing: the method is not verified, disabled or not served here."
        for rule in own
        if rule.method_id not in by_id
    ]
    urgent = [rule for rule in own if rule.urgency == Urgency.HIGH]
    if urgent and not any(rule.method_id in by_id for rule in urgent):
        found.append("Your steps for pages would never reach you; the standard steps are used in their place.")
    if not any(method.kind in rules.RINGS for method in usable):
        found.append("Nothing of yours rings at night: add a phone number or allow push messages on a device.")
        return found
    rings_after = rules.first_ring(steps_of_all([person], Urgency.HIGH)[person.pk])
    if rings_after is None:
        found.append("None of your steps for pages rings: add one for a phone number or a device of yours.")
    elif rings_after >= rules.RINGS_LATE:
        found.append(f"Your pages are silent for the first {in_words(rings_after)}: nothing rings before.")
    return found


def ends_of_quiet_hours(people: Iterable[User], at: datetime) -> dict[int, datetime]:
    """Until when those want to hear nothing of low urgency within whose quiet hours ``at`` is; by the person's id."""
    by_id = {person.pk: person for person in people}
    found = {}
    for chosen in Preferences.objects.filter(person__in=by_id, quiet_from__isnull=False, quiet_until__isnull=False):
        begin, end = cast("time", chosen.quiet_from), cast("time", chosen.quiet_until)
        zone = zone_or_utc(by_id[chosen.person_id].time_zone)
        until = rules.end_of_quiet_hours(at, begin=begin, end=end, zone=zone)
        if until is not None:
            found[chosen.person_id] = until
    return found


def unread_of(person: User) -> QuerySet[Notification]:
    """What the app has not shown the person yet, newest first."""
    return told_of(person).filter(read_at__isnull=True).select_related("incident")


@dataclass(frozen=True, slots=True)
class Bell:
    """How many notifications the app has not shown, and how many pages wait for an answer."""

    unread: int
    unanswered: int


def bell_of(person: User) -> Bell:
    """What the bell says to ``person``; one query."""
    unread = Q(read_at__isnull=True)
    counted = told_of(person).filter(unread | _waits())
    return Bell(**counted.aggregate(unread=Count("pk", filter=unread), unanswered=Count("pk", filter=_waits())))


def told_of(person: User) -> QuerySet[Notification]:
    """What the person was told, but for what is about an incident that they may not see any more."""
    theirs = Q(incident=None) | Q(incident__in=incidents.visible_to(person).values("pk"))
    return Notification.objects.filter(theirs, person=person)


def pages_waiting_for(person: User) -> QuerySet[Notification]:
    """Pages of open incidents, and pages by hand, that the person has not answered, newest first."""
    waiting = told_of(person).filter(_waits())
    return waiting.select_related("incident__severity", "incident__team", "direct__by")


def pages_of(person: User, *, unanswered: bool = False) -> QuerySet[Notification]:
    """Everything that the person was told, with what became of each message: what waits for an answer first.

    Each says whether it does (``is_waiting``); within that the newest comes first. ``unanswered``: only what does.
    """
    waits = Case(When(_waits(), then=True), default=False, output_field=BooleanField())
    told = (
        told_of(person)
        .filter(_waits() if unanswered else Q())
        .annotate(is_waiting=waits)
        .order_by("-is_waiting", "-pk")
    )
    return told.select_related("person", "incident__severity", "direct__by").prefetch_related("deliveries__method")


def was_paged(person: User, incident: Incident) -> bool:
    """Whether the person ever received a page for the incident."""
    return Notification.objects.filter(person=person, incident=incident, kind__in=PAGES).exists()


def was_withdrawn(person: User, incident: Incident) -> bool:
    """Whether the incident was handed to others before the person answered their page."""
    return Notification.objects.filter(person=person, incident=incident, withdrawn_at__isnull=False).exists()


def waits_for_answer(person: User, incident: Incident) -> bool:
    """Whether a page of the open incident waits for an answer of the person."""
    return pages_waiting_for(person).filter(incident=incident).exists()


def who_declined(incident: Incident) -> set[int]:
    """The ids of those whose last answer to the pages of this response is that they cannot take it on."""
    pages = Notification.objects.filter(incident=incident, kind__in=PAGES, created_at__gte=incident.response_started_at)
    by_person = pages.order_by().values("person").annotate(no=Max("declined_at"), yes=Max("acknowledged_at"))
    last_said_no = by_person.filter(Q(yes__isnull=True) | Q(no__gt=F("yes")), no__isnull=False)
    return {*last_said_no.values_list("person", flat=True)}


def paged_for(incident: Incident) -> list[User]:
    """Who was paged since the response began, in order."""
    pages = Notification.objects.filter(
        incident=incident, kind=NotificationKind.PAGE, created_at__gte=incident.response_started_at
    )
    return list(dict.fromkeys(page.person for page in pages.select_related("person").order_by("pk")))


def of_incident(incident: Incident) -> QuerySet[Delivery]:
    """Every delivery for the incident: who was told what, when, how, and did it arrive."""
    return (
        Delivery.objects.filter(notification__incident=incident)
        .select_related("notification__person", "method", "bundled_into__notification__incident")
        .order_by("pk")
    )


def direct_pages_by(person: User) -> QuerySet[DirectPage]:
    """The pages that the person sent by hand, newest first, with who received them and how they answered."""
    return _with_receivers(DirectPage.objects.filter(by=person))


def direct_pages_of(person: User) -> QuerySet[DirectPage]:
    """The pages by hand that the person sent or received, newest first, with who received them and how they answered.

    Nobody else reads them here.
    """
    received = Notification.objects.filter(person=person, direct__isnull=False).values("direct")
    return _with_receivers(DirectPage.objects.filter(Q(by=person) | Q(pk__in=received)))


def latest_test_of(person: User) -> Notification | None:
    """The test that was sent to the person last."""
    tests = Notification.objects.filter(person=person, kind=NotificationKind.OTHER, step__startswith=TEST)
    return tests.order_by("-pk").first()


def instants_begun(method_id: int, urgency: str, *, since: datetime) -> list[datetime]:
    """When messages of that urgency went to the method since then, or began to; what came to nothing does not count."""
    begun = Delivery.objects.filter(
        method=method_id, bundled_into__isnull=True, notification__urgency=urgency, begun_at__gte=since
    ).exclude(
        Q(state__in=(DeliveryState.FAILED, DeliveryState.CANCELLED))
        | Q(notification__kind=NotificationKind.UPDATE)
        | Q(notification__step__startswith=TEST)
    )
    return [at for at in begun.values_list("begun_at", flat=True) if at is not None]


def pages_received(people: Iterable[User], *, since: datetime, until: datetime) -> dict[int, PagesReceived]:
    """How many pages each of ``people`` received from ``since`` up to ``until``, by the person's id; one query.

    Who received none is not in it. Night is that of the receiver's own zone (``rosters.coverage``).
    """
    local = Func(F("person__time_zone"), F("created_at"), function="timezone", output_field=DateTimeField())
    wall = Cast(local, TimeField())
    at_night = Q(wall__gte=NIGHT_BEGINS) | Q(wall__lt=NIGHT_ENDS)
    pages = Notification.objects.filter(
        person__in=people, kind__in=PAGES, created_at__gte=since, created_at__lt=until
    ).annotate(wall=wall)
    counted = pages.order_by().values("person").annotate(received=Count("pk"), night=Count("pk", filter=at_night))
    return {row["person"]: PagesReceived(row["received"], row["night"]) for row in counted}


def _waits() -> Q:
    """What fits a page that its receiver can still answer."""
    answerable = Q(incident__status__in=OPEN) | Q(direct__isnull=False)
    return answerable & Q(
        kind__in=PAGES, acknowledged_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True
    )


def _with_receivers(pages: QuerySet[DirectPage]) -> QuerySet[DirectPage]:
    receivers = Notification.objects.select_related("person").order_by("pk")
    return pages.select_related("by").prefetch_related(
        Prefetch("notifications", receivers), "notifications__deliveries__method"
    )
