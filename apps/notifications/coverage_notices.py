"""Tells the managers of a team of gaps in its rosters before they matter, and once a week how all of them stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.core import clock
from apps.core.events import on
from apps.core.zones import zone_or_utc
from apps.engine import actions as engine
from apps.notifications import actions, coverage, coverage_words, rules
from apps.notifications.models import Notification, NotificationKind, Urgency
from apps.rosters import turn_taking
from apps.rosters.actions import ABSENCE_ADDED, SHIFTS_LOST, ShiftsLost
from apps.rosters.coverage import NIGHT_BEGINS, NIGHT_ENDS, Gap, enough_until, gaps_of
from apps.rosters.models import Absence, Roster
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.models import Membership, Team, TeamRole, User, UserKind
from apps.teams.queries import responders

#: How often gaps are looked for.
EVERY = timedelta(hours=1)
#: A gap is told when it begins within so long, and once more when it begins within the day.
AHEAD = timedelta(days=7)
SOON = timedelta(days=1)
#: So far ahead the weekly mail looks, and so far it is known when somebody holds a roster again.
LOOKED_AHEAD = timedelta(days=90)
#: The weekly mail is written on Mondays from then on, by the clock of the team.
WRITTEN_FROM = time(7)
MONDAY = 0
#: The kinds of the timers that warn of the gaps of one team, and that write its mail.
WARN = "notifications.coverage_gaps_of_team"
WRITE = "notifications.coverage_of_team"


def plan_warnings() -> None:
    """Plan a look at the rosters of each team that has any in use: one that fails keeps no other from being warned."""
    _plan_for(Roster.objects.filter(retired_at=None).order_by("team").values_list("team", flat=True).distinct())


@on(ABSENCE_ADDED)
def look_at_what_leave_left(absence: Absence) -> None:
    """Look at once where somebody takes turns who is away before long: they may be ill, and nobody else there."""
    if absence.start <= clock.now() + AHEAD:
        _plan_for(sorted(turn_taking.teams_of_turns(absence.person)))


@on(SHIFTS_LOST)
def look_at_what_somebody_left(lost: ShiftsLost) -> None:
    """Look at once where somebody had shifts who cannot be on call any more: nobody holds them."""
    _plan_for(sorted(lost.teams))


@transaction.atomic
def warn_of_gaps(team: Team) -> None:
    """Tell the managers of ``team`` of every gap that begins within AHEAD, once, and once more within SOON of it.

    Of a time at which somebody is there, but fewer than are wanted, they are told once, without haste.

    It is the same gap as long as somebody holds the roster up to the same instant before it and from the same instant
    after it, or it was told before it was known when somebody does; one that moved is told anew. What lies a week ahead
    can wait for the morning (low urgency); what begins within a day is urgent, though at night only what begins before
    it ends. A team without managers is spoken for by the administrators.
    """
    now = clock.now()
    near = gaps_of(Roster.objects.filter(team=team), Window(now, now + AHEAD + EVERY))
    if not near:
        return
    rosters = Roster.objects.filter(pk__in=[roster.pk for roster, _ in near])
    warnings = [
        _Warning(
            roster, gap, since=gap.since or _held_last(roster, gap), is_soon=not gap.held and gap.start <= now + SOON
        )
        for roster, gaps in gaps_of(rosters, Window(now, now + LOOKED_AHEAD))
        for gap in gaps
        if gap.start <= now + AHEAD + EVERY
    ]
    told = _told(step for each in warnings for step in {each.step(None), each.step(each.gap.until)})
    managers = managers_of({team.pk})[team.pk]
    for each in warnings:
        if each.gap.until is not None and told[each.step(None)]:
            continue
        untold = [person for person in managers if person.pk not in told[each.step(each.gap.until)]]
        if untold:
            _warn(each, untold, now)


def _plan_for(teams: Iterable[int]) -> None:
    engine.schedule_all(
        [
            engine.Planned(kind=WARN, key=f"{WARN}:{team}", subject=f"team:{team}", payload={"team": team})
            for team in teams
        ]
    )


def plan_weekly() -> None:
    """Plan the mail of this week for each team where it is Monday, from WRITTEN_FROM on, and nobody has it yet."""
    now = clock.now()
    in_use = Roster.objects.filter(team=OuterRef("pk"), retired_at__isnull=True)
    due = {_step(team, now): team for team in Team.objects.filter(Exists(in_use), is_active=True) if _is_due(team, now)}
    written = set(Notification.objects.filter(step__in=due).values_list("step", flat=True))
    engine.schedule_all(
        [
            engine.Planned(kind=WRITE, key=f"{WRITE}:{team.pk}", payload={"team": team.pk, "step": step})
            for step, team in due.items()
            if step not in written
        ]
    )


@transaction.atomic
def write(team: Team, *, step: str) -> None:
    """Send the managers of ``team`` how its rosters are covered, once a ``step``; short where all is well."""
    now = clock.now()
    found = coverage.of(Roster.objects.filter(team=team), Window(now, now + LOOKED_AHEAD))
    actions.notify_all(
        dict.fromkeys(managers_of({team.pk})[team.pk], coverage_words.weekly(team, found)),
        incident=None,
        kind=NotificationKind.NOTICE,
        step=step,
        subject=coverage_words.weekly_subject(team, found),
    )


def managers_of(teams: Collection[int]) -> dict[int, list[User]]:
    """Who manages each of ``teams`` (by their ids) and is active; the administrators where nobody does."""
    found: dict[int, list[User]] = {team: [] for team in teams}
    held = Membership.objects.filter(
        team__in=teams, role=TeamRole.MANAGER, person__is_active=True, person__kind=UserKind.PERSON
    )
    for membership in held.select_related("person").order_by("pk"):
        if membership.team_id is not None:
            found[membership.team_id].append(membership.person)
    instead = list(access.administrators()) if not all(found.values()) else []
    return {team: managers or instead for team, managers in found.items()}


@dataclass(frozen=True, slots=True)
class _Warning:
    """A gap to be told: ``since`` is when enough held the roster last, however long ago."""

    roster: Roster
    gap: Gap
    since: datetime | None
    is_soon: bool

    def step(self, until: datetime | None) -> str:
        """By what it is known that the gap was told, as one after which somebody follows at ``until``."""
        ends = [f"{at:%Y%m%dT%H%M%S}" if at else "-" for at in (self.since, until)]
        what = f"short_of_{self.gap.wanted}" if self.gap.held else "gap"
        return ":".join([what, str(self.roster.pk), *ends, "soon" if self.is_soon else "ahead"])


def _told(steps: Iterable[str]) -> defaultdict[str, set[int]]:
    """Who was told each of ``steps``, by their ids. One query."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for step, person in Notification.objects.filter(step__in=list(steps)).values_list("step", "person"):
        found[step].add(person)
    return found


def _warn(warning: _Warning, managers: Collection[User], now: datetime) -> None:
    roster, gap = warning.roster, warning.gap
    if warning.is_soon and _may_wait_for_the_morning(gap, roster.team, now):
        return
    actions.notify_all(
        dict.fromkeys(managers, coverage_words.gap_warning(roster, gap, now=now)),
        incident=None,
        kind=NotificationKind.NOTICE,
        urgency=Urgency.HIGH if warning.is_soon else Urgency.LOW,
        step=warning.step(gap.until),
        subject=coverage_words.gap_subject(roster, gap, now=now),
    )


def _held_last(roster: Roster, gap: Gap) -> datetime | None:
    """When enough held ``roster`` last before ``gap``, however long ago: coverage looks back for so many days only."""
    if gap.held:
        return enough_until(roster, gap.start, count=gap.wanted)
    before = roster.shifts.filter(during__endswith__lte=gap.start, person__in=responders())
    last = before.order_by("during__endswith").last()
    return last.end if last else None


def _may_wait_for_the_morning(gap: Gap, team: Team, now: datetime) -> bool:
    morning = rules.end_of_quiet_hours(now, begin=NIGHT_BEGINS, end=NIGHT_ENDS, zone=zone_or_utc(team.time_zone))
    return morning is not None and gap.start >= morning


def _is_due(team: Team, now: datetime) -> bool:
    local = now.astimezone(zone_or_utc(team.time_zone))
    return local.weekday() == MONDAY and local.time() >= WRITTEN_FROM


def _step(team: Team, now: datetime) -> str:
    year, week, _ = now.astimezone(zone_or_utc(team.time_zone)).isocalendar()
    return f"coverage:{team.pk}:{year}-W{week:02}"
