"""The page of a roster saves what differs, and nothing else: the history and the version tell of changes only."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.rosters import actions
from apps.rosters.models import CalendarSource, Layer, LayerMember, Restriction, Roster, Rotation
from apps.rosters.versions import version_of
from tests.rosters.admin_forms import as_shown, change_page, form_on, revert_page, signed_in
from tests.rosters.building import layer_of, shown

pytestmark = pytest.mark.django_db


def records() -> dict[str, int]:
    return {each.__name__: each.history.count() for each in (Roster, Layer, LayerMember, Restriction)}


@pytest.fixture
def all_sorts(roster, team, people, clock) -> Roster:
    """A roster with all that can be said of one, to the microsecond, as it may be set over the API."""
    odd = timedelta(seconds=13, microseconds=5)
    week = DateTimeTZRange(clock.now + timedelta(days=7) + odd, clock.now + timedelta(days=14) + odd)
    made = Roster.objects.create(
        slug="week", name="Week", team=team, time_zone="America/New_York", holidays_of="US-CA",
        frozen_until=clock.now - timedelta(days=1) + odd, stands_in_for=roster, stands_in_during=week,
    )  # fmt: skip
    nights = layer_of(
        made, people[:2], name="Nights", position=7, rotation=Rotation.WEEKS, length=2, at_once=2, handoff_weekday=4,
        handoff_time=time(18, 30, 15), time_zone="Asia/Tokyo", holidays_of="DE", ends_on=date(2026, 6, 1),
    )  # fmt: skip
    Restriction.objects.create(layer=nights, weekdays=[0, 1], start=time(18), end=time(9), days=2)
    Restriction.objects.create(layer=nights, weekdays=[5, 6], start=time(0), end=time(0), days=1)
    fed = layer_of(made, [], name="From a calendar", position=9)
    CalendarSource.objects.create(layer=fed, url="https://example.com/x.ics")
    actions.materialise(made)
    actions.materialise(roster)
    return made


def test_a_page_that_is_saved_as_it_was_shown_changes_nothing(all_sorts, people, manager, clock):
    client = signed_in(manager)
    actions.add_override(all_sorts, person=people[2], start=clock.now, end=clock.now + timedelta(hours=1), by=manager)
    sent = as_shown(client.get(change_page(all_sorts)))
    before = records(), version_of(all_sorts), shown(all_sorts)
    assert client.post(change_page(all_sorts), sent).status_code == 302
    assert (records(), version_of(all_sorts), shown(all_sorts)) == before
    stored = Roster.objects.get(pk=all_sorts.pk)
    assert (stored.frozen_until, stored.stands_in_during) == (all_sorts.frozen_until, all_sorts.stands_in_during)


def test_whoever_edits_it_too_is_told_of_no_change_that_never_was(roster, manager):
    client = signed_in(manager)
    edited = as_shown(client.get(change_page(roster))) | {"name": "Renamed"}
    client.post(change_page(roster), as_shown(client.get(change_page(roster))))
    assert client.post(change_page(roster), edited).status_code == 302
    assert Roster.objects.get().name == "Renamed"


@pytest.mark.parametrize(
    ("change", "written"),
    [
        ({"name": "Renamed"}, {"Roster": 1}),
        ({"stands_in_until": "2026-03-17T12:00"}, {"Roster": 1}),
        ({"layers-0-length": "3"}, {"Layer": 1}),
        ({"layers-0-add_people": "cleo"}, {"LayerMember": 1}),
        ({"layers-0-members-1-position": "5"}, {"LayerMember": 1}),
        ({"layers-0-members-1-DELETE": "on"}, {"LayerMember": 1}),
        ({"layers-0-covers": "Mon, Tue 18:00-09:00"}, {"Restriction": 3}),
    ],
    ids=str,
)
def test_only_what_was_changed_is_written(all_sorts, manager, change, written):
    client = signed_in(manager)
    sent = as_shown(client.get(change_page(all_sorts)))
    assert change.keys() <= sent.keys() | {"layers-0-members-1-DELETE"}
    before, version = records(), version_of(all_sorts)
    assert client.post(change_page(all_sorts), sent | change).status_code == 302
    assert {name: count - before[name] for name, count in records().items() if count != before[name]} == written
    assert version_of(all_sorts) != version


def test_a_version_that_is_how_it_is_now_is_brought_back_without_a_trace(roster, manager):
    client = signed_in(manager)
    before = records()
    assert client.post(revert_page(roster), form_on(client.get(revert_page(roster)))).status_code == 302
    assert records() == before
