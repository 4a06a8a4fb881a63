"""What cannot be written of a roster over the API is told beside its field, and nothing is saved by half."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.rosters import actions
from apps.rosters.models import Roster
from apps.teams.models import TeamRole, User
from tests.rosters.building import layer_of, member, shown
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import OFFICE_HOURS, PLATFORM, ROSTERS, follow_the_sun, records, send

pytestmark = pytest.mark.django_db

LATER = {"stands_in_from": "2026-03-05T12:00:00Z", "stands_in_until": "2026-03-06T00:00:00Z"}


def told(errors: object) -> list[str]:
    """Where the mistakes are, as paths."""
    if isinstance(errors, dict):
        return [f"{name}.{path}".strip(".") for name, below in errors.items() for path in told(below)]
    if isinstance(errors, list) and any(isinstance(each, dict) for each in errors):
        return [f"{number}.{path}".strip(".") for number, below in enumerate(errors) for path in told(below)]
    return [""] if errors else []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"slug": "a b"}, "slug"),
        ({"team": "nothing"}, "team"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"holidays_of": "Atlantis"}, "holidays_of"),
        ({"frozen_until": "2026-03-09T09:00:00"}, "frozen_until"),
        ({"frozen_until": "2999-03-09T09:00:00Z"}, "frozen_until"),
        ({"zone": "UTC"}, "zone"),
        ({"version": "1"}, "version"),
        ({"stands_in_for": "nothing"}, "stands_in_for"),
        ({"stands_in_for": "platform"}, "stands_in_from"),
        ({"stands_in_until": "2026-03-09T09:00:00Z"}, "stands_in_for"),
        ({"layers": "Days"}, "layers.non_field_errors"),
        ({"layers": [{"name": "Days", "people": []}] * 51}, "layers.non_field_errors"),
    ],
    ids=str,
)
def test_a_mistake_in_a_new_roster_is_told_beside_its_field(roster, manager, people, change, where):
    before = records()
    answer = send(client_of(manager), "post", ROSTERS, {**follow_the_sun(people), "is_primary": False, **change})
    assert (answer.status_code, told(answer.json()["errors"])) == (400, [where])
    assert records() == before


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": 12345}, "id"),
        ({"name": ""}, "name"),
        ({"length": 0}, "length"),
        ({"length": 1001}, "length"),
        ({"at_once": 11}, "at_once"),
        ({"position": 10_001}, "position"),
        ({"rotation": "years"}, "rotation"),
        ({"handoff_time": "25:00"}, "handoff_time"),
        ({"handoff_weekday": 2}, "handoff_weekday"),
        ({"rotation": "weeks", "handoff_weekday": 7}, "handoff_weekday"),
        ({"starts_on": "1999-12-31"}, "starts_on"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": "9999-12-31"}, "ends_on"),
        ({"ends_on": "2026-03-02"}, "ends_on"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"holidays_of": "XQ"}, "holidays_of"),
        ({"covers": "Mon"}, "covers"),
        ({"people": ["anna@example.com", "ANNA@example.com"]}, "people"),
        ({"people": ["nobody@example.com"]}, "people"),
        ({"people": ["vera@example.com"]}, "people"),
        ({"people": ["anna"]}, "people.0"),
        ({"people": None}, "people"),
        ({"restrictions": [OFFICE_HOURS, {**OFFICE_HOURS, "end": "09:00"}]}, "restrictions.1.end"),
        ({"restrictions": [{**OFFICE_HOURS, "days": 7}]}, "restrictions.0.end"),
        ({"restrictions": [{**OFFICE_HOURS, "days": 8}]}, "restrictions.0.days"),
        ({"restrictions": [{**OFFICE_HOURS, "weekdays": []}]}, "restrictions.0.weekdays"),
        ({"restrictions": [{**OFFICE_HOURS, "weekdays": [7]}]}, "restrictions.0.weekdays.0"),
        ({"restrictions": [{**OFFICE_HOURS, "day": 1}]}, "restrictions.0.day"),
        ({"restrictions": [{"weekdays": [1]}]}, "restrictions.0.start restrictions.0.end"),
    ],
    ids=str,
)
def test_a_mistake_in_a_layer_is_told_beside_its_field(roster, team, manager, change, where):
    member("vera@example.com", team, TeamRole.STAKEHOLDER)
    client = client_of(manager)
    [days] = client.get(PLATFORM).json()["layers"]
    new = {"name": "New", "rotation": "days", "starts_on": "2026-03-02", "people": ["ben@example.com"], **change}
    before = records(), shown(roster)
    for method, address in (("patch", PLATFORM), ("post", f"{PLATFORM}preview/")):
        answer = send(client, method, address, {"name": "Other", "layers": [days | {"length": 2}, new]})
        assert answer.status_code == 400
        assert told(answer.json()["errors"]) == [f"layers.1.{each}" for each in where.split()]
    assert (records(), shown(roster)) == before


def test_a_layer_is_whole_so_its_people_are_not_left_out(roster, manager):
    answer = send(client_of(manager), "patch", PLATFORM, {"layers": [{"name": "Days"}]})
    assert (answer.status_code, told(answer.json()["errors"])) == (400, ["layers.0.people"])


def test_of_two_layers_with_one_id_neither_is_written(roster, manager):
    client = client_of(manager)
    [days] = client.get(PLATFORM).json()["layers"]
    answer = send(client, "patch", PLATFORM, {"layers": [days, days]})
    assert (answer.status_code, told(answer.json()["errors"])) == (400, ["layers.1.id"])


def test_whoever_has_left_stays_until_they_are_taken_out_and_does_not_come_back(roster, manager, people):
    client = client_of(manager)
    read = client.get(PLATFORM).json()
    User.objects.filter(pk=people[1].pk).update(is_active=False)
    assert send(client, "patch", PLATFORM, {"layers": read["layers"]}).status_code == 200
    anna, ben, cleo = read["layers"][0]["people"]
    for names, status in (([anna, cleo], 200), ([anna, ben, cleo], 400)):
        layer = read["layers"][0] | {"people": names}
        assert send(client, "patch", PLATFORM, {"layers": [layer]}).status_code == status


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"slug": "other"}, "slug"),
        ({"team": "ai"}, "team"),
        ({"retired_at": "2026-03-02T10:00:00Z"}, "retired_at"),
        ({"zone": "UTC"}, "zone"),
        ({"stands_in_for": "platform"}, "stands_in_from"),
        ({"frozen_until": "soon"}, "frozen_until"),
    ],
    ids=str,
)
def test_what_cannot_be_changed_is_told_beside_its_field(roster, manager, change, where):
    before = records()
    answer = send(client_of(manager), "patch", PLATFORM, change)
    assert (answer.status_code, told(answer.json()["errors"])) == (400, [where])
    assert records() == before


def test_a_team_has_one_primary_roster(roster, manager, people):
    client = client_of(manager)
    answer = send(client, "post", ROSTERS, follow_the_sun(people))
    assert (answer.status_code, told(answer.json()["errors"])) == (400, ["is_primary"])
    assert send(client, "post", ROSTERS, {**follow_the_sun(people), "is_primary": False}).status_code == 201
    answer = send(client, "patch", f"{ROSTERS}sun/", {"is_primary": True})
    assert answer.json()["errors"] == {"is_primary": ["The team already has a primary roster."]}


@pytest.mark.parametrize(
    ("who", "change", "where"),
    [
        ("other", {"stands_in_for": "other"}, "stands_in_for"),
        ("other", {"stands_in_for": "holidays"}, "stands_in_for"),
        ("other", {"stands_in_for": "old"}, "stands_in_for"),
        ("platform", {"stands_in_for": "other"}, "stands_in_for"),
        ("other", {"stands_in_for": "platform", "is_primary": True, **LATER}, "is_primary"),
        ("other", {"stands_in_for": "platform"}, "stands_in_from"),
        ("other", {"stands_in_for": "platform", "stands_in_until": "2026-03-03T12:00:00Z"}, "stands_in_until"),
        ("holidays", {"stands_in_until": None}, "stands_in_until"),
    ],
    ids=str,
)
def test_a_roster_that_stands_in_makes_sense(roster, team, clock, manager, who, change, where):
    noon = clock.now + timedelta(hours=26)
    during = DateTimeTZRange(noon, noon + timedelta(days=1))
    Roster.objects.create(slug="holidays", name="Holidays", team=team, stands_in_for=roster, stands_in_during=during)
    Roster.objects.create(slug="old", name="Old", team=team, retired_at=clock.now)
    Roster.objects.create(slug="other", name="Other", team=team)
    times = {"stands_in_from": "2026-03-03T12:00:00Z", "stands_in_until": "2026-03-04T00:00:00Z"}
    times = times if "stands_in_for" in change else {}
    before = records()
    answer = send(client_of(manager), "patch", f"{ROSTERS}{who}/", {**times, **change})
    assert (answer.status_code, told(answer.json()["errors"])) == (400, [where])
    assert records() == before


def test_a_write_after_another_is_refused_and_changes_nothing(roster, manager):
    client = client_of(manager)
    read = client.get(PLATFORM).json()
    other = send(client, "patch", PLATFORM, {"layers": [read["layers"][0] | {"length": 2}]}).json()
    assert other["version"] != read["version"]
    before = records()
    late = send(client, "patch", PLATFORM, {"name": "Late", "version": read["version"]})
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "The roster Platform was changed meanwhile; read it anew.",
    )
    assert records() == before
    assert send(client, "patch", PLATFORM, {"name": "In time", "version": other["version"]}).status_code == 200


def test_the_layers_of_a_frozen_roster_stand_still(roster, clock, manager):
    client = client_of(manager)
    assert send(client, "patch", PLATFORM, {"frozen_until": "2026-03-09T09:00:00Z"}).status_code == 200
    read, before = client.get(PLATFORM).json(), records()
    [days] = read["layers"]
    for change in ({"layers": [days | {"length": 2}]}, {"layers": []}, {"time_zone": "UTC"}, {"holidays_of": "DE"}):
        for unfrozen in ({}, {"frozen_until": None}):
            answer = send(client, "patch", PLATFORM, {**change, **unfrozen, "accept_gaps": True})
            assert (answer.status_code, "stand still until 2026-03-09" in answer.json()["detail"]) == (409, True)
    assert records() == before
    assert send(client, "patch", PLATFORM, read).status_code == 200
    assert send(client, "patch", PLATFORM, {"name": "Frozen"}).status_code == 200
    clock.shift(days=7)
    assert send(client, "patch", PLATFORM, {"layers": [days | {"length": 2}]}).status_code == 200


def test_a_retired_roster_is_not_changed(roster, manager):
    actions.retire(roster, by=manager)
    assert send(client_of(manager), "patch", PLATFORM, {"name": "Again"}).status_code == 409


def test_a_change_that_makes_a_gap_is_made_only_with_a_yes(roster, clock, manager, people):
    client = client_of(manager)
    [days] = client.get(PLATFORM).json()["layers"]
    body = {"layers": [days | {"restrictions": [OFFICE_HOURS]}]}
    before = records(), shown(roster)
    refused = send(client, "patch", PLATFORM, body)
    assert (refused.status_code, (records(), shown(roster))) == (409, before)
    assert refused.json()["missing"][0] == {
        "gate": "accept_gaps",
        "item_id": None,
        "text": "Nobody would be on call for Platform from 2026-03-02 17:00 to 2026-03-03 08:00 UTC.",
    }
    assert send(client, "patch", PLATFORM, {**body, "accept_gaps": True}).status_code == 200
    assert shown(roster, 1) == [("anna", "03-02 10:00", "03-02 17:00", "layer")]
    # The gap is there already: what does not widen it needs no yes.
    assert send(client, "patch", PLATFORM, {"layers": [days | {"restrictions": [OFFICE_HOURS], "length": 2}]})
    assert roster.layers.get().length == 2


def test_a_layer_without_people_is_refused_by_its_field(clock, manager, people):
    body = follow_the_sun(people) | {"layers": [{"name": "Empty", "people": []}], "accept_gaps": True}
    refused = send(client_of(manager), "post", ROSTERS, body)
    assert refused.status_code == 400
    assert "Nobody takes turns" in refused.json()["errors"]["layers"][0]["people"][0]
    assert not Roster.objects.exists()


def test_a_new_primary_roster_with_a_gap_needs_a_yes_and_another_does_not(clock, manager, people):
    client = client_of(manager)
    body = follow_the_sun(people) | {
        "layers": [{"name": "Office", "people": [people[0].email], "restrictions": [OFFICE_HOURS]}]
    }
    refused = send(client, "post", ROSTERS, body)
    assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
    assert not Roster.objects.exists()
    assert send(client, "post", ROSTERS, body | {"accept_gaps": True}).status_code == 201
    other = body | {"slug": "other", "is_primary": False}
    assert send(client, "post", ROSTERS, other).status_code == 201


def test_a_gap_in_the_roster_that_it_stood_in_for_counts_too(roster, team, clock, manager, people):
    during = DateTimeTZRange(clock.now, clock.now + timedelta(days=2))
    standing_in = Roster.objects.create(
        slug="holidays", name="Holidays", team=team, stands_in_for=roster, stands_in_during=during
    )
    layer_of(standing_in, people[:1])
    roster.layers.get().delete()
    actions.materialise(standing_in)
    client = client_of(manager)
    refused = send(client, "patch", f"{ROSTERS}holidays/", {"stands_in_for": None})
    assert refused.status_code == 409
    assert "from 2026-03-02 10:00 on" in refused.json()["missing"][0]["text"]
    assert client.post(f"{ROSTERS}holidays/retire/").status_code == 409
