"""Whatever is sent, the answer is a problem that says so, never a fault of the server."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from rest_framework.test import APIClient

from apps.catalog.models import Service
from apps.core.parsers import LARGEST_BODY
from apps.incidents.models import Incident
from apps.teams.actions import add_member
from apps.teams.models import Scope, TeamRole
from tests.api.clients import client_of, signed_in

URL = "/api/v1/incidents/"


def problem(answer) -> int:
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail"} <= told.keys()
    assert told["status"] == answer.status_code
    assert ("errors" in told) == (answer.status_code == 400)
    return answer.status_code


def test_without_credentials_it_is_401_and_says_how(db):
    answer = APIClient().get("/api/v1/me/")
    assert problem(answer) == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("secret", ["nonsense", "", "ado_" + "x" * 5000])
def test_wrong_credentials_are_401(db, secret):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert problem(client.get("/api/v1/me/")) == 401


def test_a_token_that_only_sends_alerts_reads_nothing(house):
    assert problem(client_of(house.rita, scope=Scope.INGEST).get("/api/v1/me/")) == 403


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/incidents/INC-1/nothing/", "/api/v1/me"]
)
def test_an_unknown_address_is_a_404_problem(db, method, path):
    assert problem(getattr(APIClient(), method)(path)) == 404


@pytest.mark.parametrize("size", ["-1", "0", "00", "many", "1.5", "", "²"])
def test_a_page_of_no_size_is_a_400_that_names_it(house, rita, size):
    answer = rita.get(URL, {"page_size": size})
    assert problem(answer) == 400
    assert answer.json()["errors"].keys() == {"page_size"}


def test_a_page_larger_than_the_largest_is_the_largest(house, rita):
    assert rita.get(URL, {"page_size": "9" * 5000}).status_code == 200


def test_a_method_that_is_not_served_is_405(house, rita):
    assert problem(rita.delete(URL)) == 405
    assert problem(rita.options(URL)) == 405


def test_a_body_that_is_not_json_is_415(house, rita):
    assert problem(rita.post(URL, "title=Down", content_type="application/x-www-form-urlencoded")) == 415
    assert problem(rita.post(URL, b"<down/>", content_type="application/xml")) == 415


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"null",
        b"[]",
        b"7",
        b'"Down"',
        b"\xff\xfe",
        b'{"title": NaN}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"title": "a\\u0000b", "severity": "P0", "team": "platform"}',
        b'{"title": "Down", "severity": "P\\u0000", "team": "platform"}',
        b'{"title": "a\\ud800b", "severity": "P0", "team": "platform"}',
        b'{"a\\u0000": [{"b": "\\udfff"}], "title": "Down", "severity": "P0", "team": "platform"}',
    ],
)
@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "a"}])
def test_a_body_that_makes_no_sense_is_400(house, rita, body, key):
    assert problem(rita.generic("POST", URL, body, content_type="application/json", **key)) == 400
    assert not Incident.objects.exists()


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800", "x\\udfff\\ud83d"])
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (URL, '{"title": "TEXT", "severity": "P0", "team": "platform"}', "title"),
        (URL, '{"title": "Down", "severity": "TEXT", "team": "platform"}', "severity"),
        ("/api/v1/absences/", '{"start": "2026-03-03T08:00:00Z", "reason": "TEXT"}', "reason"),
        ("/api/v1/swaps/", '{"roster": "TEXT"}', "roster"),
        ("/api/v1/shadows/", '{"roster": "platform", "user": "TEXT"}', "user"),
        ("/api/v1/rosters/", '{"layers": [{"name": "Days", "people": ["a@example.com", "TEXT"]}]}', "layers"),
        ("/api/v1/rosters/", '{"layers": [{"TEXT": 1}]}', "layers"),
        ("/api/v1/calendar-feeds/", '{"kind": "roster", "roster": "TEXT"}', "roster"),
        ("/api/v1/maintenance/", '{"services": ["TEXT"]}', "services"),
        ("/api/v1/rosters/", '{"TEXT": 1}', "non_field_errors"),
        ("/api/v1/rosters/", '["TEXT"]', "non_field_errors"),
        ("/api/v1/rosters/", '"TEXT"', "non_field_errors"),
    ],
)
def test_what_cannot_be_kept_is_told_beside_its_field(house, path, body, field, text):
    add_member(house.rita, house.platform, TeamRole.MANAGER)
    client = signed_in(house.rita)  # no token makes a link to a calendar
    answer = client.generic("POST", path, body.replace("TEXT", text).encode(), content_type="application/json")
    assert problem(answer) == 400
    assert answer.json()["errors"].keys() == {field}
    assert "Text must not contain" in str(answer.json()["errors"])


def test_a_body_over_the_limit_is_413(house, rita):
    assert problem(rita.post(URL, {"title": "x" * LARGEST_BODY})) == 413


@pytest.mark.parametrize(
    "reference",
    ["INC-0", "INC-999999999999999999", "INC-99999999999999999999", "INC-1x", "1", "INC-%00", "inc-1", "💥"],
)
def test_an_incident_that_is_not_there_is_404(house, rita, reference):
    assert problem(rita.get(f"{URL}{reference}/")) == 404
    assert problem(rita.post(f"{URL}{reference}/acknowledge/")) == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "broken"),
        ("severity", "P9"),
        ("severity", "P0\x00"),
        ("team", "nobody"),
        ("service", "nothing"),
        ("open", "perhaps"),
        ("ordering", "title"),
        ("q", "a\x00b"),
        ("q", "x" * 201),
    ],
)
def test_a_filter_that_cannot_be_is_named(house, rita, name, value):
    answer = rita.get(URL, {name: value})
    assert problem(answer) == 400
    assert list(answer.json()["errors"]) == [name]


@pytest.mark.parametrize("ordering", ["", "declared_at", "severity"])
@pytest.mark.parametrize(
    "cursor", ["nonsense", "💥", "p=abc", "p=" + "9" * 40, "p=1\x00", "o=x", "r=x", "p=2026-13-45"]
)
def test_a_cursor_of_somebody_elses_making_is_never_a_fault(house, rita, cursor, ordering):
    for text in (cursor, b64encode(cursor.encode()).decode()):
        answer = rita.get(URL, {"cursor": text, "ordering": ordering})
        assert answer.status_code in (200, 400, 404)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("transition", {"status": "mended"}, "status"),
        ("transition", {}, "status"),
        ("severity", {"severity": "P9", "reason": "worse"}, "severity"),
        ("severity", {"severity": "P1"}, "reason"),
        ("severity", {"severity": "P1", "reason": "   "}, "reason"),
        ("escalate", {"level": 9, "reason": "now"}, "level"),
        ("escalate", {"level": 10**30, "reason": "now"}, "level"),
        ("escalate", {"level": True, "reason": "now"}, "level"),
        ("escalate", {"trigger": "astrology", "reason": "now"}, "trigger"),
        ("escalate", {"level": 2}, "reason"),
        ("roles", {"role": "king", "user": "rita@example.com"}, "role"),
        ("roles", {"role": "commander", "user": "nobody@example.com"}, "user"),
        ("roles", {"role": "commander", "user": {"email": "rita@example.com"}}, "user"),
        ("roles", {"role": "commander", "user": 10**400}, "user"),
        ("notes", {"text": ""}, "text"),
        ("notes", {"text": "x" * 20_001}, "text"),
        ("snooze", {"minutes": -1}, "minutes"),
        ("snooze", {"minutes": 10**30}, "minutes"),
        ("snooze", {"minutes": "soon"}, "minutes"),
        ("updates", {"audience": "everybody", "message": "Hello"}, "audience"),
        ("updates", {"audience": "internal", "message": " "}, "message"),
        ("updates", {"audience": "internal", "message": "Hello", "status": "mended"}, "status"),
        ("merge", {"into": "INC-999999"}, "into"),
        ("merge", {"into": 7}, "into"),
        ("resolve", {"notes": "misspelt"}, "notes"),
        ("snooze", {"minutes": 15, "hours": 1}, "hours"),
    ],
)
def test_what_cannot_be_done_to_an_incident_is_named(house, rita, declare, path, body, field):
    answer = rita.post(f"{URL}{declare()['id']}/{path}/", body)
    assert problem(answer) == 400
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("impact", {"users_affected": -1}, "users_affected"),
        ("impact", {"users_affected": 10**12}, "users_affected"),
        ("impact", {"users_affected": 1.5}, "users_affected"),
        ("impact", {"availability_percent": 101}, "availability_percent"),
        ("impact", {"availability_percent": "NaN"}, "availability_percent"),
        ("impact", {"revenue_impact": 10**20}, "revenue_impact"),
        ("impact", {"data_integrity": "fine"}, "data_integrity"),
        ("impact", {}, "non_field_errors"),
        ("resolution", {"verified": None}, "verified"),
        ("resolution", {"reference": "x" * 301}, "reference"),
        ("resolution", {"verified": True, "unverified_reason": "no access"}, "unverified_reason"),
        ("resolution", {"colour": "red"}, "colour"),
        ("resolution", {}, "non_field_errors"),
    ],
)
def test_what_cannot_be_recorded_is_named(house, rita, declare, path, body, field):
    answer = rita.patch(f"{URL}{declare()['id']}/{path}/", body)
    assert problem(answer) == 400
    assert list(answer.json()["errors"]) == [field]


def test_fields_that_do_not_exist_are_named_and_nothing_is_declared(house, rita):
    new = {"title": "Down", "severity": "P0", "team": "platform", "sevrity": "P1", "services": ["api"]}
    answer = rita.post(URL, new)
    assert problem(answer) == 400
    assert list(answer.json()["errors"]) == ["services", "sevrity"]
    assert "there are title, severity" in answer.json()["errors"]["sevrity"][0]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [("teams/ai/", {"nmae": "AI"}), ("services/agents/", {"tema": "ai"}), ("services/agents/", {"name": "A", "x": 1})],
)
def test_a_misspelt_change_is_refused_not_ignored(house, path, body):
    Service.objects.create(slug="agents", name="Agents", team=house.ai)
    answer = client_of(house.ella, scope=Scope.MANAGE).patch(f"/api/v1/{path}", body)
    assert problem(answer) == 400
    assert set(answer.json()["errors"]) == body.keys() - {"name"}


@pytest.mark.parametrize("path", ["oncall/", "contacts/", "services/", "incidents/"])
def test_a_cursor_that_was_not_made_here_leads_nowhere_in_any_list(house, rita, path):
    assert problem(rita.get(f"/api/v1/{path}", {"cursor": "xx"})) == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_session", [True, False])
def test_while_the_database_is_away_it_is_503_and_says_when_to_come_back(house, rita, with_session):
    if with_session:
        rita.force_login(house.rita)
    with database_away():
        answer = rita.get(URL)
    assert problem(answer) == 503
    assert int(answer["Retry-After"]) > 0
    assert rita.get(URL).status_code == 200


@contextmanager
def database_away() -> Iterator[None]:
    """The database's address leads to a port on which nobody listens."""
    address = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = 1
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = address


def test_a_fault_of_ours_is_a_500_problem(house, rita, monkeypatch):
    def broken(*_args, **_named):
        raise RuntimeError("broken")

    monkeypatch.setattr("apps.desk.api.records.complete", broken)
    answer = rita.get("/api/v1/incidents/")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 500
    assert "broken" not in answer.content.decode()
