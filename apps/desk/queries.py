"""What is composed of many apps for the lists: rows of incidents, the dashboard, who is on call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from apps.catalog import queries as catalog
from apps.catalog.models import Service
from apps.core import clock
from apps.core.texts import folded
from apps.desk.clock_faces import ClockFace, most_urgent
from apps.incidents import queries as incidents
from apps.incidents.models import OPEN, Clock, Incident
from apps.notifications import queries as notifications
from apps.notifications.models import Notification
from apps.rosters import queries as rosters
from apps.rosters.models import Roster, Shift
from apps.rosters.queries import OnCall
from apps.teams import access
from apps.teams.models import Team, User

#: How many pages and open incidents the first page shows; it says how many more there are.
SHOWN = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One incident of a list, with the clock that breaks first."""

    incident: Incident
    clock: ClockFace | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a person needs to know first: is something asked of me, what burns, am I on call.

    ``waiting`` and ``open`` are the first SHOWN of as many as ``waiting_count`` and ``open_count`` say.
    """

    waiting: list[Notification]
    waiting_count: int
    open: list[Row]
    open_count: int
    on_call_now: list[Shift]
    on_call_next: list[Shift]
    team_on_call: list[OnCall]

    @property
    def waiting_more(self) -> int:
        return self.waiting_count - len(self.waiting)

    @property
    def open_more(self) -> int:
        return self.open_count - len(self.open)


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call in a roster, and for which services; ``entry`` is None for a team without a primary roster.

    ``seat`` is that of the entry as people count it, None where the roster has just the one.
    """

    team: Team
    services: list[Service]
    entry: OnCall | None
    seat: int | None = None

    @property
    def names(self) -> str:
        """Everything by which somebody looks for it, folded."""
        named: list[object] = [self.team, *self.services]
        if self.entry is not None:
            people = [person for person in (self.entry.person, self.entry.next_person) if person is not None]
            named += [self.entry.roster, self.entry.roster.slug, *people, *(person.email for person in people)]
        return folded("\n".join(map(str, named)))


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


def filtered(viewer: User, by: Filters, *, known: Collection[Team] = ()) -> QuerySet[Incident]:
    """The incidents ``viewer`` may see that fit ``by``, newest first. A team that is ``known`` is not asked for."""
    found = for_list(incidents.visible_to(viewer)).order_by("-pk")
    if by.open:
        found = found.filter(status__in=OPEN)
    if by.severity:
        found = found.filter(severity__code=by.severity)
    if by.status:
        found = found.filter(status=by.status)
    if by.team:
        # By its number: the planner then goes through the team's own index, and no further than a page.
        named = [team.pk for team in known if team.slug == by.team]
        found = found.filter(team__in=named or list(Team.objects.filter(slug=by.team).values_list("pk", flat=True)))
    if by.service:
        found = found.filter(services__slug=by.service)
    if by.q:
        found = found.filter(_matches(by.q))
    return found


def dashboard(viewer: User) -> Dashboard:
    """Everything on the first page of ``viewer``; open incidents sorted by the clock that breaks first.

    It costs the same for ten open incidents and for thousands: the database sorts and cuts.
    """
    now = clock.now()
    waiting, burning = notifications.pages_waiting_for(viewer), incidents.open_incidents(viewer)
    shifts = list(rosters.my_shifts(viewer, now))
    running = [shift for shift in shifts if shift.during.lower <= now]
    return Dashboard(
        waiting=list(waiting[:SHOWN]),
        waiting_count=waiting.count(),
        open=rows(most_urgent_first(for_list(burning), at=now)[:SHOWN]),
        open_count=burning.count(),
        on_call_now=running,
        on_call_next=[shift for shift in shifts if shift not in running][:3],
        team_on_call=rosters.on_call(at=now, teams=visible_teams(viewer)),
    )


def on_call_board(viewer: User, *, team: str = "", words: str = "") -> list[Duty]:
    """Who is on call now and next in each roster ``viewer`` may see, and the services whose alerts go there.

    By team, its primary roster first. A service is that one's; that of a team without one comes last, with nobody.
    Only of the ``team`` of that slug, if one is named, and of what names each of ``words``: a team, roster, service,
    or somebody who is on call or next. Three queries.
    """
    now, teams = clock.now(), [each for each in visible_teams(viewer) if team in ("", each.slug)]
    services: dict[int, list[Service]] = {team.pk: [] for team in teams}
    for service in catalog.services_of(teams):
        services[service.team_id].append(service)
    entries = _primary_first(rosters.on_call(at=now, teams=teams))
    covered = {entry.team.pk for entry in entries if entry.roster.is_primary}
    seats = Counter(entry.roster.pk for entry in entries)
    board = [
        Duty(
            entry.team,
            services[entry.team.pk] if entry.roster.is_primary else [],
            entry,
            seat=entry.seat + 1 if seats[entry.roster.pk] > 1 else None,
        )
        for entry in entries
    ]
    board += [Duty(team, services[team.pk], None) for team in teams if services[team.pk] and team.pk not in covered]
    wanted = folded(words).split()
    return [duty for duty in board if all(word in duty.names for word in wanted)]


def _primary_first(entries: list[OnCall]) -> list[OnCall]:
    """``entries``, which come by team and roster, with the primary roster of each team before its others."""
    place = {team: number for number, team in enumerate(dict.fromkeys(entry.team.pk for entry in entries))}
    return sorted(entries, key=lambda entry: (place[entry.team.pk], not entry.roster.is_primary))


def most_urgent_first(found: QuerySet[Incident], *, at: datetime) -> QuerySet[Incident]:
    """Overdue first, the worst severity at the top; then what breaks next; last what no clock runs for."""
    running = Clock.objects.filter(incident=OuterRef("pk"), met_at__isnull=True, stopped_at__isnull=True)
    overdue, runs = When(next_due__lte=at, then=Value(0)), When(next_due__isnull=False, then=Value(1))
    return found.annotate(
        next_due=Subquery(running.order_by("due_at").values("due_at")[:1]),
        urgency=Case(overdue, runs, default=Value(2)),
        rank=Case(When(urgency=1, then=Value(0)), default=F("severity__rank"), output_field=IntegerField()),
    ).order_by("urgency", "rank", "next_due", "pk")


def declares_for(viewer: User) -> QuerySet[Team]:
    """The active teams for which ``viewer`` may declare an incident: those they respond for."""
    return Team.objects.filter(pk__in=access.team_ids(viewer, access.Permission.RESPOND), is_active=True)


def managed_teams(viewer: User) -> list[Team]:
    """The active teams whose rosters ``viewer`` keeps."""
    return list(Team.objects.filter(pk__in=access.team_ids(viewer, access.Permission.MANAGE), is_active=True))


def visible_teams(viewer: User) -> list[Team]:
    """The active teams whose matters ``viewer`` may see."""
    return list(Team.objects.filter(pk__in=access.team_ids(viewer, access.Permission.VIEW), is_active=True))


def services_to_name(viewer: User, incident: Incident) -> QuerySet[Service]:
    """What ``viewer`` may name as affected: services in use that they see, and those that it names already."""
    seen = Q(is_active=True, team__in=access.team_ids(viewer, access.Permission.VIEW))
    return Service.objects.filter(seen | Q(pk__in=incident.services.values("pk")))


def visible_rosters(viewer: User) -> QuerySet[Roster]:
    """The rosters in use of the teams whose matters ``viewer`` may see."""
    return Roster.objects.filter(retired_at__isnull=True, team__in=visible_teams(viewer))


def _matches(words: str) -> Q:
    number = words.strip().upper().removeprefix("INC-")
    found = Q(title__icontains=words) | Q(summary__icontains=words)
    return found | Q(pk=int(number)) if number.isdecimal() and len(number) < 18 else found
