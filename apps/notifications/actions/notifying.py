"""Tells people: once per person, incident and occasion (R12, R14)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction

from apps.contacts.actions import require_self_or_administrator
from apps.contacts.models import ContactMethod
from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.incidents.models import Incident
from apps.notifications import messages, queries
from apps.notifications.actions import planning, shadows, stopping
from apps.notifications.models import (
    PAGES,
    Channel,
    Delivery,
    DeliveryState,
    DirectPage,
    Notification,
    NotificationKind,
    Until,
    Urgency,
)
from apps.teams import access
from apps.teams.models import User

#: Nobody's phone rings all the time because a button is pressed again and again.
BETWEEN_TESTS = timedelta(seconds=30)


def notify(
    person: User,
    *,
    incident: Incident | None,
    kind: NotificationKind,
    step: str,
    subject: str,
    text: str,
    level: int | None = None,
    until: Until = Until.SENT,
    urgency: Urgency | None = None,
    direct: DirectPage | None = None,
) -> Notification:
    """Tell one ``person``, as ``notify_all`` does."""
    told = notify_all(
        {person: text}, incident=incident, kind=kind, step=step, subject=subject, level=level, until=until,
        urgency=urgency, direct=direct,
    )  # fmt: skip
    return told[0]


@transaction.atomic(savepoint=False)
def notify_all(
    texts: Mapping[User, str],
    *,
    incident: Incident | None,
    kind: NotificationKind,
    step: str,
    subject: str,
    level: int | None = None,
    until: Until = Until.SENT,
    urgency: Urgency | None = None,
    direct: DirectPage | None = None,
) -> list[Notification]:
    """Tell each person their text, once per incident and ``step``; who was told before is sent nothing.

    Returns everybody's notification, in the order of ``texts``. It is in the app at once, and on its way by the
    person's steps for its urgency; where one fails, the next or another usable method takes its place. Without any
    usable method it stays in the app only. Pages are of high urgency, all else is low unless ``urgency`` says
    otherwise. Who is a shadow of somebody paged for an incident hears of it a moment later. As many queries for many
    people as for one.
    """
    now = house_clock.now()
    wanted = [
        Notification(
            person=person,
            incident=incident,
            step=step,
            kind=kind,
            level=level,
            urgency=urgency or (Urgency.HIGH if kind in PAGES else Urgency.LOW),
            until=until,
            subject=subject[:250],
            text=text,
            direct=direct,
            created_at=now,
        )
        for person, text in texts.items()
    ]
    known, created = _record_once(wanted)
    _show_in_the_app(created)
    planning.plan_steps(created)
    shadows.plan(created)
    return [known.get(each.person_id, each) for each in wanted]


@transaction.atomic
def page_by_hand(
    people: Iterable[User], *, to: str, text: str, by: User, urgency: Urgency = Urgency.HIGH
) -> DirectPage:
    """Page people without an incident; ``to`` says in words whom the sender chose. Each answers for themselves.

    Raises NotAllowed unless ``by`` responds for some team, Invalid without a text or where nobody can be reached.
    """
    access.require_responder(by)
    if not text.strip():
        raise Invalid("Say what it is about.", field="text")
    reached = queries.reachable(dict.fromkeys(people))
    if not reached:
        raise Invalid(f"Nobody of {to} can be reached.", field="to")
    page = DirectPage.objects.create(by=by, to=to[:200], text=text.strip(), created_at=house_clock.now())
    notify_all(
        dict.fromkeys(reached, messages.by_hand(page)),
        incident=None,
        kind=NotificationKind.PAGE,
        step=f"direct:{page.pk}",
        subject=f"{by} pages you: {' '.join(page.text.split())}",
        until=Until.ACKNOWLEDGED,
        urgency=urgency,
        direct=page,
    )
    return page


@transaction.atomic
def send_test(person: User, *, by: User) -> Notification | None:
    """Send a test to each usable method of ``person``, now and whatever their steps say; None where there is none.

    Raises NotAllowed unless ``by`` is the person or an administrator, RuleViolation within BETWEEN_TESTS of the last.
    """
    require_self_or_administrator(person, by)
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)
    now = house_clock.now()
    last = queries.latest_test_of(person)
    if last is not None and now < last.created_at + BETWEEN_TESTS:
        raise RuleViolation("A test was sent a moment ago; wait half a minute for the next one.")
    usable = queries.usable_methods(person)
    if not usable:
        return None
    asked = "you asked" if person == by else f"{by} asked"
    return _tell_by_each(
        usable,
        person=person,
        urgency=Urgency.HIGH,
        step=f"{queries.TEST}{now.isoformat()}",
        subject="Test: this is how a page reaches you",
        text=f"This is a test, because {asked} for it. Nothing is wrong, and nothing is to be done.",
    )


@transaction.atomic
def tell_of_oneself(person: User, *, ways: Iterable[ContactMethod], about: str, subject: str, text: str) -> None:
    """Tell ``person`` that something about themselves was changed, in case it was not they who did it.

    By each of the ``ways``, whatever their steps say, and in the app; every time anew. ``about`` names the occasion.
    """
    step = f"{about}:{uuid.uuid4().hex}"
    _tell_by_each(ways, person=person, urgency=Urgency.LOW, step=step, subject=subject, text=text)


@transaction.atomic
def mark_read(person: User, *, incident: Incident | None = None) -> None:
    """The person has seen what the app shows: of one incident, or everything."""
    shown = Notification.objects.filter(person=person)
    stopping.mark_read(shown.filter(incident=incident) if incident is not None else shown)


def _tell_by_each(
    methods: Iterable[ContactMethod], *, person: User, urgency: Urgency, step: str, subject: str, text: str
) -> Notification:
    """Tell ``person`` by each of their ``methods`` at once, and in the app."""
    notification = Notification.objects.create(
        person=person,
        kind=NotificationKind.OTHER,
        urgency=urgency,
        step=step,
        subject=subject,
        text=text,
        created_at=house_clock.now(),
    )
    _show_in_the_app([notification])
    for position, method in enumerate(methods):
        planning.plan_to(notification, method, position=position)
    return notification


def _record_once(wanted: Sequence[Notification]) -> tuple[dict[int, Notification], list[Notification]]:
    """Save those of ``wanted``, all of one step, whose receiver has none yet; returns what stood, and what is new."""
    known: dict[int, Notification] | None = None
    while wanted:
        step = wanted[0]
        same = Notification.objects.filter(incident=step.incident_id, step=step.step)
        found = {each.person_id: each for each in same.filter(person__in=[each.person_id for each in wanted])}
        missing = [each for each in wanted if each.person_id not in found]
        try:
            with transaction.atomic():
                return found, Notification.objects.bulk_create(missing)
        except IntegrityError:
            if known is not None and found.keys() == known.keys():
                raise
        known = found  # somebody told one of them meanwhile, who is found the next time
    return {}, []


def _show_in_the_app(notifications: Iterable[Notification]) -> None:
    now = house_clock.now()
    Delivery.objects.bulk_create(
        Delivery(
            notification=notification,
            channel=Channel.IN_APP,
            position=0,
            state=DeliveryState.DELIVERED,
            planned_at=now,
            due_at=now,
            sent_at=now,
        )
        for notification in notifications
    )
