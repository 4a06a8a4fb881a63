"""Shifts taken away as a table, and overrides brought in from one."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Conflict, Invalid, NotAllowed, RuleViolation
from apps.rosters import actions, exports
from apps.rosters.actions import imports
from apps.rosters.models import Override, Roster, Rotation
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db

HEADER = "roster,person,start,end,seat,reason\n"


def exported(*rosters: Roster, first: date = date(2026, 3, 2), last: date = date(2026, 7, 31)) -> str:
    return exports.shifts_csv(Roster.objects.filter(pk__in=[each.pk for each in rosters]), first=first, last=last)


def planned(rows: str, by: User) -> actions.OverridesImport:
    return actions.plan_overrides_import((HEADER + rows).encode(), by=by)


def problems(rows: str, by: User) -> list[tuple[int, str]]:
    return [(each.row, each.reason) for each in planned(rows, by).problems]


def added(rows: str, by: User) -> list[tuple[int, str, str]]:
    return [
        (each.row, f"{each.turn.start:%m-%d %H:%M}", f"{each.turn.end:%m-%d %H:%M}")
        for _, each in planned(rows, by).added
    ]


def test_the_table_of_shifts_says_who_is_on_call_with_overrides(roster, people, manager, clock):
    people[2].name = "=HYPERLINK(1)"
    people[2].save()
    actions.add_override(
        roster, person=people[2], start=clock.now + timedelta(days=26), end=clock.now + timedelta(days=27), by=manager
    )
    said = list(csv.DictReader(StringIO(exported(roster, first=date(2026, 3, 28), last=date(2026, 3, 29)), newline="")))
    assert [(row["start"], row["end"], row["source"]) for row in said] == [
        ("2026-03-27T08:00:00Z", "2026-03-28T08:00:00Z", "layer"),
        ("2026-03-28T08:00:00Z", "2026-03-28T10:00:00Z", "layer"),
        ("2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z", "override"),
        ("2026-03-29T10:00:00Z", "2026-03-30T07:00:00Z", "layer"),
    ]
    assert said[2] == {
        "roster": "platform", "seat": "1", "person": "cleo@example.com", "name": "'=HYPERLINK(1)",
        "start": "2026-03-28T10:00:00Z", "end": "2026-03-29T10:00:00Z",
        "start_local": "2026-03-28T11:00:00+01:00", "end_local": "2026-03-29T12:00:00+02:00",
        "time_zone": "Europe/Berlin", "source": "override",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [("2026-03-02", "2026-03-01", "to"), ("2026-01-01", "2027-01-02", "to"), ("1999-01-01", "1999-01-02", "from")],
)
def test_days_that_cannot_be_are_refused(roster, first, last, field):
    with pytest.raises(Invalid) as refused:
        exported(roster, first=date.fromisoformat(first), last=date.fromisoformat(last))
    assert refused.value.field == field


def test_many_rosters_are_written_in_two_queries(roster, team, people, clock, django_assert_num_queries):
    others = [Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=team) for number in range(5)]
    for other in others:
        layer_of(other, people)
        actions.materialise(other)
    with django_assert_num_queries(2):
        written = exported(roster, *others)
    assert written.count("\r\nr4,") == others[4].shifts.count()


def test_importing_the_shifts_that_were_exported_changes_nothing(roster, team, people, manager, clock):
    other = Roster.objects.create(slug="pairs", name="Pairs", team=team, time_zone="America/New_York")
    layer_of(other, people, rotation=Rotation.HOURS, length=7, at_once=2)
    clock.shift(minutes=3, microseconds=77)
    actions.materialise(other)
    actions.add_override(roster, person=manager, start=clock.now, end=clock.now + timedelta(hours=9), by=manager)
    plan = actions.plan_overrides_import(exported(roster, other).encode(), by=manager)
    assert (plan.added, plan.problems) == ((), ())
    assert len(plan.already) == roster.shifts.count() + other.shifts.count()
    assert actions.import_overrides(plan.planned, by=manager) == 0
    assert Override.objects.count() == 1


def test_what_is_different_is_told_and_then_added(roster, team, people, manager, clock):
    other = Roster.objects.create(slug="second", name="Second", team=team, time_zone="Asia/Tokyo")
    layer_of(other, [], at_once=2)
    plan = planned(
        "platform,ben@example.com,2026-03-03 09:00,2026-03-04 09:00,,so already\n"
        "platform,Anna@example.com,2026-03-04T12:00+01:00,2026-03-04T20:00:00Z,1,Dentist\n"
        "second,anna@example.com,2026-03-05 09:00,2026-03-05 18:00,2,=Second seat\n",
        manager,
    )
    assert not Override.objects.exists()
    assert [each.row for _, each in plan.already] == [2]
    assert [(of.slug, each.row) for of, each in plan.added] == [("platform", 3), ("second", 4)]
    assert actions.import_overrides(plan.planned, by=manager) == 2
    assert [
        (
            each.roster,
            each.seat,
            each.person.name,
            each.stretch,
            each.reason,
            each.created_by,
            each.history.get().history_user,
        )
        for each in Override.objects.order_by("roster__slug")
    ] == [
        (roster, 0, "anna", "2026-03-04 11:00 to 2026-03-04 20:00 UTC", "Dentist", manager, manager),
        (other, 1, "anna", "2026-03-05 00:00 to 2026-03-05 09:00 UTC", "=Second seat", manager, manager),
    ]
    assert shown(other) == [("anna", "03-05 00:00", "03-05 09:00", "override")]
    assert actions.import_overrides(plan.planned, by=manager) == 0


def test_what_somebody_took_back_is_not_added_again_by_sending_the_same_again(roster, team, manager, clock):
    second = Roster.objects.create(slug="second", name="Second", team=team)
    sent = planned(
        "platform,mona@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n"
        "second,anna@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n",
        manager,
    ).planned
    assert actions.import_overrides(sent, by=manager) == 2
    assert actions.import_overrides(sent, by=manager) == 0  # nobody changed anything
    actions.remove_override(second.overrides.get(), by=manager)
    with pytest.raises(Conflict, match="Overrides of Second were changed since"):
        actions.import_overrides(sent, by=manager)
    assert not second.overrides.exists()
    assert roster.overrides.count() == 1


def test_what_others_put_in_meanwhile_is_looked_at_first(roster, people, manager, clock):
    sent = planned("platform,mona@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n", manager).planned
    noon = clock.now + timedelta(days=3, hours=2)
    actions.add_override(roster, person=people[2], start=noon, end=noon + timedelta(hours=1), by=manager)
    with pytest.raises(Conflict):
        actions.import_overrides(sent, by=manager)
    assert roster.overrides.count() == 1


def test_times_at_a_change_of_the_clocks_are_those_of_the_house(roster, manager, clock):
    clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    assert added("platform,mona@example.com,2026-03-29 02:30,2026-03-29 04:00,,\n", manager) == [
        (2, "03-29 01:00", "03-29 02:00")
    ]
    clock.set(datetime(2026, 10, 20, tzinfo=UTC))
    assert added(
        "platform,mona@example.com,2026-10-25 02:30,2026-10-25 04:00,,\n"
        "platform,mona@example.com,2026-10-26T02:30+01:00,2026-10-26 04:00,,\n",
        manager,
    ) == [(2, "10-25 00:30", "10-25 03:00"), (3, "10-26 01:30", "10-26 03:00")]


def test_what_has_begun_begins_now_and_what_is_over_adds_nothing(roster, manager, clock):
    plan = planned(
        "platform,mona@example.com,2026-03-02 09:00,2026-03-02 18:00,,\n"
        "platform,mona@example.com,2026-03-01 09:00,2026-03-01 18:00,,\n",
        manager,
    )
    assert [(each.row, each.turn.start) for _, each in plan.added] == [(2, clock.now)]
    assert [each.row for _, each in plan.already] == [3]


def test_rows_that_cannot_be_used_are_named_and_the_others_added(roster, team, people, manager, clock):
    Roster.objects.create(slug="old", name="Old", team=team, retired_at=clock.now)
    Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    member("gone@example.com", team, TeamRole.RESPONDER, is_active=False)
    member("stella@example.com", team, TeamRole.STAKEHOLDER)
    text = (
        "platform,nobody@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n"
        "platform,gone@example.com,2026-03-05 09:00,2026-03-05 10:00,,\n"
        "platform,stella@example.com,2026-03-05 10:00,2026-03-05 11:00,,\n"
        "platform,anna@example.com,2026-03-05 18:00,2026-03-05 09:00,,\n"
        "platform,anna@example.com,2026-03-06 09:00,2026-09-06 09:00,,\n"
        "platform,anna@example.com,2027-03-06 09:00,2027-03-06 18:00,,\n"
        "platform,anna@example.com,soon,2026-03-06 18:00,,\n"
        "platform,anna@example.com,2026-03-06 09:00,,,\n"
        "platform,anna@example.com,2026-03-06 09:00,2026-03-06 18:00,0,\n"
        f"platform,anna@example.com,2026-03-06 09:00,2026-03-06 18:00,,{'x' * 256}\n"
        "old,anna@example.com,2026-03-06 09:00,2026-03-06 18:00,,\n"
        "ai,anna@example.com,2026-03-06 09:00,2026-03-06 18:00,,\n"
        "platform,ben@example.com,2026-03-05 12:00,2026-03-05 13:00,,good\n"
    )
    assert problems(text, manager) == [
        (2, "Nobody has the mail address nobody@example.com."),
        (3, "gone is no longer active."),
        (4, "stella responds for no team and cannot be on call."),
        (5, "It ends after it starts."),
        (6, "It lasts at most 93 days."),
        (7, "Shifts are planned 120 days ahead; it starts within them."),
        (8, "start: “soon” is not a time such as 2026-03-02T09:00+01:00, or without an offset."),
        (9, "Nothing is said of end."),
        (10, "seat: Seats are numbered from 1 to 10."),
        (11, "reason: It is longer than 255 characters."),
        (12, "The roster Old is retired."),
        (13, "You manage no roster “ai”."),
    ]
    assert actions.import_overrides(planned(text, manager).planned, by=manager) == 1
    assert Override.objects.get().reason == "good"


def test_rows_that_are_of_the_same_time_are_not_both_meant(roster, people, manager, clock):
    roster.layers.update(at_once=2)
    assert problems(
        "platform,cleo@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n"
        "platform,mona@example.com,2026-03-05 17:00,2026-03-05 19:00,,\n"
        "platform,cleo@example.com,2026-03-05 12:00,2026-03-05 13:00,2,\n"
        "platform,mona@example.com,2026-03-05 18:00,2026-03-05 19:00,,\n",
        manager,
    ) == [(3, "Row 2 is of the same time and seat."), (4, "Row 2 has the same person at the same time.")]


@pytest.fixture
def pair(team, people, clock):
    """Anna and Ben, then Cleo and Anna, then Ben and Cleo, a day each together, from 09:00 UTC."""
    pair = Roster.objects.create(slug="pair", name="Pair", team=team, time_zone="UTC")
    layer_of(pair, people, at_once=2)
    actions.materialise(pair)
    return pair


def holders(roster: Roster, at: str) -> list[str]:
    found = roster.shifts.filter(during__contains=datetime.fromisoformat(at).replace(tzinfo=UTC))
    return [shift.person.name for shift in found.order_by("seat")]


def test_nobody_is_put_into_a_second_seat(pair, manager, clock):
    rows = (
        "pair,anna@example.com,2026-03-02 13:00,2026-03-02 15:00,2,\n"  # holds the first
        "pair,anna@example.com,2026-03-03 13:00,2026-03-03 15:00,1,\n"  # holds the second
        "pair,ben@example.com,2026-03-03 13:00,2026-03-03 15:00,2,\n"  # so that she goes; row 3 needs this one
        "pair,mona@example.com,2026-03-02 16:00,2026-03-02 17:00,2,\n"
    )
    reason = "anna is on call for Pair within that time already, in another seat."
    assert problems(rows, manager) == [(2, reason)]
    assert actions.import_overrides(planned(rows, manager).planned, by=manager) == 3
    assert holders(pair, "2026-03-02T14:00") == ["anna", "ben"]
    assert holders(pair, "2026-03-03T14:00") == ["anna", "ben"]
    assert holders(pair, "2026-03-02T16:30") == ["anna", "mona"]


def test_two_people_change_seats_with_two_rows_of_which_none_can_be_without_the_other(pair, people, manager, clock):
    anna = "pair,anna@example.com,2026-03-02 13:00,2026-03-02 15:00,2,\n"
    both = anna + "pair,ben@example.com,2026-03-02 13:00,2026-03-02 15:00,1,\n"
    assert [row for row, _ in problems(anna, manager)] == [2]
    sent = planned(both, manager).planned
    with pytest.raises(Invalid, match="anna is on call for Pair"):
        actions.import_overrides({pair.pk: replace(sent[pair.pk], turns=sent[pair.pk].turns[:1])}, by=manager)
    assert actions.import_overrides(sent, by=manager) == 2
    assert holders(pair, "2026-03-02T14:00") == ["ben", "anna"]


def test_whoever_keeps_a_seat_because_a_row_is_refused_is_given_no_other(pair, people, manager, clock):
    people[1].is_active = False
    people[1].save()
    rows = (
        "pair,ben@example.com,2026-03-02 13:00,2026-03-02 15:00,1,\n"
        "pair,anna@example.com,2026-03-02 12:00,2026-03-02 14:00,2,\n"
    )
    assert problems(rows, manager) == [
        (2, "ben is no longer active."),
        (3, "anna is on call for Pair within that time already, in another seat."),
    ]


def test_a_row_names_a_seat_that_there_is(roster, pair, manager, clock):
    rows = (
        "platform,mona@example.com,2026-03-03 13:00,2026-03-03 15:00,1,\n"
        "platform,mona@example.com,2026-03-04 13:00,2026-03-04 15:00,2,\n"
        "pair,mona@example.com,2026-03-05 13:00,2026-03-05 15:00,2,\n"
        "pair,mona@example.com,2026-03-06 13:00,2026-03-06 15:00,7,\n"
    )
    assert problems(rows, manager) == [(3, "Platform has 1 seat."), (5, "Pair has 2 seats.")]
    sent = planned(rows, manager).planned
    pair.layers.update(at_once=1)
    pair.shifts.filter(seat=1).delete()
    with pytest.raises(Invalid, match="Pair has 1 seat"):
        actions.import_overrides(sent, by=manager)
    assert not Override.objects.exists()


def test_a_row_costs_its_own_two_writes_and_no_more_questions(pair, people, manager, clock):
    def queries_of(first: int, count: int) -> int:
        rows = "".join(
            f"pair,mona@example.com,2026-03-{first + number:02} 13:00,2026-03-{first + number:02} 15:00,2,\n"
            for number in range(count)
        )
        sent = planned(rows, manager).planned
        with CaptureQueriesContext(connection) as asked:
            assert actions.import_overrides(sent, by=manager) == count
        return len(asked)

    assert queries_of(10, 11) - queries_of(3, 1) == 10 * 2


def test_a_thousand_overrides_are_the_most(roster, manager, clock):
    first = datetime(2026, 3, 3, tzinfo=UTC)
    turns = [
        first + timedelta(hours=2 * number) for number in range(imports.MOST_OVERRIDES + 2)
    ]  # one is lost with the hour
    text = "".join(
        f"platform,mona@example.com,{at:%Y-%m-%d %H:%M},{at + timedelta(hours=1):%Y-%m-%d %H:%M},,\n" for at in turns
    )
    with pytest.raises(Invalid, match="It would add 1,001 overrides"):
        planned(text, manager)


def test_all_or_nothing_over_all_rosters(roster, team, people, manager, clock):
    Roster.objects.create(slug="second", name="Second", team=team)
    sent = planned(
        "platform,cleo@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n"
        "second,anna@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n",
        manager,
    ).planned
    Roster.objects.filter(slug="second").update(retired_at=clock.now)
    with pytest.raises(RuleViolation, match="Second is retired"):
        actions.import_overrides(sent, by=manager)
    assert not Override.objects.exists()


def test_only_managers_of_the_team_import(roster, responder, manager, clock):
    row = "platform,mona@example.com,2026-03-05 09:00,2026-03-05 18:00,,\n"
    sent = planned(row, manager).planned
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    for person in (responder, stranger, auditor):
        assert problems(row, person) == [(2, "You manage no roster “platform”.")]
        with pytest.raises(NotAllowed):
            actions.import_overrides(sent, by=person)
    nothing = actions.PlannedTurns((), 0)
    with pytest.raises(NotAllowed, match=r"^A roster is no longer there\.$"):
        actions.import_overrides({0: nothing}, by=manager)
    with pytest.raises(NotAllowed, match=r"^2 rosters are no longer there\.$"):
        actions.import_overrides({0: nothing, -1: nothing}, by=manager)
    assert not Override.objects.exists()
