from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core.errors import Conflict, Invalid, NotAllowed, RuleViolation
from apps.rosters import actions, queries
from apps.rosters.models import Layer, Restriction, Roster, Rotation
from tests.rosters.building import layer_of, shown

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "rhythm",
    [
        {"rotation": Rotation.DAYS},
        {"rotation": Rotation.WEEKS},
        {"rotation": Rotation.WEEKS, "handoff_weekday": 3},
        {"rotation": Rotation.DAYS, "at_once": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("day", [date(2026, 3, 9), date(2026, 4, 2), date(2026, 4, 6)])
def test_a_change_from_a_day_on_goes_on_in_the_same_order(roster, people, manager, clock, rhythm, day):
    layer = roster.layers.get()
    for name, value in rhythm.items():
        setattr(layer, name, value)
    layer.save()
    Restriction.objects.create(layer=layer, weekdays=[0, 1, 2, 3, 4], start=time(6), end=time(23))
    actions.materialise(roster, now=clock.now)
    before = by_hour(roster)
    following = actions.change_from(layer, day, by=manager)
    assert by_hour(roster) == before
    layer.refresh_from_db()
    assert (layer.ends_on, following.starts_on) == (day, day)
    assert [str(each) for each in following.restrictions.all()] == [str(each) for each in layer.restrictions.all()]


def test_a_layer_that_somebody_removed_meanwhile_is_not_changed(roster, manager):
    layer = roster.layers.get()
    layer.members.all().delete()
    Layer.objects.filter(pk=layer.pk).delete()
    with pytest.raises(Conflict, match="no longer there"):
        actions.change_from(layer, date(2026, 3, 9), by=manager)


def test_what_is_edited_in_the_new_layer_counts_from_that_day_on(roster, people, manager, clock):
    before = shown(roster)
    following = actions.change_from(roster.layers.get(), date(2026, 3, 9), by=manager)
    following.members.exclude(person=people[0]).delete()
    actions.materialise(roster, now=clock.now)
    after = shown(roster)
    assert [each for each in after if each[1] < "03-09 08:00"] == [each for each in before if each[1] < "03-09 08:00"]
    assert {name for name, start, *_ in after if start >= "03-09 08:00"} == {"anna"}
    assert [row.history_user for row in Layer.history.filter(id=following.pk)] == [manager]


@pytest.mark.parametrize(
    ("rhythm", "refused", "begins"),
    [
        ({"rotation": Rotation.WEEKS, "length": 2}, date(2026, 3, 9), date(2026, 3, 16)),
        ({"rotation": Rotation.DAYS, "length": 3}, date(2026, 3, 6), date(2026, 3, 8)),
        ({"rotation": Rotation.MONTHS}, date(2026, 3, 16), date(2026, 4, 2)),
    ],
    ids=str,
)
def test_long_turns_are_changed_only_where_one_begins(roster, manager, clock, rhythm, refused, begins):
    layer = roster.layers.get()
    for name, value in rhythm.items():
        setattr(layer, name, value)
    layer.save()
    actions.materialise(roster, now=clock.now)
    before = by_hour(roster)
    with pytest.raises(Invalid, match=f"choose a day on which one begins, .* or {begins}"):
        actions.change_from(layer, refused, by=manager)
    actions.change_from(layer, begins, by=manager)
    assert by_hour(roster) == before


def test_months_go_on_from_the_day_on_which_they_are_handed_over(clock, team, people, manager):
    roster = Roster.objects.create(slug="months", name="Months", team=team, time_zone="UTC")
    layer = layer_of(roster, people, rotation=Rotation.MONTHS, starts_on=date(2026, 1, 31))
    actions.materialise(roster, now=clock.now)
    before = shown(roster)
    assert [start for _, start, *_ in before[1:3]] == ["03-31 09:00", "04-30 09:00"]
    with pytest.raises(
        Invalid, match=r"day 31, .* month of 2026-04-30 does not have: .* such as 2026-05-31"
    ) as refused:
        actions.change_from(layer, date(2026, 4, 30), by=manager)
    assert refused.value.field == "day"
    actions.change_from(layer, date(2026, 5, 31), by=manager)
    assert shown(roster) == before


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 1), date(2026, 5, 1)])
def test_a_change_begins_on_a_coming_day_of_the_layer(roster, manager, day):
    layer = roster.layers.get()
    layer.ends_on = date(2026, 5, 1)
    layer.save()
    with pytest.raises(Invalid) as refused:
        actions.change_from(layer, day, by=manager)
    assert refused.value.field == "day"
    assert roster.layers.count() == 1


def test_only_managers_change_and_copy(roster, responder):
    with pytest.raises(NotAllowed):
        actions.change_from(roster.layers.get(), date(2026, 3, 9), by=responder)
    with pytest.raises(NotAllowed):
        actions.copy(roster, by=responder)


def test_a_retired_roster_is_not_changed(roster, manager):
    actions.retire(roster, by=manager)
    with pytest.raises(RuleViolation):
        actions.change_from(roster.layers.get(), date(2026, 3, 9), by=manager)


def test_a_copy_has_the_same_shifts_and_is_not_primary(roster, manager, people, clock):
    Restriction.objects.create(layer=roster.layers.get(), weekdays=[0, 1], start=time(9), end=time(18))
    actions.materialise(roster, now=clock.now)
    actions.add_override(roster, person=people[1], start=at("03-02T12:00"), end=at("03-02T13:00"), by=manager)
    twins = [actions.copy(roster, by=manager) for _ in range(2)]
    assert [(twin.slug, twin.name, twin.is_primary) for twin in twins] == [
        ("platform-2", "Platform (copy)", False),
        ("platform-3", "Platform (copy 2)", False),
    ]
    assert twins[0].overrides.count() == 0
    for day in range(3, 30):
        noon = at(f"03-{day:02}T11:00")
        holders = [{shift.person for shift in each.shifts.filter(during__contains=noon)} for each in (roster, *twins)]
        assert holders[0] == holders[1] == holders[2]


def test_copies_can_be_told_apart(roster, manager):
    first = actions.copy(roster, by=manager)
    names = [actions.copy(each, by=manager).name for each in (roster, first, roster)]
    assert [first.name, *names] == ["Platform (copy)", "Platform (copy 2)", "Platform (copy 3)", "Platform (copy 4)"]
    roster.name = "x" * 120
    roster.save()
    assert {len(actions.copy(roster, by=manager).name) for _ in range(2)} == {
        105 + len(" (copy)"),
        105 + len(" (copy 2)"),
    }


def test_a_roster_stands_in_for_another_for_its_week_and_leaves_no_hole(roster, team, people, clock):
    *_, cleo = people
    christmas = Roster.objects.create(
        slug="holidays", name="Holidays", team=team, time_zone="Europe/Berlin", stands_in_for=roster,
        stands_in_during=DateTimeTZRange(at("03-03T12:00"), at("03-04T12:00")),
    )  # fmt: skip
    layer_of(christmas, [cleo], ends_on=date(2026, 3, 4))
    actions.materialise(christmas, now=clock.now)
    assert shown(roster, 5) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("ben", "03-03 08:00", "03-03 12:00", "layer"),
        ("cleo", "03-03 12:00", "03-04 08:00", "override"),
        ("cleo", "03-04 08:00", "03-05 08:00", "layer"),
        ("anna", "03-05 08:00", "03-06 08:00", "layer"),
    ]
    actions.add_absence(cleo, start=at("03-03T12:00"), end=at("03-03T14:00"), by=cleo)
    assert shown(roster, 4)[1:3] == [
        ("ben", "03-03 08:00", "03-03 14:00", "layer"),
        ("cleo", "03-03 14:00", "03-04 08:00", "override"),
    ]
    actions.retire(christmas, by=_administrator())
    assert shown(roster, 2)[1] == ("ben", "03-03 08:00", "03-04 08:00", "layer")


def test_a_roster_that_stands_in_is_on_call_only_while_it_does_and_not_listed_beside_the_other(
    roster, team, people, clock
):
    *_, cleo = people
    christmas = Roster.objects.create(
        slug="holidays", name="Holidays", team=team, stands_in_for=roster,
        stands_in_during=DateTimeTZRange(at("03-03T12:00"), at("03-04T12:00")),
    )  # fmt: skip
    layer_of(christmas, [cleo])
    actions.materialise(christmas, now=clock.now)
    assert [(start, end) for _, start, end, _ in shown(christmas)] == [
        ("03-03 12:00", "03-04 09:00"), ("03-04 09:00", "03-04 12:00"),
    ]  # fmt: skip
    during = at("03-03T13:00")
    assert [(duty.roster, duty.person) for duty in queries.on_call(at=during)] == [(roster, cleo)]
    assert christmas not in {shift.roster for shift in queries.my_shifts(cleo, clock.now)}


def _administrator():
    from apps.teams.models import User

    return User.objects.create_superuser("root@example.com", name="Root")


def by_hour(roster: Roster) -> list[set[str]]:
    first = at("03-02T10:30")
    shifts = list(roster.shifts.select_related("person"))
    hours = (first + timedelta(hours=hour) for hour in range(60 * 24))
    return [{(each.seat, each.person.name) for each in shifts if each.start <= hour < each.end} for hour in hours]
