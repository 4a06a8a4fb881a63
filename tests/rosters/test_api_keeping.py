"""Rosters looked at before they are saved, retired, copied and split, and their overrides, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.rosters import actions
from apps.rosters.models import Override, Roster
from apps.rosters.models.rosters import MOST_LAYERS
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown
from tests.rosters.test_api import client_of
from tests.rosters.test_api import shown as person_shown
from tests.rosters.test_api_writing import OFFICE_HOURS, PLATFORM, ROSTERS, records, send

pytestmark = pytest.mark.django_db

OVERRIDES = f"{PLATFORM}overrides/"
NOON = {"user": "ben@example.com", "start": "2026-03-02T12:00:00Z", "end": "2026-03-02T14:00:00Z"}


def test_a_preview_tells_six_weeks_and_the_gaps_and_saves_nothing(roster, clock, manager, people):
    client = client_of(manager)
    read = client.get(PLATFORM).json()
    before = records(), shown(roster)
    body = {"name": "Office", "layers": [read["layers"][0] | {"restrictions": [OFFICE_HOURS]}]}
    answer = send(client, "post", f"{PLATFORM}preview/", body)
    assert answer.status_code == 200
    told = answer.json()
    assert told["shifts"][0] == {
        "roster": "platform",
        "seat": 0,
        "person": person_shown(people[0]),
        "start": "2026-03-02T10:00:00Z",
        "end": "2026-03-02T17:00:00Z",
        "source": "layer",
    }
    assert (len(told["shifts"]), told["shifts"][-1]["end"]) == (30 + 1, "2026-04-13T16:00:00Z")
    assert told["gaps"][0] == {
        "start": "2026-03-02T17:00:00Z", "end": "2026-03-03T08:00:00Z", "held": 0, "wanted": 1, "stands_in": "",
        "seat": 0, "team": None,
    }  # fmt: skip
    assert (records(), shown(roster), client.get(PLATFORM).json()) == (before[0], before[1], read)


def test_a_preview_names_the_team_that_would_have_no_primary_roster(roster, clock, manager):
    answer = send(client_of(manager), "post", f"{PLATFORM}preview/", {"is_primary": False})
    assert answer.json()["gaps"] == [
        {
            "start": "2026-03-02T10:00:00Z",
            "end": None,
            "held": 0,
            "wanted": 1,
            "stands_in": "",
            "seat": 0,
            "team": "platform",
        }
    ]


def test_a_preview_of_a_roster_that_was_changed_meanwhile_is_refused(roster, manager):
    client = client_of(manager)
    version = client.get(PLATFORM).json()["version"]
    send(client, "patch", PLATFORM, {"name": "Other"})
    assert send(client, "post", f"{PLATFORM}preview/", {"name": "Mine", "version": version}).status_code == 409


def test_a_roster_is_retired_only_with_a_yes(roster, clock, manager):
    client = client_of(manager)
    before = shown(roster)
    refused = client.post(f"{PLATFORM}retire/")
    assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
    assert (shown(roster), Roster.objects.get().retired_at) == (before, None)
    answer = send(client, "post", f"{PLATFORM}retire/", {"accept_gaps": True})
    assert (answer.status_code, answer.json()["retired_at"]) == (200, "2026-03-02T10:00:00Z")
    assert not roster.shifts.exists()
    assert client.post(f"{PLATFORM}retire/").status_code == 200  # twice is once


def test_a_roster_with_nobody_on_call_is_retired_without_being_asked(roster, clock, manager, people):
    Roster.objects.create(slug="other", name="Other", team=roster.team)
    assert client_of(manager).post(f"{ROSTERS}other/retire/").status_code == 200
    held = Roster.objects.create(slug="three", name="Three", team=roster.team)
    layer_of(held, people)
    actions.materialise(held)
    assert client_of(manager).post(f"{ROSTERS}three/retire/").status_code == 409


def test_a_copy_is_answered_with_its_own_slug(roster, clock, manager):
    answer = client_of(manager).post(f"{PLATFORM}copy/")
    assert answer.status_code == 201
    twin = answer.json()
    assert (twin["slug"], twin["name"], twin["is_primary"]) == ("platform-2", "Platform (copy)", False)
    assert shown(Roster.objects.get(slug="platform-2")) == shown(roster)
    assert twin == client_of(manager).get(f"{ROSTERS}platform-2/").json()


def test_a_layer_is_split_and_the_new_one_changed_from_that_day_on(roster, clock, manager, people):
    client = client_of(manager)
    layer, before = roster.layers.get(), shown(roster)
    answer = send(client, "post", f"{PLATFORM}change-from/", {"layer": layer.pk, "day": "2026-03-09"})
    assert answer.status_code == 201
    following = answer.json()
    assert (following["name"], following["starts_on"], shown(roster)) == ("Days", "2026-03-09", before)
    ended, same = client.get(PLATFORM).json()["layers"]
    assert (ended["id"], ended["ends_on"], same) == (layer.pk, "2026-03-09", following)
    body = {"layers": [ended, following | {"people": [people[2].email]}]}
    assert send(client, "patch", PLATFORM, body).status_code == 200
    after = shown(roster)
    assert [each for each in after if each[1] < "03-09 08:00"] == [each for each in before if each[1] < "03-09 08:00"]
    assert {name for name, start, *_ in after if start >= "03-09 08:00"} == {"cleo"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"layer": 12345}, "layer"),
        ({"layer": "Days"}, "layer"),
        ({"day": "2026-03-01"}, "day"),
        ({"day": "tomorrow"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"day": None}, "day"),
        ({"from": "2026-03-09"}, "from"),
    ],
    ids=str,
)
def test_a_split_that_makes_no_sense_is_told_beside_its_field(roster, manager, change, field):
    body = {"layer": roster.layers.get().pk, "day": "2026-03-09", **change}
    answer = send(client_of(manager), "post", f"{PLATFORM}change-from/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert roster.layers.count() == 1


def test_one_layer_too_many_is_told_beside_the_layer(roster, manager, people):
    for number in range(MOST_LAYERS - 1):
        layer_of(roster, people, name=f"L{number}")
    body = {"layer": roster.layers.get(name="Days").pk, "day": "2026-03-09"}
    answer = send(client_of(manager), "post", f"{PLATFORM}change-from/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["layer"])


def test_a_layer_of_another_roster_is_not_split(roster, manager, people):
    other = layer_of(Roster.objects.create(slug="other", name="Other", team=roster.team), people)
    answer = send(client_of(manager), "post", f"{PLATFORM}change-from/", {"layer": other.pk, "day": "2026-03-09"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["layer"])


def test_overrides_that_are_not_over_are_listed_by_the_page_earliest_first(roster, clock, manager, responder):
    client = client_of(manager)
    made = [
        send(client, "post", OVERRIDES, NOON | {"start": start, "end": end, "reason": "Dentist"}).json()
        for start, end in (
            ("2026-03-04T12:00:00Z", "2026-03-04T14:00:00Z"),
            ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
            ("2026-03-02T12:00:00Z", "2026-03-02T14:00:00Z"),
        )
    ]
    clock.shift(hours=2)
    first = client_of(responder).get(OVERRIDES, {"page_size": 1}).json()
    second = client_of(responder).get(first["next"]).json()
    assert [*first["results"], *second["results"]] == [made[2], made[0]]
    assert second["next"] is None


def test_the_list_of_overrides_costs_the_same_for_one_and_for_many(roster, manager, people, django_assert_num_queries):
    client = client_of(manager)
    client.get(OVERRIDES)
    for day in range(3, 9):
        hours = {"start": f"2026-03-0{day}T12:00:00Z", "end": f"2026-03-0{day}T14:00:00Z"}
        assert send(client, "post", OVERRIDES, NOON | hours).status_code == 201
        with django_assert_num_queries(2):
            assert len(client.get(OVERRIDES).json()["results"]) == day - 2


def test_a_second_seat_is_overridden_too(roster, clock, manager, people):
    layer_of(roster, [], at_once=2)
    answer = send(client_of(manager), "post", OVERRIDES, NOON | {"seat": 1})
    assert (answer.status_code, answer.json()["seat"]) == (201, 1)
    at_noon = roster.shifts.filter(during__contains=clock.now + timedelta(hours=3)).order_by("seat")
    assert [(shift.seat, shift.person.name) for shift in at_noon] == [(0, "anna"), (1, "ben")]


def test_an_override_is_taken_back(roster, clock, manager):
    client = client_of(manager)
    before = shown(roster)
    made = send(client, "post", OVERRIDES, NOON).json()
    assert client.delete(f"{OVERRIDES}{made['id']}/").status_code == 204
    assert shown(roster) == before
    assert client.delete(f"{OVERRIDES}{made['id']}/").status_code == 404


def test_an_override_that_fills_a_gap_is_taken_back_only_with_a_yes(roster, clock, manager):
    roster.layers.get().delete()
    actions.materialise(roster)
    client = client_of(manager)
    made = send(client, "post", OVERRIDES, NOON).json()
    refused = client.delete(f"{OVERRIDES}{made['id']}/")
    assert (refused.status_code, [each["text"] for each in refused.json()["missing"]]) == (
        409, ["Nobody would be on call for Platform from 2026-03-02 12:00 on, UTC."],
    )  # fmt: skip
    assert Override.objects.exists()
    assert client.delete(f"{OVERRIDES}{made['id']}/?accept_gaps=maybe").status_code == 400
    assert client.delete(f"{OVERRIDES}{made['id']}/?accept_gaps=true").status_code == 204


def test_nobody_takes_back_what_is_not_theirs_to_take_back(roster, clock, team, manager, responder, people):
    made = send(client_of(manager), "post", OVERRIDES, NOON).json()
    address = f"{OVERRIDES}{made['id']}/"
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    stakeholder = member("steve@example.com", team, TeamRole.STAKEHOLDER)
    ai = Team.objects.create(slug="ai", name="AI")
    stranger = member("mia@example.com", ai, TeamRole.MANAGER)
    for person, status in ((responder, 403), (auditor, 403), (stakeholder, 403), (stranger, 404)):
        assert client_of(person).delete(address).status_code == status
    theirs = Roster.objects.create(slug="theirs", name="Theirs", team=ai)
    assert client_of(stranger).delete(f"{ROSTERS}{theirs.slug}/overrides/{made['id']}/").status_code == 404
    assert client_of(people[1]).delete(address).status_code == 204  # who stands in may


def test_an_override_that_is_over_stays(roster, clock, manager):
    made = send(client_of(manager), "post", OVERRIDES, NOON).json()
    clock.shift(hours=5)
    before = shown(roster)
    assert client_of(manager).delete(f"{OVERRIDES}{made['id']}/").status_code == 409
    assert roster.overrides.get().pk == made["id"]
    assert shown(roster) == before
