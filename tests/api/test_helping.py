"""People around a running incident, over HTTP."""

from __future__ import annotations

import pytest

from apps.contacts.models import WebhookEndpoint
from apps.engine.runner import run_due
from apps.incidents.models import Expert, Incident
from apps.notifications.models import Notification
from tests.api.clients import client_of
from tests.factories.escalation import make_chain
from tests.factories.rosters import put_on_call


@pytest.fixture
def post(declare, house):
    """Post below an incident as somebody, by default as Rita, and return the answer."""
    known = declare()
    run_due()

    def posted(path, body=None, by=house.rita):
        return client_of(by).post(f"/api/v1/incidents/{known['id']}/{path}/", body or {}, format="json")

    posted.incident = Incident.objects.get(pk=int(known["id"].removeprefix("INC-")))
    posted.get = lambda path, by=house.rita: client_of(by).get(f"/api/v1/incidents/{known['id']}/{path}/")
    return posted


def test_people_are_asked_answer_and_are_listed_with_their_answer(post, house):
    assert post("responders", {"users": ["ELLA@example.com"], "message": "You know it"}).status_code == 200
    (asked,) = post.get("responders").json()
    assert (asked["user"]["email"], asked["state"], asked["message"]) == (house.ella.email, "pending", "You know it")
    answer = post(f"responders/{asked['id']}", {"answer": "decline", "reason": "On a train"}, by=house.ella)
    assert answer.status_code == 200
    (asked,) = post.get("responders").json()
    assert (asked["state"], asked["answer"]) == ("declined", "On a train")


def test_who_accepts_has_acknowledged(post, house):
    post("responders", {"users": [house.ella.email]})
    (asked,) = post.get("responders").json()
    answer = post(f"responders/{asked['id']}", {"answer": "accept"}, by=house.ella).json()
    assert answer["acknowledged_at"] is not None
    assert post(f"responders/{asked['id']}", {"answer": "decline"}, by=house.ella).status_code == 409


@pytest.mark.parametrize("target", ["team", "roster", "expert"])
def test_who_stands_behind_a_team_a_roster_or_an_expert_is_asked(post, house, target):
    put_on_call(house.platform, house.ella)
    Expert.objects.create(key="queues", field="Queues", title="Engineer", person=house.ella)
    slug = "queues" if target == "expert" else "platform"
    assert post("responders", {target: slug}).status_code == 200
    assert [asked["user"]["email"] for asked in post.get("responders").json()] == [house.ella.email]


@pytest.mark.parametrize("target", ["team", "roster"])
def test_what_one_may_not_see_is_not_there_to_be_asked(post, house, target):
    put_on_call(house.ai, house.ella)
    answer = post("responders", {target: "ai"})
    assert (answer.status_code, post.get("responders").json()) == (400, [])
    assert f"There is no {target} ai." in answer.content.decode()


def test_the_chain_of_a_team_that_one_may_not_see_is_not_there_to_reassign_to(post, house):
    theirs = make_chain("P2", [house.ella], minutes=(0,), team=house.ai)
    answer = post("reassign", {"policy": theirs.pk, "reason": "Theirs"})
    assert answer.status_code == 400
    assert post.incident.escalation_runs.count() == 1


def test_what_stands_behind_a_webhook_is_asked_for_nothing(post, house):
    WebhookEndpoint.objects.create(slug="bot", name="Bot", url="https://bot.example/hook", person=house.ella)
    told = {"users": [house.ella.email]}
    assert post("responders", told).status_code == 400
    assert post("reassign", {**told, "reason": "It knows"}).status_code == 400
    assert post("watch", {"watch": True, "user": house.ella.email}, by=house.cora).status_code == 400
    sent = client_of(house.rita).post(
        "/api/v1/pages/", {"to": {"user": house.ella.email}, "text": "Look"}, format="json"
    )
    assert sent.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"users": []}, {"users": ["nobody@example.com"]}, {"users": "ella@example.com"}, {"team": "ai"},
        {"team": "nowhere"}, {"roster": "none"}, {"expert": 7}, {"users": ["ella@example.com"], "team": "ai"},
        {"users": [f"p{number}@example.com" for number in range(51)]}, {"user": "ella@example.com"},
        {"users": ["stella@example.com"]},
    ],
)  # fmt: skip
def test_whom_nobody_can_ask_is_a_400(post, body):
    answer = post("responders", body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert post.get("responders").json() == []


def test_a_request_of_another_incident_is_not_there(post, declare, house):
    post("responders", {"users": [house.ella.email]})
    (asked,) = post.get("responders").json()
    other = declare()["id"]
    answer = client_of(house.rita).post(f"/api/v1/incidents/{other}/responders/{asked['id']}/", {"answer": "withdraw"})
    assert answer.status_code == 404
    assert post("responders/999999999999999999", {"answer": "withdraw"}).status_code == 404


def test_watching_begins_and_ends(post, house):
    assert post("watch", {"watch": True}, by=house.stella).status_code == 200
    assert [person["email"] for person in post.get("watchers").json()] == [house.stella.email]
    assert post("watch", {"watch": False}, by=house.stella).status_code == 200
    assert post.get("watchers").json() == []
    assert post("watch", {}).status_code == 400


def test_only_who_commands_lets_others_watch(post, house):
    assert post("watch", {"watch": True, "user": house.stella.email}).status_code == 403
    assert post("watch", {"watch": True, "user": house.stella.email}, by=house.cora).status_code == 200
    assert post("watch", {"watch": True, "user": house.ella.email}, by=house.cora).status_code == 400


def test_who_was_paged_declines_and_the_next_level_is_paged_at_once(post, house):
    answer = post("decline", {"reason": "On a train"})
    assert answer.json()["escalation"]["level"] == 2
    assert post("decline").status_code == 409
    assert post("decline", by=house.stella).status_code == 403


def test_it_is_reassigned_to_people_or_to_a_chain(post, house):
    answer = post("reassign", {"users": [house.ella.email], "reason": "She knows it"})
    assert (answer.status_code, answer.json()["acknowledged_at"]) == (200, None)
    assert Notification.objects.filter(person=house.ella, step__startswith="reassigned:").exists()
    policy = post.incident.escalation_runs.get().policy
    assert post("reassign", {"policy": policy.pk, "reason": "From the start"}).status_code == 200
    run_due()
    assert post.incident.escalation_runs.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "Why"}, {"users": ["ella@example.com"]}, {"users": ["ella@example.com"], "reason": " "},
        {"policy": 0, "reason": "Why"}, {"policy": "x", "reason": "Why"}, {"policy": None, "reason": "Why"},
    ],
)  # fmt: skip
def test_a_reassignment_that_says_too_little_is_a_400(post, body):
    assert post("reassign", body).status_code == 400


def test_a_private_incident_tells_a_stranger_nothing(declare, house):
    private = declare(private=True)["id"]
    stranger = client_of(house.ella)
    for path, body in (
        ("watch", {"watch": True}), ("decline", {}), ("responders", {"users": [house.ella.email]}),
        ("reassign", {"users": [house.ella.email], "reason": "Why"}),
    ):  # fmt: skip
        assert stranger.post(f"/api/v1/incidents/{private}/{path}/", body, format="json").status_code == 404
    for path in ("watchers", "responders"):
        assert stranger.get(f"/api/v1/incidents/{private}/{path}/").status_code == 404


def test_asking_again_with_the_same_key_asks_once(post, house):
    client = client_of(house.rita)
    for _ in range(2):
        answer = client.post(
            f"/api/v1/incidents/{post.incident}/responders/", {"users": [house.ella.email]}, format="json",
            HTTP_IDEMPOTENCY_KEY="once",
        )  # fmt: skip
        assert answer.status_code == 200
    assert post.incident.responder_requests.count() == 1
