"""What is composed of many apps for the lists: rows of incidents, the dashboard, who is on call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.core import clock
from apps.desk.clock_faces import ClockFace, ClockState, most_urgent
from apps.incidents import queries as incidents
from apps.incidents.models import OPEN, Incident
from apps.notifications import queries as notifications
from apps.notifications.models import Notification
from apps.rosters import queries as rosters
from apps.rosters.models import Shift
from apps.rosters.queries import OnCall
from apps.teams import access
from apps.teams.models import Team, User


@dataclass(frozen=True, slots=True)
class Row:
    """One incident of a list, with the clock that breaks first."""

    incident: Incident
    clock: ClockFace | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a person needs to know first: is something asked of me, what burns, am I on call."""

    waiting: list[Notification]
    open: list[Row]
    on_call_now: list[Shift]
    on_call_next: list[Shift]
    team_on_call: list[OnCall]


def rows(found: Iterable[Incident]) -> list[Row]:
    """The list rows of ``found``, in its order; one query for all clocks."""
    listed = list(found)
    clocks = incidents.current_clocks(listed)
    return [Row(each, most_urgent(clocks.get(each.pk, {}).values())) for each in listed]


def for_list(found: QuerySet[Incident]) -> QuerySet[Incident]:
    """``found`` with all that a list row shows."""
    return found.select_related("severity", "team").prefetch_related("services")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the incident list may be narrowed to; an empty field does not narrow."""

    open: bool = False
    severity: str = ""
    status: str = ""
    team: str = ""
    service: str = ""
    q: str = ""


def filtered(viewer: User, by: Filters) -> QuerySet[Incident]:
    """The incidents ``viewer`` may see that fit ``by``, newest first."""
    found = for_list(incidents.visible_to(viewer)).order_by("-pk")
    if by.open:
        found = found.filter(status__in=OPEN)
    if by.severity:
        found = found.filter(severity__code=by.severity)
    if by.status:
        found = found.filter(status=by.status)
    if by.team:
        found = found.filter(team__slug=by.team)
    if by.service:
        found = found.filter(services__slug=by.service)
    if by.q:
        found = found.filter(_matches(by.q))
    return found


def dashboard(viewer: User) -> Dashboard:
    """Everything on the first page of ``viewer``; open incidents sorted by the clock that breaks first."""
    now = clock.now()
    shifts = list(rosters.my_shifts(viewer, now))
    running = [shift for shift in shifts if shift.during.lower <= now]
    return Dashboard(
        waiting=list(notifications.pages_waiting_for(viewer)),
        open=sorted(rows(for_list(incidents.open_incidents(viewer))), key=_urgency),
        on_call_now=running,
        on_call_next=[shift for shift in shifts if shift not in running][:3],
        team_on_call=rosters.on_call(at=now, teams=visible_teams(viewer)),
    )


def visible_teams(viewer: User) -> list[Team]:
    """The active teams whose matters ``viewer`` may see."""
    return list(Team.objects.filter(pk__in=access.team_ids(viewer, access.Permission.VIEW), is_active=True))


def _urgency(row: Row) -> tuple[int, int, float]:
    """Overdue first, the worst severity at the top; then what breaks next; last what no clock runs for."""
    rank = row.incident.severity.rank
    if row.clock is None:
        return (2, rank, 0)
    due = row.clock.due_at.timestamp()
    return (0, rank, due) if row.clock.state is ClockState.OVERDUE else (1, 0, due)


def _matches(words: str) -> Q:
    number = words.strip().upper().removeprefix("INC-")
    found = Q(title__icontains=words) | Q(summary__icontains=words)
    return found | Q(pk=int(number)) if number.isdecimal() and len(number) < 18 else found
