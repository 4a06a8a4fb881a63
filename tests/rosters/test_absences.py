from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.rosters import actions
from apps.rosters.models import Absence, AbsenceKind, Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_next_in_order_takes_over_in_every_roster_while_somebody_is_away(roster, clock, team, people):
    anna, _, cleo = people
    other = Roster.objects.create(slug="other", name="Other", team=team)
    layer_of(other, [anna, cleo], starts_on=clock.now.date() - timedelta(days=1))
    actions.materialise(other, now=clock.now)
    actions.add_absence(anna, start=at("2026-03-02T12:00"), end=at("2026-03-02T16:00"), by=anna)
    assert shown(roster, 4) == [
        ("anna", "03-02 10:00", "03-02 12:00", "layer"),
        ("ben", "03-02 12:00", "03-02 16:00", "layer"),
        ("anna", "03-02 16:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]
    actions.add_absence(cleo, start=at("2026-03-02T13:00"), end=at("2026-03-02T14:00"), by=cleo)
    assert shown(other, 2) == [
        ("cleo", "03-02 10:00", "03-02 13:00", "layer"),
        ("cleo", "03-02 14:00", "03-03 09:00", "layer"),
    ]


def test_where_nobody_can_take_over_nobody_is_on_call(roster, clock, people):
    for person in people:
        actions.add_absence(person, start=at("2026-03-02T12:00"), end=at("2026-03-02T16:00"), by=person)
    assert not roster.shifts.filter(during__contains=at("2026-03-02T13:00")).exists()
    assert shown(roster, 2)[1][1] == "03-02 16:00"


def test_the_same_leave_is_entered_once(roster, clock, people):
    anna, ben, _ = people
    day = {"start": at("2026-03-02T09:00"), "end": at("2026-03-03T09:00")}
    actions.add_absence(anna, by=anna, **day)
    clock.shift(seconds=2)
    for again in (day, {**day, "start": at("2026-03-02T12:00")}):
        with pytest.raises(RuleViolation, match="It is there already: anna is away"):
            actions.add_absence(anna, by=anna, **again)
    actions.add_absence(ben, by=ben, **day)
    actions.add_absence(anna, by=anna, kind=AbsenceKind.SICK, **day)
    actions.add_absence(anna, by=anna, start=day["start"], end=at("2026-03-03T10:00"))
    assert Absence.objects.count() == 4


def test_an_absence_never_changes_the_past_and_can_be_taken_back(roster, clock, people):
    anna, *_ = people
    absence = actions.add_absence(anna, start=at("2026-01-01T00:00"), end=at("2026-03-02T16:00"), by=anna)
    assert absence.start == clock.now
    clock.shift(hours=2)
    actions.remove_absence(absence, by=anna)
    assert shown(roster, 3) == [
        ("ben", "03-02 10:00", "03-02 12:00", "layer"),
        ("anna", "03-02 12:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]
    absence.refresh_from_db()
    assert absence.end == clock.now
    with pytest.raises(RuleViolation):
        actions.remove_absence(absence, by=anna)


def test_an_absence_that_has_not_begun_is_gone_when_it_is_taken_back(roster, clock, people):
    anna, *_ = people
    before = shown(roster)
    absence = actions.add_absence(anna, start=at("2026-03-05T08:00"), end=at("2026-03-06T08:00"), by=anna)
    assert shown(roster) != before
    actions.remove_absence(absence, by=anna)
    assert (shown(roster), Absence.objects.count()) == (before, 0)
    assert [row.history_type for row in Absence.history.order_by("history_id")] == ["+", "-"]


def test_only_they_themselves_and_managers_of_their_teams_say_when_somebody_is_away(roster, people, manager, team):
    anna, ben, _ = people
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    times = {"start": at("2026-03-05T08:00"), "end": at("2026-03-06T08:00")}
    for by in (ben, stranger):
        with pytest.raises(NotAllowed):
            actions.add_absence(anna, by=by, **times)
    absence = actions.add_absence(anna, by=manager, kind=AbsenceKind.SICK, **times)
    with pytest.raises(NotAllowed):
        actions.remove_absence(absence, by=ben)
    assert (absence.created_by, absence.kind) == (manager, AbsenceKind.SICK)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(timedelta(hours=2), timedelta(hours=1), id="ends before it starts"),
        pytest.param(timedelta(hours=-2), timedelta(0), id="is over"),
        pytest.param(timedelta(0), timedelta(days=367), id="longer than a year"),
    ],
)
def test_times_that_cannot_be_are_refused_beside_the_end(roster, clock, people, start, end):
    with pytest.raises(Invalid) as refused:
        actions.add_absence(people[0], start=clock.now + start, end=clock.now + end, by=people[0])
    assert refused.value.field == "end"
    assert not Absence.objects.exists()


def test_absences_that_overlap_are_one(roster, clock, people):
    anna, *_ = people
    for start, end in (("12:00", "14:00"), ("13:00", "18:00"), ("18:00", "19:00")):
        actions.add_absence(anna, start=at(f"2026-03-02T{start}"), end=at(f"2026-03-02T{end}"), by=anna)
    assert shown(roster, 3) == [
        ("anna", "03-02 10:00", "03-02 12:00", "layer"),
        ("ben", "03-02 12:00", "03-02 19:00", "layer"),
        ("anna", "03-02 19:00", "03-03 08:00", "layer"),
    ]
