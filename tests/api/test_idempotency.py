from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from rest_framework.test import APIClient

from ado_incidents.api import router
from apps.core.api import HouseViewSet
from apps.core.models import RememberedAnswer
from apps.incidents.models import EventKind, Incident, TimelineEvent
from apps.rosters.models import CalendarFeed
from apps.teams import actions
from tests.api.clients import LATE, client_of, client_with
from tests.engine.sweeping import sweep

URL = "/api/v1/incidents/"
DOWN = {"title": "Down", "severity": "P0", "team": "platform"}


def keyed(key: str) -> dict[str, str]:
    return {"HTTP_IDEMPOTENCY_KEY": key}


def test_the_same_key_and_body_have_one_effect_and_the_same_answer(house, rita):
    first = rita.post(URL, DOWN, **keyed("a"))
    again = rita.post(URL, DOWN, **keyed("a"))
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Incident.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(house, rita):
    rita.post(URL, DOWN, **keyed("a"))
    answer = rita.post(URL, {**DOWN, "title": "Up"}, **keyed("a"))
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert Incident.objects.count() == 1


def test_the_same_key_at_another_address_is_a_conflict(house, rita, declare):
    told = declare()
    rita.post(f"{URL}{told['id']}/notes/", {"text": "Seen"}, **keyed("a"))
    assert rita.post(f"{URL}{told['id']}/acknowledge/", {"text": "Seen"}, **keyed("a")).status_code == 409


def test_a_key_is_its_persons_own(house, rita, cora):
    rita.post(URL, DOWN, **keyed("a"))
    assert "Idempotent-Replayed" not in cora.post(URL, DOWN, **keyed("a"))
    assert Incident.objects.count() == 2


def test_an_error_is_not_remembered_so_the_corrected_request_may_keep_its_key(house, rita):
    assert rita.post(URL, {**DOWN, "severity": "P9"}, **keyed("a")).status_code == 400
    assert rita.post(URL, DOWN, **keyed("a")).status_code == 201


def test_an_action_below_an_incident_is_done_once(house, rita, declare):
    told = declare()
    for _ in range(2):
        assert rita.post(f"{URL}{told['id']}/notes/", {"text": "Seen"}, **keyed("a")).status_code == 200
    assert TimelineEvent.objects.filter(kind=EventKind.NOTE, text="Seen").count() == 1


def test_an_answer_is_forgotten_after_a_day(house, rita, clock):
    rita.post(URL, DOWN, **keyed("a"))
    clock.shift(hours=24)
    assert "Idempotent-Replayed" not in rita.post(URL, DOWN, **keyed("a"))
    assert Incident.objects.count() == 2


def test_the_sweep_deletes_what_is_forgotten_and_nothing_else(house, rita, clock):
    rita.post(URL, DOWN, **keyed("old"))
    clock.shift(hours=23)
    rita.post(URL, DOWN, **keyed("new"))
    clock.shift(hours=1)
    assert sweep("answers") == 1
    assert RememberedAnswer.objects.get().key == "new"


@pytest.mark.parametrize("key", ["", "x" * 256, "café", "a\x07b"])
def test_a_key_that_is_none_is_refused(house, rita, key):
    answer = rita.post(URL, DOWN, **keyed(key))
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]
    assert not Incident.objects.exists()


def test_a_key_of_255_characters_is_remembered(house, rita):
    rita.post(URL, DOWN, **keyed("x" * 255))
    assert rita.post(URL, DOWN, **keyed("x" * 255))["Idempotent-Replayed"] == "true"


def test_a_key_replays_nothing_to_somebody_whose_token_was_revoked(house, rita):
    rita.post(URL, DOWN, **keyed("a"))
    house.rita.tokens.update(revoked_at=Incident.objects.get().declared_at)
    assert rita.post(URL, DOWN, **keyed("a")).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_with_one_key_have_one_effect(house):
    together = Barrier(2)

    def post(client):
        try:
            together.wait(timeout=30)
            return client.post(URL, DOWN, **keyed("race"))
        finally:
            connections.close_all()

    secret = actions.create_token(house.rita, name="race", expires_at=LATE)[1]
    clients = [client_with(secret), client_with(secret)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(post, clients))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 1
    assert Incident.objects.count() == 1


def test_every_viewset_of_the_api_remembers_answers():
    assert [viewset for _, viewset, _ in router.registry if not issubclass(viewset, HouseViewSet)] == []


def test_an_answer_with_a_secret_is_kept_nowhere_and_given_once(house):
    rita = APIClient()
    rita.force_login(house.rita, backend="apps.teams.backends.PeopleBackend")
    address, asked = "/api/v1/calendar-feeds/", {"kind": "person"}
    made = rita.post(address, asked, **keyed("a"))
    assert (made.status_code, CalendarFeed.objects.count()) == (201, 1)
    secret = made.json()["url"].rsplit("/", 1)[-1].removesuffix(".ics")
    kept = RememberedAnswer.objects.get()
    assert kept.body is None
    assert not any(secret in str(value) for value in vars(kept).values())
    again = rita.post(address, asked, **keyed("a"))
    assert (again.status_code, CalendarFeed.objects.count()) == (409, 1)
    assert "shown once" in again.json()["detail"]


def test_another_credential_of_the_same_person_is_told_nothing_of_it(house, rita):
    declared = rita.post(URL, DOWN, **keyed("a"))
    assert declared.status_code == 201
    other = client_of(house.rita).post(URL, DOWN, **keyed("a"))
    assert (other.status_code, "Idempotent-Replayed" in other) == (201, False)
    assert other.json()["id"] != declared.json()["id"]
    assert rita.post(URL, DOWN, **keyed("a")).json()["id"] == declared.json()["id"]
