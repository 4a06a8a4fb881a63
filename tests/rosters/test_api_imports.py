"""Overrides from a calendar, and tables of layers and overrides, taken in over the API: first looked at, then done."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.rosters import actions, exports, tables
from apps.rosters.calendars import feeds, reading
from apps.rosters.models import Override, Roster
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of as client_with
from tests.rosters.building import layer_of, member, shown
from tests.rosters.calendars import calendar, event
from tests.rosters.test_api import client_of
from tests.rosters.test_api import shown as person_shown
from tests.rosters.test_api_writing import PLATFORM, records, send

pytestmark = pytest.mark.django_db

CALENDAR = f"{PLATFORM}import-calendar/"
TABLES = "/api/v1/roster-tables/"
LAYERS, OVERRIDES, SHIFTS = f"{TABLES}layers/", f"{TABLES}overrides/", f"{TABLES}shifts/"
CLEO = calendar(
    event("1", ":20260302T080000Z", ":20260303T080000Z", summary="Anna"),  # so already
    event("2", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo stands in"),
    event("3", ":20260304T080000Z", ":20260305T080000Z", summary="Zoe"),
    event("4", ":20260310T080000Z", ":20260620T080000Z", summary="Anna for ever"),
)
ROWS = (
    "roster;person;start;end;reason\n"
    "platform;mona@example.com;2026-03-05 09:00;2026-03-05 10:00;Dentist\n"
    "platform;anna@example.com;2026-03-02 12:00;2026-03-02 13:00;\n"
    "platform;zoe@example.com;2026-03-06 09:00;2026-03-06 10:00;\n"
    "ai;mona@example.com;2026-03-06 09:00;2026-03-06 10:00;\n"
)


def look(client, address: str, text: bytes | str, **headers):
    sent = SimpleUploadedFile("sent", text if isinstance(text, bytes) else text.encode())
    return client.post(f"{address}preview/", {"file": sent}, format="multipart", **headers)


def done(client, address: str, plan: str, **more):
    return send(client, "post", address, {"plan": plan, **more})


def layers_text(roster: Roster, **changes: str) -> str:
    text = exports.layers_csv(Roster.objects.filter(pk=roster.pk))
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def cells(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode(), newline="")))


@pytest.fixture
def elsewhere(db, people) -> Roster:
    roster = Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(roster, people)
    actions.materialise(roster)
    return roster


def test_a_calendar_is_looked_at_and_then_taken_in(roster, clock, manager, people):
    client, before = client_of(manager), shown(roster)
    told = look(client, CALENDAR, CLEO).json()
    assert told["added"] == [
        {"roster": "platform", "seat": 0, "person": person_shown(people[2]), "start": "2026-03-03T08:00:00Z",
         "end": "2026-03-04T08:00:00Z", "reason": "Cleo stands in"},
    ]  # fmt: skip
    assert [each["reason"] for each in told["already"]] == ["Anna"]
    assert [each["problem"] for each in told["refused"]] == ["It lasts at most 93 days."]
    assert [(each["summary"], each["times"], each["first"]) for each in told["unmatched"]] == [("Zoe", 1, "2026-03-04")]
    assert (shown(roster), Override.objects.count()) == (before, 0)
    answer = done(client, CALENDAR, told["plan"])
    assert (answer.status_code, answer.json()) == (200, {"added": 1})
    assert shown(roster, 2)[1] == ("cleo", "03-03 08:00", "03-04 08:00", "override")
    assert Override.objects.get().created_by == manager
    assert done(client, CALENDAR, told["plan"]).json() == {"added": 0}
    exported = look(client, CALENDAR, feeds.calendar_of_roster(roster, now=clock.now)).json()
    assert (exported["added"], exported["plan"]) == ([], None)


def test_overrides_of_a_table_are_looked_at_and_then_added(roster, elsewhere, clock, manager):
    client, before = client_of(manager), shown(roster)
    told = look(client, OVERRIDES, ROWS).json()
    assert told["added"] == [
        {"roster": "platform", "seat": 0, "person": person_shown(manager), "start": "2026-03-05T08:00:00Z",
         "end": "2026-03-05T09:00:00Z", "reason": "Dentist"},
    ]  # fmt: skip
    assert [each["person"]["name"] for each in told["already"]] == ["anna"]
    assert told["problems"] == [
        {"row": 4, "reason": "Nobody has the mail address zoe@example.com."},
        {"row": 5, "reason": "You manage no roster “ai”."},
    ]
    assert (shown(roster), Override.objects.count()) == (before, 0)
    assert done(client, OVERRIDES, told["plan"]).json() == {"added": 1}
    assert Override.objects.get().reason == "Dentist"
    assert done(client, OVERRIDES, told["plan"]).json() == {"added": 0}


@pytest.mark.parametrize(("address", "text"), [(CALENDAR, CLEO), (OVERRIDES, ROWS)])
def test_what_somebody_took_back_is_not_added_again(roster, clock, manager, address, text):
    client = client_of(manager)
    plan = look(client, address, text).json()["plan"]
    assert done(client, address, plan).json() == {"added": 1}
    [made] = client.get(f"{PLATFORM}overrides/").json()["results"]
    assert client.delete(f"{PLATFORM}overrides/{made['id']}/").status_code == 204
    refused = done(client, address, plan)
    assert (refused.status_code, "Overrides of Platform were changed since" in refused.json()["detail"]) == (409, True)
    assert not Override.objects.exists()


def test_layers_of_a_table_are_looked_at_and_then_changed(roster, clock, manager):
    client, before = client_of(manager), (records(), shown(roster))
    told = look(client, LAYERS, layers_text(roster, ben="mona", **{",days,": ",hours,"})).json()
    assert told["changes"] == [
        {
            "roster": "platform",
            "layers": [
                {
                    "layer": "Days",
                    "verb": "changed",
                    "settings": [{"column": "rotation", "before": "days", "after": "hours"}],
                    "people_before": ["anna@example.com", "ben@example.com", "cleo@example.com"],
                    "people": ["anna@example.com", "mona@example.com", "cleo@example.com"],
                }
            ],
        }
    ]
    assert (told["gaps"], told["problems"]) == ([], [])
    assert (records(), shown(roster)) == before
    answer = done(client, LAYERS, told["plan"])
    assert (answer.status_code, answer.json()) == (200, {"changed": ["platform"]})
    assert {name for name, *_ in shown(roster, 3)} == {"anna", "mona", "cleo"}
    assert roster.layers.get().history.first().history_user == manager
    assert look(client, LAYERS, layers_text(roster)).json() == {
        "changes": [], "gaps": [], "problems": [], "plan": None,
    }  # fmt: skip


def test_a_row_that_cannot_be_used_leaves_nothing_to_import(roster, elsewhere, clock, manager):
    text = layers_text(roster, ben="zoe") + layers_text(elsewhere).split("\n", 1)[1]
    told = look(client_of(manager), LAYERS, text).json()
    assert told["problems"] == [
        {"row": 3, "reason": "Nobody has the mail address zoe@example.com."},
        {"row": 5, "reason": "You manage no roster “ai”."},
    ]
    assert (told["changes"], told["plan"]) == ([], None)


def test_layers_that_leave_a_gap_are_imported_only_with_a_yes(roster, clock, manager):
    client, before = client_of(manager), (records(), shown(roster))
    told = look(client, LAYERS, layers_text(roster, **{"2026-03-02,,,": "2026-03-02,,Mon-Fri 09:00-18:00,"})).json()
    first = "Nobody would be on call for Platform from 2026-03-02 17:00 to 2026-03-03 08:00 UTC."
    assert told["gaps"][0] == first
    refused = done(client, LAYERS, told["plan"])
    assert (refused.status_code, refused.json()["missing"][0]) == (
        409, {"gate": "accept_gaps", "item_id": None, "text": first},
    )  # fmt: skip
    assert (records(), shown(roster)) == before
    assert done(client, LAYERS, told["plan"], accept_gaps=True).status_code == 200
    assert roster.layers.get().restrictions.exists()


def test_layers_that_were_changed_meanwhile_are_to_be_looked_at_again(roster, clock, manager):
    client = client_of(manager)
    plan = look(client, LAYERS, layers_text(roster, ben="mona")).json()["plan"]
    roster.layers.update(length=2)
    refused = done(client, LAYERS, plan)
    assert (refused.status_code, "changed meanwhile" in refused.json()["detail"]) == (409, True)
    assert roster.layers.get().members.filter(person__name="ben").exists()


@pytest.mark.parametrize("address", [CALENDAR, LAYERS, OVERRIDES])
def test_what_was_not_shown_or_long_ago_is_not_done(roster, team, clock, manager, address):
    other = Roster.objects.create(slug="other", name="Other", team=team)
    texts = {CALENDAR: CLEO, LAYERS: layers_text(roster, ben="mona"), OVERRIDES: ROWS}
    client, before = client_of(manager), records()
    plan = look(client, address, texts[address]).json()["plan"]
    places = {CALENDAR, LAYERS, OVERRIDES, f"/api/v1/rosters/{other.slug}/import-calendar/"} - {address}
    for where, sent in [*((place, plan) for place in places), (address, plan[:-2]), (address, "nonsense")]:
        answer = done(client, where, sent)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["plan"])
    assert list(send(client, "post", address, {}).json()["errors"]) == ["plan"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=True):
        assert list(done(client, address, plan).json()["errors"]) == ["plan"]
    assert (records(), Override.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("address", "sent", "said"),
    [
        (CALENDAR, b"", "empty"),
        (CALENDAR, b"nonsense", "no calendar in the iCalendar format"),
        (CALENDAR, b"x" * (20 * 1024 * 1024), f"It is larger than {reading.LARGEST_IN_WORDS}."),
        (CALENDAR, calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=SECONDLY")), "every hour"),
        *(
            (address, sent, said)
            for address in (LAYERS, OVERRIDES)
            for sent, said in (
                (b"", "empty"),
                (b"x" * (20 * 1024 * 1024), f"It is larger than {tables.LARGEST_IN_WORDS}."),
                (b"\xff\xd8\xff", "not in UTF-8"),
                (b"some,other,table", "Its first row names the columns; missing: roster"),
            )
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_cannot_be_used_is_told_beside_it(roster, clock, manager, address, sent, said):
    answer = look(client_of(manager), address, sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])
    assert said in answer.json()["errors"]["file"][0]


def test_the_same_file_or_plan_under_one_key_is_looked_at_and_done_once(roster, clock, manager):
    client = client_with(manager, scope=Scope.MANAGE)
    first, again = (look(client, OVERRIDES, ROWS, HTTP_IDEMPOTENCY_KEY="a") for _ in range(2))
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert look(client, OVERRIDES, ROWS + "\n", HTTP_IDEMPOTENCY_KEY="a").status_code == 409
    body = {"plan": first.json()["plan"]}
    answers = [client.post(OVERRIDES, body, HTTP_IDEMPOTENCY_KEY="b").json() for _ in range(2)]
    assert answers == [{"added": 1}] * 2


@pytest.mark.parametrize("address", [CALENDAR, LAYERS, OVERRIDES])
def test_who_may_not_manage_takes_nothing_in(roster, clock, team, manager, address):
    texts = {CALENDAR: CLEO, LAYERS: layers_text(roster, ben="mona"), OVERRIDES: ROWS}
    plan = look(client_of(manager), address, texts[address])
    others = [
        member("rick@example.com", team, TeamRole.RESPONDER),
        member("steve@example.com", team, TeamRole.STAKEHOLDER),
        member("audrey@example.com", None, TeamRole.AUDITOR),
    ]
    clients = [*map(client_of, others), *(client_with(manager, scope=each) for each in (Scope.READ, Scope.RESPOND))]
    for client in clients:
        assert look(client, address, "nothing").status_code == 403
        assert done(client, address, plan.json()["plan"]).status_code == 403
    assert not Override.objects.exists()


def test_a_manager_of_another_team_finds_no_roster_and_cannot_use_the_plan_of_others(roster, elsewhere, clock, manager):
    stranger = client_of(member("mia@example.com", elsewhere.team, TeamRole.MANAGER))
    assert look(stranger, CALENDAR, CLEO).status_code == 404
    assert done(stranger, CALENDAR, "x").status_code == 404
    assert look(stranger, OVERRIDES, ROWS).json()["problems"][0] == {
        "row": 2, "reason": "You manage no roster “platform”.",
    }  # fmt: skip
    assert done(stranger, OVERRIDES, look(client_of(manager), OVERRIDES, ROWS).json()["plan"]).status_code == 403
    theirs = look(client_of(manager), LAYERS, layers_text(roster, ben="mona")).json()["plan"]
    assert (done(stranger, LAYERS, theirs).status_code, Override.objects.count()) == (400, 0)


def test_layers_are_taken_away_by_whoever_sees_the_rosters(roster, elsewhere, clock, responder):
    client = client_with(responder, scope=Scope.READ)
    answer = client.get(LAYERS, headers={"Accept": "text/csv"})
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8", 'attachment; filename="platform-layers.csv"',
    )  # fmt: skip
    assert answer.content.decode() == layers_text(roster)
    auditor = client_of(member("audrey@example.com", None, TeamRole.AUDITOR))
    assert {row["roster"] for row in cells(auditor.get(LAYERS))} == {"platform", "ai"}
    assert {row["roster"] for row in cells(auditor.get(f"{LAYERS}?roster=ai"))} == {"ai"}
    assert {row["roster"] for row in cells(auditor.get(f"{LAYERS}?roster=ai&roster=platform"))} == {"platform", "ai"}
    for query in ({"roster": "ai"}, {"roster": "nothing"}, {"roster": "a b"}):
        refused = client.get(LAYERS, query)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["roster"])


def test_shifts_are_taken_away_from_one_day_to_another(roster, elsewhere, clock, responder):
    answer = client_of(responder).get(SHIFTS, {"from": "2026-03-03", "to": "2026-03-03"})
    assert answer["Content-Disposition"] == 'attachment; filename="platform-shifts-2026-03-03-to-2026-03-03.csv"'
    assert [(row["roster"], row["person"]) for row in cells(answer)] == [
        ("platform", "anna@example.com"), ("platform", "ben@example.com"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"from": "2026-03-03", "to": "2026-03-02"}, "to"),
        ({"from": "2026-03-03", "to": "2028-03-02"}, "to"),
        ({"from": "0001-01-01", "to": "2026-03-02"}, "from"),
        ({"from": "2026-03-02", "to": "9999-12-31"}, "to"),
        ({"from": "someday", "to": "2026-03-02"}, "from"),
        ({"to": "2026-03-02"}, "from"),
    ],
)
def test_days_that_cannot_be_are_told_beside_their_field(roster, responder, days, field):
    answer = client_of(responder).get(SHIFTS, days)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_taking_layers_away_costs_the_same_for_one_roster_and_for_many(roster, team, people, responder, clock):
    client = client_of(responder)
    client.get(LAYERS)
    with CaptureQueriesContext(connection) as one:
        client.get(LAYERS)
    for number in range(5):
        layer_of(Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=team), people)
    with CaptureQueriesContext(connection) as many:
        assert len(cells(client.get(LAYERS))) == 18
    assert len(many) == len(one)
