"""Who is on call, and who is next. Plain reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from apps.core import clock
from apps.rosters.models import Roster, Shift
from apps.rosters.queries.rosters import rosters_at
from apps.teams.models import Team, User
from apps.teams.queries import responders


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


def _held(rosters: QuerySet[Roster], at: datetime) -> QuerySet[Shift]:
    """The shifts of ``rosters`` at ``at``, of whoever responds: a page to anybody else leads nowhere."""
    return Shift.objects.filter(roster__in=rosters, during__contains=at, person__in=responders())


def _people(shifts: QuerySet[Shift]) -> list[User]:
    return [shift.person for shift in shifts.select_related("person").order_by("seat")]
