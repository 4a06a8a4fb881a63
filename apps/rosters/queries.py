"""Who is on call, who is next, and which shifts there are. Plain reads of stored shifts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from apps.core import clock
from apps.rosters.models import (
    Absence,
    CalendarTurn,
    HandoverNote,
    Layer,
    Roster,
    Shadow,
    Shift,
    ShiftSource,
    Swap,
    SwapState,
)
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User
from apps.teams.queries import responders

#: A handover note older than this is history.
NOTES_KEPT_IN_VIEW = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who holds a seat of a roster, until when, and who else comes next. ``person`` is None while nobody does."""

    roster: Roster
    seat: int
    person: User | None
    start: datetime | None
    end: datetime | None
    next_person: User | None
    next_start: datetime | None

    @property
    def team(self) -> Team:
        """The team whose roster it is."""
        return self.roster.team


def rosters_at(at: datetime) -> QuerySet[Roster]:
    """The rosters that were in use at the instant ``at``."""
    return Roster.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=at))


def with_stood_for(rosters: Iterable[Roster | None]) -> set[int]:
    """The ids of ``rosters``, where there are any, and of those that they stand in for."""
    pairs = ((roster.pk, roster.stands_in_for_id) for roster in rosters if roster is not None)
    return {pk for pair in pairs for pk in pair if pk is not None}


def standing_in_for(rosters: Iterable[Roster]) -> QuerySet[Roster, int]:
    """The ids of the rosters in use that stand in for any of ``rosters``, now or at another time. One query."""
    found = Roster.objects.filter(stands_in_for__in=list(rosters), retired_at=None)
    return found.order_by().values_list("pk", flat=True)


def with_stand_ins(rosters: Iterable[Roster]) -> set[int]:
    """The ids of ``rosters``, of those that they stand in for, and of those that stand in for them. One query."""
    listed = list(rosters)
    return with_stood_for(listed).union(standing_in_for(listed))


def on_call(*, at: datetime, teams: Iterable[Team | int] | None = None, roster: Roster | None = None) -> list[OnCall]:
    """Who is on call at ``at`` in each roster in use then (of ``teams``, or just ``roster``), by team and roster name.

    One entry a seat that somebody holds, and one without a person for each seat below it that nobody holds, or the
    first of a roster that nobody holds; nor has an entry a person who left, or responds for no team any more, but for a
    shift that is over. Next is the first shift of somebody else. A roster that stands in for another answers in that
    one's place, not beside it. One query, however many rosters there are.
    """
    rosters = rosters_at(at) if roster else rosters_at(at).filter(stands_in_for=None)
    if teams is not None:
        rosters = rosters.filter(team__in=teams)
    if roster is not None:
        rosters = rosters.filter(pk=roster.pk)
    counts = Q(held__person__in=responders()) | Q(held__during__endswith__lte=clock.now())
    rows = (
        rosters.annotate(held=FilteredRelation("shifts", condition=Q(shifts__during__contains=at)))
        .annotate(counts=ExpressionWrapper(counts, output_field=BooleanField()))
        .annotate(following=Subquery(_next_shift(at).values(shift=JSONObject(**_FOLLOWING))[:1]))
        .annotate(below=Case(When(held__seat__gt=0, then=ArraySubquery(_next_shifts_below(at))), default=None))
        .order_by("team__name", "name", "held__seat")
        .values_list(*_ROSTER, *(f"team__{name}" for name in _TEAM), *_HELD, "counts", "following", "below")
    )
    return list(_entries(rows))


def on_call_people(team: Team, at: datetime) -> list[User]:
    """Whom to page for ``team`` at ``at``: who holds a seat of its primary roster and responds, by seat. One query."""
    return _people(_held(rosters_at(at).filter(team=team, is_primary=True), at))


def on_call_by_team(teams: Iterable[Team | int], at: datetime) -> dict[int, list[User]]:
    """Whom to page for each of ``teams`` at ``at``, as ``on_call_people`` tells for one, by the team's id. One query.

    A team that nobody is on call for is not in it.
    """
    held = _held(rosters_at(at).filter(team__in=teams, is_primary=True), at)
    found: dict[int, list[User]] = {}
    for shift in held.select_related("person", "roster").order_by("seat"):
        found.setdefault(shift.roster.team_id, []).append(shift.person)
    return found


def people_on(roster: Roster, at: datetime) -> list[User]:
    """Who holds a seat of ``roster`` at ``at`` and responds, by seat. One query."""
    return _people(_held(rosters_at(at).filter(pk=roster.pk), at))


def next_people_on(roster: Roster, at: datetime) -> list[User]:
    """Who takes over next from whoever holds a seat of ``roster`` at ``at``, by seat, each once. Two queries.

    That is the first coming shift of somebody else who responds, for a seat that nobody holds the first of anybody;
    whoever holds a seat at ``at`` is next for no other.
    """
    in_use = rosters_at(at).filter(pk=roster.pk)
    held = list(Shift.objects.filter(roster__in=in_use, during__contains=at))
    holders = [shift.person_id for shift in held]
    coming = Shift.objects.filter(roster__in=in_use, during__startswith__gt=at, person__in=responders())
    coming = coming.exclude(person__in=holders)
    if held:
        coming = coming.filter(seat__in=[shift.seat for shift in held])
    firsts = coming.order_by("seat", "during__startswith").distinct("seat").select_related("person")
    return list({shift.person_id: shift.person for shift in firsts}.values())


def visible_rosters(person: User) -> QuerySet[Roster]:
    """The rosters that ``person`` may see: of the teams that they may see, and those in which they have shifts."""
    theirs = Shift.objects.filter(roster=OuterRef("pk"), person=person)
    seen = Q(team__in=access.team_ids(person, Permission.VIEW)) | Q(Exists(theirs))
    return Roster.objects.filter(seen).select_related("team")


def visible_swaps(person: User) -> QuerySet[Swap]:
    """The swaps that ``person`` may see: of the rosters that they may see, and those that concern them."""
    return Swap.objects.filter(Q(roster__in=visible_rosters(person)) | Q(asked_of=person) | Q(asked_by=person))


def holds(roster: Roster, person: User, during: Window, *, seat: int) -> bool:
    """Whether ``person`` holds ``seat`` of ``roster`` for all of ``during``. One query."""
    reached = during.start
    theirs = roster.shifts.filter(person=person, seat=seat, during__overlap=_as_range(during))
    for shift in theirs.order_by("during"):
        if shift.start > reached:
            return False
        reached = shift.end
    return reached >= during.end


def seats_of(roster: Roster, person: User, during: Window) -> list[int]:
    """The seats of ``roster`` that ``person`` holds at any time of ``during``, in order. One query."""
    theirs = roster.shifts.filter(person=person, during__overlap=_as_range(during))
    return sorted(set(theirs.values_list("seat", flat=True)))


def seats(rosters: Iterable[Roster], at: datetime) -> dict[int, int]:
    """How many seats each of ``rosters`` has from ``at`` on, by its id: as many as a layer wants at once; at least one.

    A calendar wants those of its coming turns. The layers of a roster that stands in are those of the other, too, as
    long as it does. Whoever was put in by name makes no seat. Two queries.
    """
    found = {roster.pk: 1 for roster in rosters}
    standing_in = Q(roster__stands_in_for__in=found, roster__stands_in_during__endswith__gt=at, roster__retired_at=None)
    not_over = Q(ends_on=None) | Q(ends_on__gte=(at - timedelta(days=1)).date())  # by whatever clock
    layers = Layer.objects.filter(Q(roster__in=found) | standing_in).filter(not_over).order_by()
    turns = CalendarTurn.objects.filter(source__layer__in=layers, during__endswith__gt=at).order_by()
    roster_of_turn = ("source__layer__roster", "source__layer__roster__stands_in_for")
    wanted = [
        *layers.filter(calendar=None).values_list("roster", "roster__stands_in_for").annotate(count=Max("at_once")),
        *turns.values_list(*roster_of_turn).annotate(count=Max("seat") + 1),
    ]
    for roster, stood_for, count in wanted:
        for pk in (roster, stood_for):
            if pk in found:
                found[pk] = max(found[pk], count)
    return found


def shifts_between(start: datetime, end: datetime, *, teams: Iterable[Team | int] | None = None) -> QuerySet[Shift]:
    """The shifts of which some part lies in [start, end), earliest first, with roster and person."""
    shifts = Shift.objects.filter(during__overlap=DateTimeTZRange(start, end))
    if teams is not None:
        shifts = shifts.filter(roster__team__in=teams)
    return shifts.select_related("roster", "person").order_by("during__startswith", "pk")


def open_swaps(at: datetime) -> QuerySet[Swap]:
    """The swaps that wait for an answer and are not over at ``at``, the earliest first, with roster and people."""
    found = Swap.objects.filter(state=SwapState.ASKED, during__endswith__gt=at, roster__retired_at=None)
    return found.select_related("roster__team", "asked_by", "asked_of").order_by("during", "pk")


def open_swaps_of(person: User, at: datetime) -> QuerySet[Swap]:
    """The open swaps as of ``at`` that ``person`` asked for or is asked for by name, the earliest first."""
    return open_swaps(at).filter(Q(asked_of=person) | Q(asked_by=person))


def swaps_for(person: User, at: datetime) -> QuerySet[Swap]:
    """The open swaps that ``person`` can answer or asked for: theirs, and requests for cover of their teams."""
    cover = Q(asked_of=None, roster__team__in=access.team_ids(person, Permission.RESPOND))
    return open_swaps_of(person, at) | open_swaps(at).filter(cover)


def is_away(person: User, during: Window) -> bool:
    """Whether ``person`` is away at any time of ``during``. One query."""
    return person.absences.filter(during__overlap=_as_range(during)).exists()


def absences_of(people: Iterable[User | int], at: datetime) -> QuerySet[Absence]:
    """The running and coming absences of ``people`` as of ``at``, earliest first, with the person."""
    found = Absence.objects.filter(person__in=people, during__endswith__gt=at)
    return found.select_related("person").order_by("during", "pk")


def handover_notes(roster: Roster, at: datetime) -> QuerySet[HandoverNote]:
    """The notes written within NOTES_KEPT_IN_VIEW before ``at``, the newest first, with their authors."""
    recent = roster.handover_notes.filter(written_at__gt=at - NOTES_KEPT_IN_VIEW, written_at__lte=at)
    return recent.select_related("author")


def shifts_by_name(person: User, during: Window) -> QuerySet[Shift]:
    """The shifts for which ``person`` was put in by name, of which some part lies within ``during``, earliest first.

    Leave takes nobody off them. With roster and team; those of a roster that stands in are among those of the other.
    """
    theirs = person.shifts.filter(during__overlap=_as_range(during), roster__stands_in_for=None)
    by_name = theirs.exclude(source=ShiftSource.LAYER)
    return by_name.select_related("roster__team").order_by("during__startswith", "pk")


def teams_left_by(person: User, at: datetime) -> set[int]:
    """The ids of the teams in whose rosters ``person`` has shifts that are not over at ``at``, but cannot be on call.

    That is of whoever left, or lost their last role that responds. One query.
    """
    held = Shift.objects.filter(person=person, during__endswith__gt=at).exclude(person__in=responders())
    return set(held.order_by().values_list("roster__team", flat=True).distinct())


def my_shifts(person: User, at: datetime) -> QuerySet[Shift]:
    """The running and coming shifts of ``person`` as of ``at``, earliest first, with roster and team.

    What they have in a roster that stands in for another is among those of that one.
    """
    shifts = person.shifts.filter(during__endswith__gt=at, roster__stands_in_for=None)
    return shifts.select_related("roster__team").order_by("during__startswith", "pk")


def shadows_of(people: Iterable[User | int], at: datetime) -> list[tuple[Shadow, int]]:
    """Who looks over the shoulder of any of ``people`` at ``at``: each shadow, and the id of whom they watch then.

    Those are the active shadows of the rosters in use in which one of ``people`` holds a seat. One query.
    """
    found = (
        Shadow.objects.annotate(
            held=FilteredRelation("roster__shifts", condition=Q(roster__shifts__during__contains=at))
        )
        .filter(Q(of=None) | Q(of=F("held__person")), held__person__in=people)
        .filter(during__contains=at, person__is_active=True, roster__in=rosters_at(at))
        .exclude(person=F("held__person"))
        .annotate(watched=F("held__person"))
    )
    rows = found.select_related("person", "roster").order_by("pk", "watched").distinct()
    return [(shadow, shadow.watched) for shadow in rows]


def coming_shadows(at: datetime) -> QuerySet[Shadow]:
    """The running and coming shadows as of ``at`` in rosters in use, the earliest first, with roster and people."""
    found = Shadow.objects.filter(during__endswith__gt=at, roster__retired_at=None)
    return found.select_related("roster__team", "person", "of").order_by("during", "pk")


def _next_shift(at: datetime) -> QuerySet[Shift]:
    """The first shift after ``at`` in the seat of the outer row by somebody else than who holds it, who responds."""
    return (
        Shift.objects.filter(
            roster=OuterRef("pk"),
            seat=Coalesce(OuterRef("held__seat"), Value(0)),
            during__startswith__gt=at,
            person__in=responders(),
        )
        .exclude(person=Coalesce(OuterRef("held__person_id"), Value(0)))
        .order_by("during__startswith")
    )


def _next_shifts_below(at: datetime) -> QuerySet[Shift, Any]:
    """The first shift after ``at`` in each seat below that of the outer row."""
    coming = Shift.objects.filter(roster=OuterRef("pk"), seat__lt=OuterRef("held__seat"), during__startswith__gt=at)
    coming = coming.filter(person__in=responders())
    firsts = coming.order_by("seat", "during__startswith").distinct("seat")
    return firsts.values(shift=JSONObject(seat="seat", **_FOLLOWING))


#: What the next shift says, and of its person what is shown everywhere; the rest is read if somebody asks.
_PERSON = ("id", "email", "name", "time_zone", "holidays_of")
_FOLLOWING = {"start": "during__startswith", **{name: f"person__{name}" for name in _PERSON}}
_ROSTER = tuple(field.attname for field in Roster._meta.concrete_fields)
_TEAM = tuple(field.attname for field in Team._meta.concrete_fields)
_HELD = ("held__seat", "held__during", *(f"held__person__{name}" for name in _PERSON))


def _entries(rows: Iterable[tuple[Any, ...]]) -> Iterator[OnCall]:
    """The entries of rows of _ROSTER, _TEAM, _HELD, whether that counts, the next shift and those of lower seats.

    They come by roster and seat. Each team and person is made once.
    """
    last: tuple[int, int] | None = None
    teams: dict[int, Team] = {}
    people: dict[int, User] = {}

    def person(values: Sequence[Any]) -> User | None:
        pk = values[0]
        if pk is not None and pk not in people:
            people[pk] = User.from_db("default", _PERSON, values)
        return people.get(pk)

    def entry(roster: Roster, seat: int, holder: Sequence[Any], during: DateTimeTZRange | None, next_: Any) -> OnCall:
        return OnCall(
            roster=roster,
            seat=seat,
            person=person(holder),
            start=during.lower if during else None,
            end=during.upper if during else None,
            next_person=person([next_[name] for name in _PERSON]) if next_ else None,
            next_start=datetime.fromisoformat(next_["start"]).astimezone(UTC) if next_ else None,
        )

    for row in rows:
        of_roster, of_team = row[: len(_ROSTER)], row[len(_ROSTER) : len(_ROSTER) + len(_TEAM)]
        seat, during, *holder, counts, following, below = row[len(_ROSTER) + len(_TEAM) :]
        roster = Roster.from_db("default", _ROSTER, of_roster)
        if of_team[0] not in teams:
            teams[of_team[0]] = Team.from_db("default", _TEAM, of_team)
        roster.team = teams[of_team[0]]
        next_below = {shift["seat"]: shift for shift in below or ()}
        for empty in range(last[1] + 1 if last and last[0] == roster.pk else 0, seat or 0):
            yield entry(roster, empty, (None,), None, next_below.get(empty))
        yield entry(roster, seat or 0, holder if counts else (None,), during if counts else None, following)
        last = roster.pk, seat or 0


def _as_range(window: Window) -> DateTimeTZRange:
    return DateTimeTZRange(window.start, window.end)


def _held(rosters: QuerySet[Roster], at: datetime) -> QuerySet[Shift]:
    """The shifts of ``rosters`` at ``at``, of whoever responds: a page to anybody else leads nowhere."""
    return Shift.objects.filter(roster__in=rosters, during__contains=at, person__in=responders())


def _people(shifts: QuerySet[Shift]) -> list[User]:
    return [shift.person for shift in shifts.select_related("person").order_by("seat")]
