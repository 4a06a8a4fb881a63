"""Reminds whoever answers for the procedures that their review is due (R36)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.core import clock
from apps.core.zones import zone_or_utc
from apps.incidents.models import Procedures
from apps.notifications import actions as notifications
from apps.notifications.models import NotificationKind
from apps.postmortems.queries import escalation_person
from apps.procedures.parts import organisation
from apps.teams.models import Membership, Team, TeamRole, User


@transaction.atomic
def remind() -> None:
    """Tell the owner ``remind_before`` the review, and on its day; once it is over the engineering manager too.

    Days begin in the organisation's time zone. Each is told each once, however often this is called, and anew once the
    procedures name another day.
    """
    row = organisation.row()
    if row is None:
        return
    begins, now = _begin_of(row), clock.now()
    if now >= begins:
        _tell(row, owners(row), step="due", text=f"The review of {row} is due: {row.next_review:%Y-%m-%d}.")
    elif now >= begins - row.remind_before:
        _tell(row, owners(row), step="soon", text=f"The review of {row} is due on {row.next_review:%Y-%m-%d}.")
    manager = escalation_person()
    if manager is not None and now >= begins + timedelta(days=1):
        text = f"The review of {row}, for which {row.owner} answers, was due on {row.next_review:%Y-%m-%d}."
        _tell(row, [manager], step="overdue", text=text)


def owners(row: Procedures) -> list[User]:
    """Who answers for the procedures: a team's managers, a person, or else whoever administrates the organisation."""
    person = User.objects.filter(email__iexact=row.owner, is_active=True).first()
    if person is not None:
        return [person]
    team = Team.objects.filter(Q(slug=row.owner) | Q(name__iexact=row.owner)).first()
    return _holding(TeamRole.MANAGER, team) or _holding(TeamRole.ADMIN, None)


def _holding(role: TeamRole, team: Team | None) -> list[User]:
    if role == TeamRole.MANAGER and team is None:
        return []
    held = Membership.objects.filter(team=team, role=role, person__is_active=True).select_related("person")
    return list({membership.person_id: membership.person for membership in held.order_by("person_id")}.values())


def _begin_of(row: Procedures) -> datetime:
    """When the day of the review begins."""
    zone = zone_or_utc(str(row.business_calendar.get("time_zone", "")))
    return datetime.combine(row.next_review, time(), zone)


def _tell(row: Procedures, people: list[User], *, step: str, text: str) -> None:
    words = (
        f"{text}\n\nRead them at {settings.SITE_URL}/procedures/. After the review say in the file or in the admin when"
        " they were last updated, and when the next review is."
    )
    for person in people:
        notifications.notify(
            person,
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"procedures_review_{step}:{row.next_review}",
            subject=text.rstrip("."),
            text=words,
        )
