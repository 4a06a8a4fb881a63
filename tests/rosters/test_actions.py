from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.rosters import actions
from apps.rosters.models import LayerMember, Override, Roster, Shift, ShiftSource
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_shifts_are_filled_from_now_to_the_horizon(roster, clock, settings):
    assert shown(roster, 3) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
        ("cleo", "03-04 08:00", "03-05 08:00", "layer"),
    ]
    assert roster.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON


def test_filling_twice_touches_no_row(roster, clock):
    before = list(roster.shifts.values())
    actions.materialise(roster, now=clock.now)
    assert list(roster.shifts.values()) == before


def test_the_horizon_moves_on_and_what_was_planned_stays(roster, clock, settings):
    last = roster.shifts.order_by("during").last()
    before = set(roster.shifts.exclude(pk=last.pk).values_list("pk", flat=True))
    clock.shift(days=3)
    actions.materialise(roster, now=clock.now)
    assert before <= set(roster.shifts.values_list("pk", flat=True))
    assert roster.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON


def test_an_override_splits_the_running_shift_and_never_moves_its_start(roster, clock, manager, people):
    running = roster.shifts.get(during__contains=clock.now)
    clock.shift(hours=2)
    actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=3), by=manager, reason="Dentist"
    )
    assert shown(roster, 4) == [
        ("anna", "03-02 10:00", "03-02 12:00", "layer"),
        ("ben", "03-02 12:00", "03-02 15:00", "override"),
        ("anna", "03-02 15:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]
    running.refresh_from_db()
    assert (running.start, running.end) == (at("2026-03-02T10:00"), clock.now)


def test_an_override_that_begins_in_the_past_begins_now(roster, clock, manager, people):
    clock.shift(hours=2)
    override = actions.add_override(
        roster, person=people[1], start=clock.now - timedelta(hours=1), end=clock.now + timedelta(hours=1), by=manager
    )
    assert override.start == clock.now
    assert shown(roster, 2)[0] == ("anna", "03-02 10:00", "03-02 12:00", "layer")


def test_the_latest_override_counts(roster, clock, manager, people):
    for person in people[1:]:
        actions.add_override(roster, person=person, start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert roster.shifts.get(during__contains=clock.now).person == people[2]


def test_taking_an_override_back_gives_the_rest_of_the_time_to_whom_the_layers_say(roster, clock, manager, people):
    override = actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=4), by=manager
    )
    clock.shift(hours=1)
    actions.remove_override(override, by=manager)
    assert shown(roster, 2) == [
        ("ben", "03-02 10:00", "03-02 11:00", "override"),
        ("anna", "03-02 11:00", "03-03 08:00", "layer"),
    ]


def test_an_override_that_is_over_cannot_be_taken_back(roster, clock, manager, people):
    override = actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=1), by=manager
    )
    clock.shift(hours=1)
    with pytest.raises(RuleViolation):
        actions.remove_override(override, by=manager)


def test_who_made_an_override_and_who_took_it_back_is_on_the_record(roster, clock, manager, people):
    override = actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=4), by=manager, reason="Dentist"
    )
    actions.remove_override(override, by=manager)
    assert [(row.history_type, row.history_user, row.reason) for row in Override.history.order_by("history_id")] == [
        ("+", manager, "Dentist"),
        ("-", manager, "Dentist"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        pytest.param(timedelta(hours=2), timedelta(hours=1), "end", id="ends before it starts"),
        pytest.param(timedelta(hours=1), timedelta(hours=1), "end", id="has no length"),
        pytest.param(timedelta(hours=-2), timedelta(0), "end", id="is over"),
        pytest.param(timedelta(days=-700_000), timedelta(hours=1), "end", id="from year 109"),
        pytest.param(timedelta(0), timedelta(days=2_900_000), "end", id="to year 9965"),
        pytest.param(timedelta(0), timedelta(days=93, seconds=1), "end", id="longer than a quarter"),
        pytest.param(timedelta(days=120, seconds=1), timedelta(days=121), "start", id="beyond the horizon"),
    ],
)
def test_an_override_needs_a_time_that_is_meant(roster, clock, manager, people, start, end, field):
    with pytest.raises(Invalid) as refusal:
        actions.add_override(roster, person=people[1], start=clock.now + start, end=clock.now + end, by=manager)
    assert refusal.value.field == field
    assert not roster.overrides.exists()


def test_an_override_lasts_a_quarter_from_the_last_day_that_is_planned(roster, clock, manager, people):
    start = clock.now + timedelta(days=120)
    override = actions.add_override(roster, person=people[1], start=start, end=start + timedelta(days=93), by=manager)
    clock.shift(days=150)
    actions.materialise(roster, now=clock.now)
    assert roster.shifts.get(during__contains=clock.now).person == override.person


def test_who_left_cannot_stand_in(roster, clock, manager, people):
    people[1].is_active = False
    people[1].save()
    with pytest.raises(Invalid) as refusal:
        actions.add_override(roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert refusal.value.field == "user"


@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_who_could_not_answer_a_page_is_not_put_in_by_a_manager_either(roster, clock, team, manager, role):
    viewer = member("vera@example.com", team, role)
    with pytest.raises(Invalid, match="responds for no team") as refusal:
        actions.add_override(roster, person=viewer, start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert refusal.value.field == "user"
    assert not roster.overrides.exists()


def test_a_responder_of_another_team_may_be_put_in(roster, clock, manager):
    helper = member("hugo@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER)
    actions.add_override(roster, person=helper, start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    assert roster.shifts.get(during__contains=clock.now).person == helper


def test_a_responder_stands_in_themselves_and_puts_nobody_else_in(roster, clock, responder, people):
    actions.add_override(roster, person=responder, start=clock.now, end=clock.now + timedelta(hours=1), by=responder)
    assert roster.shifts.get(during__contains=clock.now).person == responder
    with pytest.raises(NotAllowed):
        actions.add_override(
            roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=1), by=responder
        )


@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_who_only_looks_cannot_stand_in(roster, clock, team, role):
    viewer = member("vera@example.com", team, role)
    with pytest.raises(NotAllowed):
        actions.add_override(roster, person=viewer, start=clock.now, end=clock.now + timedelta(hours=1), by=viewer)


def test_a_manager_of_another_team_changes_nothing(roster, clock, people):
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    for attempt in (
        lambda: actions.add_override(
            roster, person=people[0], start=clock.now, end=clock.now + timedelta(hours=1), by=stranger
        ),
        lambda: actions.retire(roster, by=stranger),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_change_of_the_layers_changes_the_future_only(roster, clock, people):
    clock.shift(days=1)
    past = _held_before(roster, clock.now)
    LayerMember.objects.get(layer__roster=roster, person=people[1]).delete()
    actions.materialise(roster, now=clock.now)
    assert _held_before(roster, clock.now) == past
    assert people[1].pk not in roster.shifts.filter(during__startswith__gte=clock.now).values_list("person", flat=True)


def test_a_retired_roster_keeps_its_past_and_has_no_future(roster, clock, manager):
    clock.shift(days=1)
    actions.retire(roster, by=manager)
    actions.retire(roster, by=manager)
    assert shown(roster) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-03 10:00", "layer"),
    ]
    with pytest.raises(RuleViolation):
        actions.add_override(roster, person=manager, start=clock.now, end=clock.now + timedelta(hours=1), by=manager)


def test_the_database_refuses_two_people_for_one_instant_of_a_seat(roster, clock, people):
    again = DateTimeTZRange(clock.now + timedelta(hours=1), clock.now + timedelta(hours=2))
    with pytest.raises(IntegrityError, match="shift_one_person_per_seat_and_instant"), transaction.atomic():
        Shift.objects.create(roster=roster, person=people[1], during=again, source=ShiftSource.LAYER)
    Shift.objects.create(roster=roster, person=people[1], during=again, source=ShiftSource.LAYER, seat=1)


@pytest.mark.parametrize("change", ["start", "person"])
def test_the_database_refuses_to_change_who_held_a_shift_from_when(roster, clock, people, change):
    shift = roster.shifts.get(during__contains=clock.now)
    if change == "start":
        shift.during = DateTimeTZRange(shift.start + timedelta(hours=1), shift.end)
    else:
        shift.person = people[2]
    with pytest.raises(DatabaseError, match="only_its_end_moves"), transaction.atomic():
        shift.save()


def test_a_roster_with_shifts_is_not_deleted(roster):
    with pytest.raises(IntegrityError):
        roster.delete()


def test_a_team_has_one_primary_roster(roster, team):
    with pytest.raises(IntegrityError, match="roster_one_primary_per_team"), transaction.atomic():
        Roster.objects.create(slug="second", name="Second", team=team, is_primary=True)


edits = st.lists(
    st.tuples(
        st.sampled_from(["override", "take back", "layer", "drop layer", "wait"]),
        st.integers(0, 2),
        st.integers(1, 3000),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(edits)
def test_whatever_is_edited_the_past_stays_and_filling_anew_agrees(clock, edits):
    with transaction.atomic(), override_settings(ROSTER_HORIZON=timedelta(days=12)):
        clock.set(at("2026-03-02T10:00"))
        team = Team.objects.create(slug="random", name="Random")
        manager = member("random@example.com", team, TeamRole.MANAGER)
        people = [member(f"{number}@example.com", team, TeamRole.RESPONDER) for number in range(3)]
        roster = Roster.objects.create(slug="random", name="Random", team=team, time_zone="Australia/Lord_Howe")
        layer_of(roster, people)
        actions.materialise(roster, now=clock.now)
        for what, number, minutes in edits:
            past = _held_before(roster, clock.now)
            if what == "override":
                start = clock.now + timedelta(minutes=minutes - 1000)
                actions.add_override(
                    roster, person=people[number], start=start, end=clock.now + timedelta(minutes=minutes), by=manager
                )
            elif what == "take back" and (override := roster.overrides.filter(during__endswith__gt=clock.now).last()):
                actions.remove_override(override, by=manager)
            elif what == "layer":
                layer_of(roster, people[: number + 1], position=2, starts_on=clock.now.date(), length=number + 1)
                actions.materialise(roster, now=clock.now)
            elif what == "drop layer" and roster.layers.count() > 1:
                roster.layers.last().delete()
                actions.materialise(roster, now=clock.now)
            elif what == "wait":
                clock.shift(minutes=minutes)
                past = _held_before(roster, clock.now)
                actions.materialise(roster, now=clock.now)
            assert _held_before(roster, clock.now) == past
        future = _held_after(roster, clock.now)
        roster.shifts.all().delete()
        actions.materialise(roster, now=clock.now)
        assert _held_after(roster, clock.now) == future
        transaction.set_rollback(True)


def _held_before(roster: Roster, now: datetime) -> list[tuple[int, datetime, datetime]]:
    shifts = roster.shifts.filter(during__startswith__lt=now).order_by("during")
    return [(shift.person_id, shift.start, min(shift.end, now)) for shift in shifts]


def _held_after(roster: Roster, now: datetime) -> list[tuple[int, datetime, datetime]]:
    shifts = roster.shifts.filter(during__endswith__gt=now).order_by("during")
    return [(shift.person_id, max(shift.start, now), shift.end) for shift in shifts]
