"""Where the turns of a layer come from, read, set and taken away over the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.rosters import actions
from apps.rosters.calendars import reading
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, LayerMember, Restriction, Roster
from apps.teams.models import Scope, Team, TeamRole
from tests.api.clients import client_of as client_with
from tests.integrations.provider import Answer, Provider
from tests.rosters.building import layer_of, member, shown
from tests.rosters.calendars import calendar, event
from tests.rosters.test_api import client_of
from tests.rosters.test_api import shown as person_shown
from tests.rosters.test_api_writing import OFFICE_HOURS, PLATFORM, send

pytestmark = pytest.mark.django_db

SECRET = "https://calendar.example.com/private-4711/basic.ics"
MORNINGS = calendar(
    event("1", ":20260302T080000Z", ":20260302T120000Z", summary="Cleo", more="RRULE:FREQ=DAILY"),
    event("2", ":20260303T120000Z", ":20260303T130000Z", summary="Zoe"),
)
ALWAYS = calendar(event("1", ":20260302T080000Z", ":20260303T080000Z", summary="Cleo", more="RRULE:FREQ=DAILY"))


def upload(text: bytes, name: str = "turns.ics") -> dict[str, object]:
    return {"file": SimpleUploadedFile(name, text, content_type="text/calendar")}


def address(roster: Roster, more: str = "") -> str:
    return f"{PLATFORM}layers/{roster.layers.get().pk}/calendar/{more}"


def records() -> list[int]:
    return [kind.history.count() for kind in (Roster, Layer, LayerMember, CalendarSource)]


def posted(client, to: str, body: dict[str, object], **headers):
    return client.post(to, body, format="multipart", **headers)


def test_a_file_is_looked_at_first_and_nothing_is_saved(roster, clock, manager, people):
    before = records(), shown(roster)
    answer = posted(client_of(manager), address(roster, "preview/"), upload(MORNINGS))
    assert answer.status_code == 200
    told = answer.json()
    assert told["shifts"][0] == {
        "roster": "platform", "seat": 0, "person": person_shown(people[2]), "start": "2026-03-02T10:00:00Z",
        "end": "2026-03-02T12:00:00Z", "source": "layer",
    }  # fmt: skip
    assert told["gaps"][0] == {
        "start": "2026-03-02T12:00:00Z", "end": "2026-03-03T08:00:00Z", "held": 0, "wanted": 1, "stands_in": "",
        "seat": 0, "team": None,
    }  # fmt: skip
    assert told["unmatched"] == [
        {"summary": "Zoe", "reason": "Nobody on call here has this name.", "times": 1, "first": "2026-03-03"}
    ]
    assert ((records(), shown(roster)), CalendarTurn.objects.count()) == (before, 0)


def test_a_file_gives_the_turns_and_asks_before_a_gap(roster, clock, manager, people):
    client, before = client_of(manager), (records(), shown(roster))
    refused = posted(client, address(roster, "file/"), upload(MORNINGS))
    assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
    assert "Nobody would be on call for Platform from 2026-03-02 12:00" in refused.json()["missing"][0]["text"]
    assert (records(), shown(roster)) == before
    answer = posted(client, address(roster, "file/"), upload(MORNINGS) | {"accept_gaps": "true"})
    assert answer.status_code == 200
    assert answer.json() == {
        "url": None, "file_name": "turns.ics", "uploaded_at": "2026-03-02T10:00:00Z",
        "fetched_at": "2026-03-02T10:00:00Z", "failure": None, "failed_at": None,
        "unmatched": [
            {"summary": "Zoe", "reason": "Nobody on call here has this name.", "times": 1, "first": "2026-03-03"}
        ],
    }  # fmt: skip
    assert client.get(address(roster)).json() == answer.json()
    assert shown(roster, 2)[0] == ("cleo", "03-02 10:00", "03-02 12:00", "layer")
    assert CalendarSource.history.get().history_user == manager


def test_a_session_brings_a_file_with_its_csrf_token(roster, clock, manager):
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager, backend="apps.teams.backends.PeopleBackend")
    assert client.post(address(roster, "file/"), upload(ALWAYS)).status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(address(roster, "file/"), upload(ALWAYS), headers={"X-CSRFToken": "a" * 32})
    assert (answer.status_code, answer.json()["file_name"]) == (200, "turns.ics")


def test_a_file_that_covers_the_same_time_asks_nothing(roster, clock, manager):
    assert posted(client_of(manager), address(roster, "file/"), upload(ALWAYS)).status_code == 200
    assert {name for name, *_ in shown(roster)} == {"cleo"}


def test_a_file_that_is_sent_twice_under_one_key_is_taken_once(roster, clock, manager):
    client = client_with(manager, scope=Scope.MANAGE)
    first, again = (
        posted(client, address(roster, "file/"), upload(ALWAYS), HTTP_IDEMPOTENCY_KEY="a") for _ in range(2)
    )
    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert CalendarSource.history.count() == 1
    other = upload(ALWAYS.replace(b"Cleo", b"Anna"))
    assert posted(client, address(roster, "file/"), other, HTTP_IDEMPOTENCY_KEY="a").status_code == 409


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "No file was submitted."),
        ({"file": "turns"}, "not a file"),
        (upload(b""), "empty"),
        (upload(b"\xff\xfe nonsense"), "no calendar in the iCalendar format"),
        (upload(b"x" * (20 * 1024 * 1024)), f"It is larger than {reading.LARGEST_IN_WORDS}."),
        (upload(calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=SECONDLY"))), "every hour"),
    ],
    ids=["nothing", "text", "empty", "nonsense", "20 MB", "every second"],
)
@pytest.mark.parametrize("what", ["file/", "preview/"])
def test_a_file_that_cannot_be_used_is_told_beside_it(roster, clock, manager, sent, said, what):
    for each in sent.values():
        if not isinstance(each, str):
            each.seek(0)
    answer = posted(client_of(manager), address(roster, what), sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])
    assert said in answer.json()["errors"]["file"][0]
    assert not CalendarSource.objects.exists()


def test_what_is_no_form_or_too_large_to_look_at_is_refused(roster, clock, manager):
    client = client_of(manager)
    assert send(client, "post", address(roster, "file/"), {"file": "x"}).status_code == 415
    broken = client.post(address(roster, "file/"), b"nothing", content_type="multipart/form-data; boundary=x")
    assert (broken.status_code, broken["Content-Type"]) == (400, "application/problem+json")
    huge = client.post(
        address(roster, "file/"), b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(33 * 2**20)
    )
    assert (huge.status_code, huge["Content-Type"]) == (413, "application/problem+json")
    unknown = posted(client, address(roster, "file/"), upload(ALWAYS) | {"url": SECRET})
    assert (unknown.status_code, list(unknown.json()["errors"])) == (400, ["url"])


@pytest.mark.django_db(transaction=True)
def test_an_address_is_read_by_the_engine_and_asked_about_before(roster, clock, manager, settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    client = client_of(manager)
    with Provider(lambda _: Answer(200, ALWAYS)) as server:
        refused = send(client, "put", address(roster), {"url": server.url})
        assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
        assert not CalendarSource.objects.exists()
        answer = send(client, "put", address(roster), {"url": server.url, "accept_gaps": True})
        assert (answer.status_code, answer.json()["url"], answer.json()["fetched_at"]) == (200, server.url, None)
        assert (server.received, shown(roster)) == ([], [])
        run_due()
        assert {name for name, *_ in shown(roster)} == {"cleo"}
        read = client.get(address(roster)).json()
        assert (read["url"], read["fetched_at"], read["failure"]) == (server.url, "2026-03-02T10:00:00Z", None)
        server.answer = lambda _: Answer(404)
        before = records()
        assert send(client, "put", address(roster), {"url": server.url}).status_code == 200
        run_due()
        failed = client.get(address(roster)).json()
    assert (failed["failure"], failed["failed_at"]) == ("127.0.0.1 answered 404.", "2026-03-02T10:00:00Z")
    assert records() == before  # the same address again is no change


def test_another_address_keeps_the_turns_until_it_was_read(roster, clock, manager):
    client = client_of(manager)
    posted(client, address(roster, "file/"), upload(ALWAYS))
    before = shown(roster)
    answer = send(client, "put", address(roster), {"url": "webcal://calendar.example.com/x.ics"})
    assert (answer.status_code, answer.json()["url"]) == (200, "https://calendar.example.com/x.ics")
    assert answer.json()["file_name"] is None
    assert shown(roster) == before
    assert Timer.objects.filter(kind="rosters.read_calendar").exists()


def test_another_address_makes_another_version_of_the_roster(roster, clock, manager):
    client = client_of(manager)
    for url in (SECRET, "https://calendar.example.com/other.ics"):
        version = client.get(PLATFORM).json()["version"]
        actions.use_address(roster.layers.get(), url, by=manager, accept_gaps=True)
        assert send(client, "patch", PLATFORM, {"name": "Late", "version": version}).status_code == 409
    assert Roster.objects.get().name == "Platform"


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"url": "calendar"}, "url", "valid URL"),
        ({"url": "ftp://example.com/x.ics"}, "url", "valid URL"),
        ({"url": "http://192.168.0.7/x.ics"}, "url", "private network"),
        ({"url": "webcal://localhost/x.ics"}, "url", "private network"),
        ({"url": "https://[/x.ics"}, "url", "none"),
        ({"url": ""}, "url", "blank"),
        ({"url": "https://example.com/" + "x" * 2000}, "url", "2000 characters"),
        ({}, "url", "required"),
        ({"url": SECRET, "file": "x"}, "file", "no such field"),
    ],
    ids=str,
)
def test_an_address_that_cannot_be_is_told_beside_it(roster, clock, manager, body, field, said):
    answer = send(client_of(manager), "put", address(roster), body | {"accept_gaps": True})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert said in answer.json()["errors"][field][0]
    assert not CalendarSource.objects.exists()


def test_the_address_is_a_secret_of_those_who_manage_the_roster(roster, clock, team, manager, responder):
    CalendarSource.objects.create(layer=roster.layers.get(), url=SECRET, failure="It is gone.", failed_at=clock.now)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    for client in (
        client_of(responder), client_of(auditor), client_with(manager, scope=Scope.READ), client_with(manager),
    ):  # fmt: skip
        answer = client.get(address(roster))
        assert (answer.status_code, answer.json()["url"], answer.json()["failure"]) == (200, None, "It is gone.")
        assert "4711" not in answer.content.decode()
    for client in (client_of(manager), client_with(manager, scope=Scope.MANAGE)):
        assert client.get(address(roster)).json()["url"] == SECRET


def test_a_calendar_is_taken_away_and_the_people_of_the_layer_take_turns_again(roster, clock, manager):
    client, before = client_of(manager), shown(roster)
    posted(client, address(roster, "file/"), upload(ALWAYS))
    assert client.delete(address(roster)).status_code == 204
    assert shown(roster) == before
    assert (CalendarSource.history.first().history_type, CalendarSource.history.first().history_user) == ("-", manager)
    assert client.delete(address(roster)).status_code == 404
    assert client.get(address(roster)).status_code == 404


def test_a_calendar_is_taken_away_for_people_who_are_named(roster, clock, manager, people):
    client = client_of(manager)
    posted(client, address(roster, "file/"), upload(ALWAYS))
    roster.layers.get().members.all().delete()
    refused = client.delete(address(roster))
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["people"])
    assert "Nobody takes turns in this layer" in refused.json()["errors"]["people"][0]
    unknown = client.delete(f"{address(roster)}?people=nobody@example.com")
    assert (unknown.status_code, list(unknown.json()["errors"])) == (400, ["people"])
    twice = client.delete(f"{address(roster)}?people=ben@example.com&people=BEN@example.com")
    assert (twice.status_code, list(twice.json()["errors"])) == (400, ["people"])
    assert CalendarSource.objects.exists()
    assert client.delete(f"{address(roster)}?people=ben@example.com&people=anna@example.com").status_code == 204
    assert [place.person.name for place in roster.layers.get().members.all()] == ["ben", "anna"]
    assert {name for name, *_ in shown(roster)} == {"ben", "anna"}


def test_taking_a_calendar_away_asks_before_a_gap(roster, clock, manager):
    client = client_of(manager)
    posted(client, address(roster, "file/"), upload(ALWAYS))
    Restriction.objects.create(layer=roster.layers.get(), **OFFICE_HOURS)
    refused = client.delete(address(roster))
    assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
    assert CalendarSource.objects.exists()
    assert client.delete(f"{address(roster)}?accept_gaps=true").status_code == 204


def test_a_roster_that_stands_still_keeps_where_its_turns_come_from(roster, clock, manager):
    client = client_of(manager)
    posted(client, address(roster, "file/"), upload(ALWAYS))
    send(client, "patch", PLATFORM, {"frozen_until": "2026-03-09T09:00:00Z"})
    for answer in (
        posted(client, address(roster, "file/"), upload(ALWAYS)),
        posted(client, address(roster, "preview/"), upload(ALWAYS)),
        send(client, "put", address(roster), {"url": SECRET}),
        client.delete(address(roster)),
    ):
        assert (answer.status_code, "stand still until 2026-03-09" in answer.json()["detail"]) == (409, True)
    clock.shift(days=8)
    actions.retire(roster, by=manager)
    assert send(client, "put", address(roster), {"url": SECRET}).status_code == 409


WRITES = [("put", ""), ("delete", ""), ("post", "file/"), ("post", "preview/")]


@pytest.mark.parametrize(("method", "what"), WRITES)
def test_who_may_not_manage_sets_nothing_and_others_find_nothing(roster, clock, team, manager, method, what):
    CalendarSource.objects.create(layer=roster.layers.get(), url=SECRET)
    before = records()
    ai = Team.objects.create(slug="ai", name="AI")
    stranger = member("mia@example.com", ai, TeamRole.MANAGER)
    for person, status in (
        (member("rick@example.com", team, TeamRole.RESPONDER), 403),
        (member("steve@example.com", team, TeamRole.STAKEHOLDER), 403),
        (member("audrey@example.com", None, TeamRole.AUDITOR), 403),
        (stranger, 404),
    ):
        assert getattr(client_of(person), method)(address(roster, what)).status_code == status
    for scope in (Scope.READ, Scope.RESPOND):
        assert getattr(client_with(manager, scope=scope), method)(address(roster, what)).status_code == 403
    theirs = layer_of(Roster.objects.create(slug="theirs", name="Theirs", team=ai), [])
    assert client_of(stranger).get(address(roster)).status_code == 404
    assert getattr(client_of(manager), method)(f"{PLATFORM}layers/{theirs.pk}/calendar/{what}").status_code == 404
    assert CalendarSource.history.count() == before[-1]
