"""How much may be asked of the API in a minute, and what one is told of it."""

from __future__ import annotations

import re

import pytest
from rest_framework.test import APIClient

from apps.core import quotas
from apps.core.quotas import Policy
from tests.api.clients import client_of, client_with

ME = "/api/v1/me/"


class Memory(quotas.Counter):
    """Counts without a broker: what that does is tested apart."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, int] = {}

    def count(self, key: str) -> tuple[int, int]:
        self.found[key] = self.found.get(key, 0) + 1
        return self.found[key], 30_000


@pytest.fixture(autouse=True)
def counted(settings, monkeypatch) -> dict[str, int]:
    memory = Memory()
    monkeypatch.setattr(quotas, "_counter", memory)
    settings.QUOTAS = {**dict.fromkeys(Policy, 2), Policy.ANSWER: 100}
    return memory.found


def test_an_answer_says_how_many_requests_are_left(house, rita):
    answer = rita.get(ME)
    assert (answer["RateLimit-Policy"], answer["RateLimit"]) == ('"read";q=2;w=60', '"read";r=1;t=30')


def test_one_too_many_is_a_problem_that_says_when_to_come_back(house, rita):
    answers = [rita.get(ME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2]["Retry-After"], answers[2]["Content-Type"]) == ("30", "application/problem+json")
    assert answers[2]["RateLimit"] == '"read";r=0;t=30'
    assert answers[2].json()["status"] == 429


def test_each_token_has_its_own(house, rita, counted):
    for _ in range(3):
        rita.get(ME)
    assert re.fullmatch(r"quota:read:token:\d+", next(iter(counted)))
    assert client_of(house.rita).get(ME).status_code == 200


def test_who_did_too_much_still_answers_their_pages(house, rita, declare):
    told = declare()
    for _ in range(3):
        rita.post(f"/api/v1/incidents/{told['id']}/notes/", {"text": "Again"})
    assert rita.post(f"/api/v1/incidents/{told['id']}/notes/", {"text": "Again"}).status_code == 429
    assert rita.post(f"/api/v1/incidents/{told['id']}/acknowledge/").status_code == 200
    assert rita.post("/api/v1/me/pages/acknowledge/").status_code == 200


def test_guesses_of_tokens_are_counted_by_their_address(house, rita):
    guesser = client_with("adop_nothing")
    assert [guesser.get(ME, REMOTE_ADDR="192.0.2.7").status_code for _ in range(3)] == [401, 401, 429]
    assert APIClient().get(ME, REMOTE_ADDR="192.0.2.7").status_code == 429
    assert APIClient().get(ME, REMOTE_ADDR="192.0.2.8").status_code == 401
    assert rita.get(ME, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_a_session_is_counted_by_its_person(house, counted):
    client = APIClient()
    client.force_login(house.rita, backend="apps.teams.backends.PeopleBackend")
    assert [client.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert counted == {f"quota:read:person:{house.rita.pk}": 3}


def test_without_a_broker_nobody_is_counted(house, rita, monkeypatch):
    monkeypatch.setattr(quotas, "_counter", quotas.Counter())
    answers = [rita.get(ME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "RateLimit" not in answers[0]
