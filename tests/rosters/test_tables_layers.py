"""Layers and people of rosters, taken away as a table and brought in again."""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest

from apps.core.errors import Conflict, Invalid
from apps.engine.models import Timer
from apps.rosters import actions, exports
from apps.rosters.actions import LeavesGap
from apps.rosters.models import CalendarSource, Layer, LayerMember, Restriction, Roster, Rotation
from apps.teams.models import User
from tests.rosters.building import layer_of, shown

pytestmark = pytest.mark.django_db


def exported(*rosters: Roster) -> list[dict[str, str]]:
    written = exports.layers_csv(Roster.objects.filter(pk__in=[roster.pk for roster in rosters]))
    return list(csv.DictReader(StringIO(written, newline="")))


def file_of(rows: list[dict[str, Any]]) -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def rows(*emails: str, **settings: Any) -> list[dict[str, Any]]:
    said = {"roster": "platform", "layer": "Days", **settings}
    return [{**said, "person": f"{name}@example.com"} for name in emails]


def carried_out(text: bytes, by: User, *, accepting: bool = True) -> actions.LayersImport:
    plan = actions.plan_layers_import(text, by=by)
    return actions.import_layers(text, by=by, seal=plan.seal, accepted=plan.gaps if accepting else ())


def problems(text: bytes, by: User) -> list[tuple[int, str]]:
    return [(each.row, each.reason) for each in actions.plan_layers_import(text, by=by).problems]


def names_in(layer: Layer) -> list[str]:
    return [each.person.name for each in layer.members.order_by("position").select_related("person")]


def records() -> int:
    models = (Roster, Layer, LayerMember, Restriction)
    return sum(model.history.count() for model in models)


@pytest.fixture
def many(roster, team, people, manager) -> Roster:
    """A roster with all that layers can be."""
    nights = layer_of(
        roster, people[:1], name="=Nights", position=7, rotation=Rotation.WEEKS, length=2, at_once=2,
        handoff_weekday=4, handoff_time=time(18, 30, 15), time_zone="America/New_York", holidays_of="US-CA",
        starts_on=date(2025, 1, 3), ends_on=date(2026, 6, 1),
    )  # fmt: skip
    Restriction.objects.create(layer=nights, weekdays=[0, 1], start=time(18), end=time(9), days=2)
    Restriction.objects.create(layer=nights, weekdays=[5, 6], start=time(0), end=time(0), days=1)
    LayerMember.objects.create(layer=nights, person=manager, position=1)  # at the same place
    layer_of(roster, [], name="Empty")
    actions.change_from(roster.layers.get(name="Days"), date(2026, 3, 9), by=manager)
    fed = layer_of(roster, people[1:], name="From a calendar", position=9)
    CalendarSource.objects.create(layer=fed, url="https://example.com/x.ics")
    actions.materialise(roster)
    return roster


def test_the_table_has_a_row_for_each_person_and_one_for_an_empty_layer(many):
    said = exported(many)
    assert [(row["layer"], row["person"], row["place"]) for row in said] == [
        ("Days", "anna@example.com", "1"),
        ("Days", "ben@example.com", "2"),
        ("Days", "cleo@example.com", "3"),
        ("Empty", "", ""),
        ("Days (2)", "ben@example.com", "1"),
        ("Days (2)", "cleo@example.com", "2"),
        ("Days (2)", "anna@example.com", "3"),
        ("'=Nights", "anna@example.com", "1"),
        ("'=Nights", "mona@example.com", "2"),
        ("From a calendar", "ben@example.com", "1"),
        ("From a calendar", "cleo@example.com", "2"),
    ]
    assert said[7] == {
        "roster": "platform", "layer": "'=Nights", "position": "7", "rotation": "weeks", "length": "2",
        "at_once": "2", "handoff_time": "18:30:15", "handoff_weekday": "Friday", "time_zone": "America/New_York",
        "starts_on": "2025-01-03", "ends_on": "2026-06-01", "holidays_of": "US-CA", "person": "anna@example.com",
        "restrictions": "Mon 18:00 - Wed 09:00; Tue 18:00 - Thu 09:00; Sat, Sun", "place": "1",
    }  # fmt: skip


@pytest.mark.parametrize("separator", [",", ";"])
def test_importing_what_was_exported_changes_nothing(many, manager, clock, separator):
    text = StringIO()
    said = exported(many)
    writer = csv.DictWriter(text, list(said[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(said)
    before, written, stored = shown(many), records(), set(many.shifts.values_list("pk", flat=True))
    clock.shift(minutes=5)
    done = carried_out(b"\xef\xbb\xbf" + text.getvalue().encode(), manager)
    assert (done.changes, done.problems) == ((), ())
    assert (shown(many), records()) == (before, written)
    assert set(many.shifts.values_list("pk", flat=True)) == stored


def test_importing_what_was_exported_changes_nothing_of_a_roster_that_stands_still(many, manager, clock):
    text = file_of(exported(many))
    Roster.objects.update(frozen_until=clock.now + timedelta(days=9))
    User.objects.filter(name="anna").update(is_active=False)
    assert (carried_out(text, manager).changes, carried_out(text, manager).problems) == ((), ())


def test_what_changes_is_told_before_and_nothing_is_saved(roster, people, manager, clock):
    text = file_of(
        [
            *rows("cleo", "anna", "mona", length=2, restrictions="mon-fri 09:00-18:00"),
            *rows(
                "ben", layer="Nights", restrictions="Mon-Fri 18:00-09:00; Fri 18:00 - Mon 09:00", starts_on="2026-03-02"
            ),
        ]
    )
    before, written = shown(roster), records()
    [change] = actions.plan_layers_import(text, by=manager).changes
    days, nights = change.layers
    assert (change.roster, days.verb, nights.verb) == (roster, "changed", "added")
    assert [(each.column, each.before, each.after) for each in days.settings] == [
        ("length", "1", "2"), ("restrictions", "", "Mon-Fri 09:00-18:00"),
    ]  # fmt: skip
    assert [str(each) for each in days.joining] == ["mona"]
    assert [str(each) for each in days.leaving] == ["ben"]
    assert days.is_reordered
    assert (nights.layer.position, [str(each) for each in nights.joining]) == (2, ["ben"])
    assert (shown(roster), records(), Layer.objects.count()) == (before, written, 1)


def test_what_was_told_is_done_from_now_on(roster, people, manager, clock):
    clock.shift(days=3)
    past, [running] = shown(roster, 3), shown(roster, 4)[3:]
    assert running == ("anna", "03-05 08:00", "03-06 08:00", "layer")
    text = file_of([*rows("anna", "cleo"), *rows("mona", layer="Weekend", restrictions="Sat, Sun")])
    done = carried_out(text, manager)
    assert [change.roster for change in done.changes] == [roster]
    assert names_in(roster.layers.get(name="Days")) == ["anna", "cleo"]
    assert roster.layers.get(name="Weekend").position == 2
    assert [str(each) for each in Restriction.objects.all()] == ["Saturday, Sunday 00:00 to 00:00 the next day"]
    assert shown(roster, 5) == [
        *past, ("anna", "03-05 08:00", "03-05 10:00", "layer"), ("cleo", "03-05 10:00", "03-06 08:00", "layer"),
    ]  # fmt: skip
    saturday = datetime.fromisoformat("2026-03-07T12:00+00:00")
    assert roster.shifts.get(during__contains=saturday).person == manager
    for model in (Layer, LayerMember, Restriction):
        assert {each.history_user for each in model.history.filter(history_date=clock.now)} == {manager}
    again = actions.plan_layers_import(text, by=manager)
    assert (again.changes, again.problems) == ((), ())


def test_only_what_differs_is_written(roster, people, manager, clock):
    carried_out(file_of(rows("anna", "cleo", "ben")), manager)
    changed = LayerMember.history.filter(history_type="~").values_list("person__name", "position")
    assert sorted(changed) == [("ben", 3), ("cleo", 2)]
    assert Layer.history.filter(history_type="~").count() == 0


def test_a_layer_that_the_file_leaves_out_goes_but_not_one_of_a_calendar(many, manager):
    done = carried_out(file_of(rows("anna", "ben", "cleo")), manager)
    assert {(each.label, each.verb) for each in done.changes[0].layers} == {
        ("=Nights", "removed"), ("Empty", "removed"), ("Days (2)", "removed"),
    }  # fmt: skip
    assert sorted(many.layers.values_list("name", flat=True)) == ["Days", "From a calendar"]
    assert {each.history_user for each in LayerMember.history.filter(history_type="-")} == {manager}


def test_a_column_that_is_missing_leaves_a_layer_as_it_is_and_an_empty_cell_takes_away(many, manager):
    nights = many.layers.get(name="=Nights")
    others = [row for row in exported(many) if row["layer"] != "'=Nights"]
    carried_out(file_of([*others, *rows("anna", "mona", layer="=Nights", time_zone="", ends_on="")]), manager)
    nights.refresh_from_db()
    assert (nights.time_zone, nights.ends_on, nights.handoff_weekday, nights.holidays_of) == ("", None, None, "")
    assert (nights.rotation, nights.length, nights.restrictions.count()) == (Rotation.WEEKS, 2, 0)
    before = [str(each) for each in many.layers.all()]
    plain = [{name: row[name] for name in ("roster", "layer", "person")} for row in exported(many)]
    assert carried_out(file_of(plain), manager).changes == ()
    assert [str(each) for each in many.layers.all()] == before


def test_a_new_layer_takes_what_is_usual(roster, manager, clock):
    clock.set(datetime.fromisoformat("2026-03-02T23:30+00:00"))
    carried_out(file_of([*exported(roster), *rows("mona", layer="More")]), manager)
    more = roster.layers.get(name="More")
    assert (more.position, more.rotation, more.length, more.handoff_time, more.starts_on) == (
        2, Rotation.WEEKS, 1, time(9), date(2026, 3, 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"rotation": "hours"}, {"length": "2"}, {"at_once": "2"}, {"restrictions": "Mon-Fri 09:00-18:00"}],
    ids=str,
)
def test_what_a_calendar_says_is_not_changed_in_its_layer(many, manager, change):
    said = [{**row, **change} if row["layer"] == "From a calendar" else row for row in exported(many)]
    assert problems(file_of(said), manager) == [
        (11, "The turns of From a calendar come from a calendar: change them there.")
    ]


def test_the_people_of_a_layer_of_a_calendar_are_not_changed(many, manager):
    said = [row for row in exported(many) if (row["layer"], row["place"]) != ("From a calendar", "2")]
    assert problems(file_of(said), manager) == [
        (11, "The turns of From a calendar come from a calendar: change them there.")
    ]


def test_where_a_layer_of_a_calendar_is_and_how_long_it_lasts_is_changed(many, manager):
    change = {"position": "3", "ends_on": "2026-06-01"}
    said = [{**row, **change} if row["layer"] == "From a calendar" else row for row in exported(many)]
    carried_out(file_of(said), manager)
    fed = many.layers.get(name="From a calendar")
    assert (fed.position, fed.ends_on, names_in(fed)) == (3, date(2026, 6, 1), ["ben", "cleo"])
    assert Timer.objects.filter(kind="rosters.read_calendar").exists()


def test_a_gap_has_to_be_said_yes_to(roster, manager, clock):
    text = file_of(rows("anna", restrictions="Mon-Fri 09:00-18:00"))
    plan = actions.plan_layers_import(text, by=manager)
    assert (plan.gaps[0].roster_id, plan.gaps[0].start.isoformat()) == (roster.pk, "2026-03-02T17:00:00+00:00")
    before = shown(roster)
    with pytest.raises(LeavesGap, match="Nobody would be on call for Platform") as asked:
        carried_out(text, manager, accepting=False)
    assert asked.value.gaps == list(plan.gaps)
    assert shown(roster) == before
    clock.shift(minutes=30)
    carried_out(text, manager)
    assert not roster.shifts.filter(during__contains=datetime.fromisoformat("2026-03-03T20:00+00:00")).exists()


def test_a_yes_to_all_gaps_is_one_to_any(roster, manager, clock):
    text = file_of(rows("anna", restrictions="Mon-Fri 09:00-18:00"))
    seal = actions.plan_layers_import(text, by=manager).seal
    done = actions.import_layers(text, by=manager, seal=seal, accepts_all=True)
    assert done.gaps
    assert roster.layers.get().restrictions.exists()


def test_a_gap_that_was_not_shown_is_not_accepted(roster, manager, people, clock):
    text = file_of(rows("anna", "ben"))
    plan = actions.plan_layers_import(text, by=manager)
    for person in people[:2]:
        actions.add_absence(person, start=clock.now + timedelta(days=9), end=clock.now + timedelta(days=12), by=manager)
    with pytest.raises(LeavesGap):
        actions.import_layers(text, by=manager, seal=plan.seal, accepted=plan.gaps)
    assert names_in(roster.layers.get()) == ["anna", "ben", "cleo"]


def test_what_would_do_something_else_by_now_is_not_done(roster, manager, people):
    text = file_of(rows("anna", "ben"))
    seal = actions.plan_layers_import(text, by=manager).seal
    roster.layers.get().members.get(person=people[1]).delete()
    with pytest.raises(Conflict, match="changed meanwhile"):
        actions.import_layers(text, by=manager, seal=seal)
    assert names_in(roster.layers.get()) == ["anna", "cleo"]


def test_several_rosters_are_changed_together_or_not_at_all(roster, team, people, manager, clock):
    other = Roster.objects.create(slug="second", name="Second", team=team)
    layer_of(other, people)
    actions.materialise(other)
    both = [*rows("cleo", "ben", "anna"), *rows("mona", roster="second")]
    with pytest.raises(Invalid):
        carried_out(file_of([*both, *rows("nobody", roster="second")]), manager)
    assert names_in(roster.layers.get()) == names_in(other.layers.get()) == ["anna", "ben", "cleo"]
    done = carried_out(file_of(both), manager)
    assert [change.roster.slug for change in done.changes] == ["platform", "second"]
    assert (names_in(roster.layers.get()), names_in(other.layers.get())) == (["cleo", "ben", "anna"], ["mona"])


def test_a_roster_that_is_stood_in_for_is_filled_too(roster, team, people, manager, clock):
    week = (clock.now + timedelta(days=7), clock.now + timedelta(days=14))
    other = Roster.objects.create(slug="week", name="Week", team=team, stands_in_for=roster, stands_in_during=week)
    layer_of(other, people[:1])
    actions.materialise(other)
    carried_out(file_of(rows("mona", roster="week")), manager)
    assert roster.shifts.get(during__contains=week[0] + timedelta(days=3)).person == manager
    Restriction.objects.create(layer=roster.layers.get(), weekdays=[0], start=time(9), end=time(18))
    actions.materialise(roster)
    plan = actions.plan_layers_import(file_of(rows("mona", roster="week", restrictions="Mon-Fri")), by=manager)
    assert [(gap.roster_id, f"{gap.start:%m-%d %H}", f"{gap.end:%m-%d %H}") for gap in plan.gaps] == [
        (roster.pk, "03-14 00", "03-16 00")
    ]


def test_the_file_is_looked_at_in_as_many_queries_however_long_it_is(
    roster, team, people, manager, django_assert_num_queries
):
    text = file_of(exported(roster))
    actions.plan_layers_import(text, by=manager)
    with django_assert_num_queries(7):
        actions.plan_layers_import(text, by=manager)
    others = [Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=team) for number in range(5)]
    for other in others:
        for name in ("One", "Two"):
            Restriction.objects.create(layer=layer_of(other, people, name=name), weekdays=[1])
    with django_assert_num_queries(5):
        said = exported(roster, *others)
    with django_assert_num_queries(7):
        plan = actions.plan_layers_import(file_of(said), by=manager)
    assert (plan.changes, plan.problems) == ((), ())
