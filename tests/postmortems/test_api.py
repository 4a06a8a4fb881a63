"""Reviews and action items over HTTP."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.engine.runner import run_due
from apps.postmortems.models import ActionItem
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

REVIEWS = "/api/v1/postmortems/"
ITEMS = "/api/v1/action-items/"


def client_of(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


@pytest.fixture
def incident(clock, team, responder):
    incident = resolve(declare(team), responder)
    run_due()
    return incident


@pytest.fixture
def client(responder):
    return client_of(responder)


def new_item(of, **known):
    return {
        "incident": of.reference,
        "kind": "monitoring",
        "action": "Watch the disk",
        "owner": "Rita@example.com",
        "due_date": "2026-03-12",
        **known,
    }


def test_a_review_is_named_by_its_incident(client, incident):
    review = client.get(f"{REVIEWS}{incident}/").json()
    assert (review["id"], review["status"]) == (incident.reference, "draft")
    asked = {answer["key"]: answer for answer in review["answers"]}
    assert asked["primary_cause"]["required"] is True
    assert asked["recovery"]["filled_in"] is True
    assert [shown["id"] for shown in client.get(REVIEWS).json()["results"]] == [incident.reference]


def test_answers_are_written_one_by_one_and_the_rest_stays(client, incident, responder):
    before = client.get(f"{REVIEWS}{incident}/").json()
    cause = next(answer for answer in before["answers"] if answer["key"] == "primary_cause")
    written = client.patch(
        f"{REVIEWS}{incident}/",
        {"lead": responder.email, "answers": [{"id": cause["id"], "answer": "A full disk."}]},
    )
    assert written.status_code == 200
    after = written.json()
    assert after["lead"]["email"] == responder.email
    assert after["status"] == "in_review"
    changed = [new for old, new in zip(before["answers"], after["answers"], strict=True) if old != new]
    assert [(answer["key"], answer["answer"]) for answer in changed] == [("primary_cause", "A full disk.")]


def test_an_unfinished_review_says_what_is_missing(client, incident):
    refused = client.post(f"{REVIEWS}{incident}/finish/")
    assert refused.status_code == 409
    assert [(missing["gate"], missing["text"]) for missing in refused.json()["missing"]] == [
        ("review", "Primary cause")
    ]


def test_a_review_is_made_of_what_is_resolved_only(client, team, incident):
    made = client.post(REVIEWS, {"incident": incident.reference})
    assert (made.status_code, made.json()["id"]) == (201, incident.reference)
    assert client.post(REVIEWS, {"incident": declare(team).reference}).status_code == 409


def test_an_action_item_is_added_changed_and_done(client, incident, responder):
    added = client.post(ITEMS, new_item(incident))
    assert added.status_code == 201
    item = added.json()
    assert item["owner"] == {"id": responder.pk, "email": responder.email, "name": responder.name}
    assert (item["owner_team"], item["remind_on"], item["status"]) == (None, "2026-03-10", "open")
    changed = client.patch(f"{ITEMS}{item['id']}/", {"owner_team": "platform", "status": "done"}).json()
    assert (changed["owner"], changed["owner_team"], changed["status"]) == (None, "platform", "done")
    assert changed["done_at"] == "2026-03-02T10:00:00Z"
    assert [shown["id"] for shown in client.get(ITEMS, {"status": "done"}).json()["results"]] == [item["id"]]
    assert client.get(ITEMS, {"status": "open"}).json()["results"] == []


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ({"owner": "nobody@example.com"}, "owner"),
        ({"owner": None}, "owner"),
        ({"owner_team": "nobody"}, "owner_team"),
        ({"due_date": "tomorrow"}, "due_date"),
        ({"due_date": "9999-12-31"}, "due_date"),
        ({"due_date": "0001-01-01"}, "due_date"),
        ({"remind_on": "0001-01-01"}, "remind_on"),
        ({"remind_on": "2026-03-13"}, "remind_on"),
        ({"kind": "heroic"}, "kind"),
        ({"incident": "INC-999999"}, "incident"),
        ({"incident": {"id": 1}}, "incident"),
        ({"action": "x" * 301}, "action"),
    ],
)
def test_what_cannot_be_is_answered_by_field(client, incident, known, field):
    refused = client.post(ITEMS, new_item(incident, **known))
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [field]
    assert not ActionItem.objects.exists()


def test_a_person_and_a_team_at_once_are_refused(client, incident):
    assert client.post(ITEMS, new_item(incident, owner_team="platform")).status_code == 400


def test_a_stranger_finds_nothing(client, incident):
    item = client.post(ITEMS, new_item(incident)).json()
    stranger = client_of(make_person("Sid"))
    for address in (f"{REVIEWS}{incident}/", f"{ITEMS}{item['id']}/"):
        assert stranger.get(address).status_code == 404
        assert stranger.patch(address, {}).status_code == 404
    assert stranger.post(f"{REVIEWS}{incident}/finish/").status_code == 404
    assert stranger.post(ITEMS, new_item(incident)).status_code == 400
