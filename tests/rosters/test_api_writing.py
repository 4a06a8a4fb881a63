"""Rosters made and changed over the API, with their layers as one whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.rosters import actions
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, LayerMember, Restriction, Roster
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of as client_with
from tests.rosters.building import layer_of, member, shown
from tests.rosters.test_api import client_of

pytestmark = pytest.mark.django_db

ROSTERS = "/api/v1/rosters/"
PLATFORM = "/api/v1/rosters/platform/"
OFFICE_HOURS = {"weekdays": [0, 1, 2, 3, 4], "start": "09:00", "end": "18:00"}


def follow_the_sun(people) -> dict[str, object]:
    """Nights that two take turns in, below the office hours of Tokyo, which another two cover together."""
    anna, ben, cleo = [person.email for person in people]
    return {
        "slug": "sun", "name": "Follow the sun", "team": "platform", "time_zone": "Europe/Berlin", "is_primary": True,
        "layers": [
            {"name": "Always", "rotation": "days", "starts_on": "2026-03-01", "people": [anna, ben]},
            {"name": "Tokyo", "rotation": "weeks", "handoff_weekday": 0, "time_zone": "Asia/Tokyo", "at_once": 2,
             "starts_on": "2026-03-01", "people": [cleo, anna], "restrictions": [OFFICE_HOURS]},
        ],
    }  # fmt: skip


def send(client, method: str, address: str, body: object):
    return getattr(client, method)(address, body, format="json")


def records() -> list[int]:
    """How many changes of rosters, layers, places and times the history holds."""
    return [kind.history.count() for kind in (Roster, Layer, LayerMember, Restriction)]


def test_a_roster_is_made_with_its_layers_and_answered_as_get_does(clock, manager, people):
    client = client_of(manager)
    answer = send(client, "post", ROSTERS, follow_the_sun(people))
    assert answer.status_code == 201
    made = answer.json()
    assert made == client.get(f"{ROSTERS}sun/").json()
    always, tokyo = made["layers"]
    assert (always["name"], always["position"]) == ("Always", 1)
    assert always["people"] == ["anna@example.com", "ben@example.com"]
    assert (always["handoff_time"], always["length"], always["restrictions"]) == ("09:00:00", 1, [])
    assert (tokyo["at_once"], tokyo["handoff_weekday"], tokyo["from_calendar"]) == (2, 0, False)
    assert tokyo["restrictions"] == [{"weekdays": [0, 1, 2, 3, 4], "start": "09:00:00", "end": "18:00:00", "days": 0}]
    roster = Roster.objects.get(slug="sun")
    assert sorted(shown(roster, 3)) == [
        ("anna", "03-03 00:00", "03-03 09:00", "layer"),
        ("ben", "03-02 10:00", "03-03 00:00", "layer"),
        ("cleo", "03-03 00:00", "03-03 09:00", "layer"),
    ]
    assert {row.history_user for row in (*Roster.history.all(), *Layer.history.all(), *LayerMember.history.all())} == {
        manager
    }


def test_a_new_layer_begins_today_in_its_zone(clock, manager, people):
    clock.shift(hours=6)  # 16:00 UTC, the next day in Tokyo
    body = {**follow_the_sun(people), "is_primary": False}
    anna = [people[0].email]
    layers = [{"name": "Tokyo", "time_zone": "Asia/Tokyo", "people": anna}, {"name": "Here", "people": anna}]
    made = send(client_of(manager), "post", ROSTERS, {**body, "layers": layers}).json()
    assert [layer["starts_on"] for layer in made["layers"]] == ["2026-03-03", "2026-03-02"]


def test_sending_the_same_again_touches_nothing(roster, clock, manager):
    client = client_of(manager)
    read = client.get(PLATFORM).json()
    before = records(), list(roster.shifts.values_list("pk", flat=True))
    clock.shift(hours=30)
    answer = send(client, "patch", PLATFORM, read)
    assert (answer.status_code, answer.json()) == (200, read)
    assert (records(), list(roster.shifts.values_list("pk", flat=True))) == before


def test_what_is_left_out_of_a_layer_is_as_in_a_new_one_but_its_first_day_stays(roster, clock, manager, people):
    layer = roster.layers.get()
    Layer.objects.filter(pk=layer.pk).update(at_once=2, holidays_of="DE")
    clock.shift(days=3)
    sent = [{"name": "Days", "rotation": "days", "people": [person.email for person in people]}]
    [changed] = send(client_of(manager), "patch", PLATFORM, {"layers": sent}).json()["layers"]
    assert (changed["id"], changed["at_once"], changed["holidays_of"]) == (layer.pk, 1, "")
    assert changed["starts_on"] == "2026-03-02"


def test_changed_layers_keep_their_identity_and_unchanged_ones_are_not_touched(roster, clock, manager, people):
    anna, ben, cleo = people
    nights = layer_of(roster, [anna, ben], name="Nights", position=2)
    Restriction.objects.create(layer=nights, weekdays=[5, 6], start="00:00", end="06:00")
    client = client_of(manager)
    days, night = client.get(PLATFORM).json()["layers"]
    before = records()
    night |= {"name": "Weekends", "people": [anna.email, cleo.email, ben.email], "restrictions": [OFFICE_HOURS]}
    answer = send(client, "patch", PLATFORM, {"layers": [days, night]})
    assert answer.status_code == 200
    assert [layer["id"] for layer in answer.json()["layers"]] == [days["id"], nights.pk]
    made = [now - then for then, now in zip(before, records(), strict=True)]
    # The layer; Cleo comes, Ben moves one down, Anna stays; one range goes and one comes.
    assert made == [0, 1, 2, 2]
    assert [place.person.name for place in nights.members.all()] == ["anna", "cleo", "ben"]
    newest = Layer.history.filter(id=nights.pk).first()
    assert (newest.name, newest.history_user) == ("Weekends", manager)


def test_a_layer_that_is_not_in_the_list_goes_and_says_by_whom(roster, clock, manager, people):
    gone = layer_of(roster, people[:1], name="Old", position=2)
    client = client_of(manager)
    days, _ = client.get(PLATFORM).json()["layers"]
    assert send(client, "patch", PLATFORM, {"layers": [days]}).status_code == 200
    assert not Layer.objects.filter(pk=gone.pk).exists()
    ended = Layer.history.get(id=gone.pk, history_type="-"), LayerMember.history.get(history_type="-")
    assert [row.history_user for row in ended] == [manager, manager]


def test_what_goes_with_a_layer_says_by_whom_without_a_request_too(roster, manager):
    actions.change_roster(roster, {}, layers=[], by=manager, accept_gaps=True)
    assert {row.history_user for row in LayerMember.history.filter(history_type="-")} == {manager}


def test_a_layer_whose_turns_come_from_a_calendar_stays(roster, clock, manager, people):
    fed = layer_of(roster, [], name="Calendar", position=2)
    source = CalendarSource.objects.create(layer=fed, url="https://calendars.example.com/a.ics")
    during = DateTimeTZRange(clock.now + timedelta(hours=1), clock.now + timedelta(hours=2))
    CalendarTurn.objects.create(source=source, person=people[2], during=during)
    client = client_of(manager)
    days, calendar = client.get(PLATFORM).json()["layers"]
    assert (days["from_calendar"], calendar["from_calendar"]) == (False, True)
    for layers in ([days | {"length": 2}], [days, calendar | {"ends_on": "2026-06-01"}]):
        assert send(client, "patch", PLATFORM, {"layers": layers}).status_code == 200
        assert ("cleo", "03-02 11:00", "03-02 12:00", "layer") in shown(roster)
    assert fed.calendar.url == source.url


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"people": ["anna@example.com"]}, "people"),
        ({"people": []}, "people"),
        ({"rotation": "weeks"}, "rotation"),
        ({"length": 2}, "length"),
        ({"at_once": 2}, "at_once"),
        ({"holidays_of": "DE"}, "holidays_of"),
        ({"restrictions": [OFFICE_HOURS]}, "restrictions"),
    ],
    ids=str,
)
def test_what_a_calendar_says_is_not_changed_in_its_layer(roster, clock, manager, people, change, field):
    fed = layer_of(roster, people[1:], name="Calendar", position=2)
    CalendarSource.objects.create(layer=fed, url="https://calendars.example.com/a.ics")
    client = client_of(manager)
    days, calendar = client.get(PLATFORM).json()["layers"]
    answer = send(client, "patch", PLATFORM, {"layers": [days, calendar | change]})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"layers": [{}, {field: ["The turns of Calendar come from a calendar: change them there."]}]},
    )
    assert client.get(PLATFORM).json()["layers"] == [days, calendar]
    assert send(client, "patch", PLATFORM, {"layers": [days, calendar]}).status_code == 200
    short = {"name": "Calendar", "people": calendar["people"]}
    assert send(client, "patch", PLATFORM, {"layers": [days, short]}).status_code == 200
    assert client.get(PLATFORM).json()["layers"][1]["rotation"] == "days"


def test_a_roster_has_so_many_layers_at_most_with_those_of_calendars(roster, manager, people):
    fed = layer_of(roster, [], name="Calendar", position=99)
    CalendarSource.objects.create(layer=fed, url="https://calendars.example.com/a.ics")
    layers = [{"name": f"L{number}", "people": [people[0].email]} for number in range(50)]
    client = client_of(manager)
    answer = send(client, "patch", PLATFORM, {"layers": layers})
    assert (answer.status_code, answer.json()["errors"]) == (
        400, {"layers": ["Platform would have more than 50 layers."]},
    )  # fmt: skip
    assert send(client, "patch", PLATFORM, {"layers": layers[1:]}).status_code == 200
    split = {"layer": roster.layers.get(name="L7").pk, "day": "2026-03-09"}
    assert send(client, "post", f"{PLATFORM}change-from/", split).status_code == 400
    assert roster.layers.count() == 50


def test_who_was_on_call_stays_on_the_record(roster, clock, manager, people):
    clock.shift(hours=30)
    before = [each for each in shown(roster) if each[2] <= "03-03 16:00"]
    sent = [{"name": "Days", "rotation": "days", "people": [people[2].email]}]
    assert send(client_of(manager), "patch", PLATFORM, {"layers": sent}).status_code == 200
    assert shown(roster, 3) == [
        *before, ("ben", "03-03 08:00", "03-03 16:00", "layer"), ("cleo", "03-03 16:00", "03-04 08:00", "layer"),
    ]  # fmt: skip


def test_fields_that_are_not_named_stay(roster, manager):
    answer = send(client_of(manager), "patch", PLATFORM, {"name": "Around the clock", "holidays_of": "DE"}).json()
    assert (answer["name"], answer["holidays_of"], answer["time_zone"]) == ("Around the clock", "DE", "Europe/Berlin")
    assert (answer["is_primary"], len(answer["layers"])) == (True, 1)


def test_a_roster_stands_in_for_another_and_ends_to(roster, clock, manager, people):
    client = client_of(manager)
    body = {
        **follow_the_sun(people), "is_primary": False, "stands_in_for": "platform",
        "stands_in_from": "2026-03-03T12:00:00Z", "stands_in_until": "2026-03-04T00:00:00Z",
        "layers": [{"name": "Holidays", "starts_on": "2026-03-01", "people": [people[2].email]}],
    }  # fmt: skip
    made = send(client, "post", ROSTERS, body).json()
    assert (made["stands_in_for"], made["stands_in_until"]) == ("platform", "2026-03-04T00:00:00Z")
    assert shown(roster, 3)[2] == ("cleo", "03-03 12:00", "03-04 00:00", "override")
    assert send(client, "patch", f"{ROSTERS}sun/", {"stands_in_until": "2026-03-03T20:00:00Z", "accept_gaps": True})
    assert shown(roster, 3)[2] == ("cleo", "03-03 12:00", "03-03 20:00", "override")
    ended = send(client, "patch", f"{ROSTERS}sun/", {"stands_in_for": None})
    assert (ended.status_code, ended.json()["stands_in_from"]) == (200, None)
    assert shown(roster, 2)[1] == ("ben", "03-03 08:00", "03-04 08:00", "layer")


def test_managers_write_with_a_token_that_may_manage(roster, manager, responder, people):
    for scope, status, name in ((Scope.RESPOND, 403, "Platform"), (Scope.MANAGE, 200, "New")):
        assert send(client_with(manager, scope=scope), "patch", PLATFORM, {"name": "New"}).status_code == status
        roster.refresh_from_db()
        assert roster.name == name
    assert send(client_with(responder, scope=Scope.MANAGE), "patch", PLATFORM, {"name": "Mine"}).status_code == 403
    assert client_with(responder, scope=Scope.RESPOND).post(f"{PLATFORM}notes/", {"text": "Quiet"}).status_code == 201
    roster.refresh_from_db()
    assert (roster.name, roster.handover_notes.get().author) == ("New", responder)


WRITES = [
    ("patch", ""), ("post", "preview/"), ("post", "retire/"), ("post", "copy/"), ("post", "change-from/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address"), WRITES)
@pytest.mark.parametrize("role", [TeamRole.RESPONDER, TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_who_does_not_manage_the_team_writes_nothing(roster, team, role, method, address):
    before = records()
    client = client_of(member("other@example.com", None if role == TeamRole.AUDITOR else team, role))
    assert send(client, method, PLATFORM + address, {"nothing": 1}).status_code == 403
    assert records() == before


@pytest.mark.parametrize(("method", "address"), WRITES)
def test_of_another_team_there_is_no_roster_and_nothing_to_refer_to(roster, people, method, address):
    ai = Team.objects.create(slug="ai", name="AI")
    client = client_of(member("mia@example.com", ai, TeamRole.MANAGER))
    assert send(client, method, PLATFORM + address, {}).status_code == 404
    answer = send(client, "post", ROSTERS, {"slug": "x", "name": "X", "team": "platform", "stands_in_for": "platform"})
    assert (answer.status_code, sorted(answer.json()["errors"])) == (400, ["stands_in_for", "team"])


def test_only_who_manages_some_team_adds_rosters_and_learns_which_slugs_are_taken(roster, manager, responder, people):
    for slug in ("platform", "free"):
        answer = send(client_of(responder), "post", ROSTERS, {"slug": slug, "name": "X", "team": "platform"})
        assert answer.status_code == 403
    answer = send(client_of(manager), "post", ROSTERS, {"slug": "platform", "name": "X", "team": "platform"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slug"])


def test_a_roster_that_is_sent_twice_under_one_key_is_made_once(clock, manager, people):
    client = client_with(manager, scope=Scope.MANAGE)
    answers = [
        client.post(ROSTERS, follow_the_sun(people), format="json", HTTP_IDEMPOTENCY_KEY="one") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Roster.objects.count() == 1


def test_writing_many_layers_asks_for_their_people_once(roster, manager, people, django_assert_max_num_queries):
    client = client_of(manager)
    layers = [
        {"name": f"L{n}", "people": [each.email for each in people], "starts_on": "2026-03-02"} for n in range(20)
    ]
    assert send(client, "patch", PLATFORM, {"layers": layers}).status_code == 200
    with django_assert_max_num_queries(30):
        assert send(client, "patch", PLATFORM, {"layers": layers}).status_code == 200
