"""Posts for social media: nothing leaves the house before somebody who commands the incident has approved it (R26)."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from django.db import IntegrityError, transaction
from standardwebhooks import Webhook

from apps.communications.models import PostState, SocialPost
from apps.communications.status_page import actions, social
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind
from apps.integrations.models import Connection, ConnectionCheck
from apps.integrations.steps import checking
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.status_page import publish
from tests.factories.teams import make_person
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = f"whsec_{b64encode(b'0' * 24).decode()}"


@pytest.fixture
def webhook(settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer.of({"ok": True})) as provider:
        yield provider


@pytest.fixture
def connection(webhook) -> Connection:
    return Connection.objects.create(provider="social", told={"url": webhook.url}, secrets={"secret": SECRET})


@pytest.fixture
def incident(team, commander):
    found = declare(team, commander, title="Canary: the database of Acme")
    publish(found, commander)
    return found


@pytest.fixture
def lead(incident, team, commander):
    """The communications lead, who commands nothing."""
    person = make_person("Lea", team, TeamRole.RESPONDER)
    incidents.assign_role(incident.pk, role="communications_lead", person=person, by=commander)
    return person


def test_what_the_lead_proposes_goes_out_signed_once_a_commander_approves_it(
    connection, webhook, incident, lead, commander, clock
):
    post = social.propose(incident.pk, text="We are looking into  slow requests.", by=lead)
    run_due()
    assert webhook.received == []
    with pytest.raises(NotAllowed):
        social.approve(post.pk, by=lead)
    social.approve(post.pk, by=commander)
    run_due()
    (sent,) = webhook.received
    told = sent.json
    signed = Webhook(SECRET).sign(sent.headers["webhook-id"], clock.now, sent.body.decode())
    assert (sent.headers["webhook-signature"], sent.headers["webhook-timestamp"]) == (
        signed,
        str(int(clock.now.timestamp())),
    )
    assert (told["type"], told["text"]) == ("social_post", "We are looking into slow requests.")
    assert told["url"].endswith(f"/status/incidents/{incident.publication.code}/")
    assert "Canary" not in json.dumps(told)
    post.refresh_from_db()
    assert (post.state, post.proposed_by, post.decided_by) == (PostState.SENT, lead, commander)
    kinds = incident.timeline.filter(kind=EventKind.SOCIAL_POST)
    assert [event.data["state"] for event in kinds.order_by("pk")] == ["proposed", "approved", "sent"]
    with pytest.raises(RuleViolation):
        social.approve(post.pk, by=commander)


def test_what_is_refused_is_never_posted(connection, webhook, incident, commander):
    post = social.propose(incident.pk, text="We are hacked", by=commander)
    social.refuse(post.pk, by=commander)
    with pytest.raises(RuleViolation):
        social.approve(post.pk, by=commander)
    run_due()
    assert webhook.received == []


def test_of_what_is_not_or_no_more_on_the_page_nothing_is_posted(connection, webhook, incident, team, commander):
    with pytest.raises(RuleViolation):
        social.propose(declare(team, commander).pk, text="Nobody published it", by=commander)
    post = social.propose(incident.pk, text="We look", by=commander)
    social.approve(post.pk, by=commander)
    actions.take_off(incident.pk, reason="The wrong one", by=commander)
    run_due()
    assert webhook.received == []
    other = SocialPost(publication=incident.publication, text="x", proposed_by=commander, proposed_at=post.proposed_at)
    other.save()
    with pytest.raises(RuleViolation):
        social.approve(other.pk, by=commander)


def test_the_database_lets_no_post_of_a_private_incident_be_approved(incident, commander):
    post = social.propose(incident.pk, text="We look", by=commander)
    type(incident).objects.filter(pk=incident.pk).update(private=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        SocialPost.objects.filter(pk=post.pk).update(state="approved", decided_by=commander)


@pytest.mark.parametrize("fault", ["500", "429", "hang up"])
def test_what_could_not_be_posted_is_posted_later_under_the_same_id(
    connection, webhook, incident, commander, clock, fault
):
    answers = {"500": Answer.of({}, 500), "429": Answer.of({}, 429), "hang up": None}
    post = social.approve(social.propose(incident.pk, text="We look", by=commander).pk, by=commander)
    webhook.answer = lambda _: answers[fault]
    if fault == "hang up":
        webhook.fault = "close"
    run_due()
    post.refresh_from_db()
    assert post.state == PostState.APPROVED
    webhook.answer, webhook.fault = (lambda _: Answer.of({})), ""
    clock.shift(minutes=10)
    run_due()
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert len({each.headers["webhook-id"] for each in webhook.received}) == 1


def test_a_refusal_and_nothing_connected_are_shown(webhook, incident, commander, connection):
    webhook.answer = lambda _: Answer.of({"error": "revoked"}, 401)
    post = social.approve(social.propose(incident.pk, text="We look", by=commander).pk, by=commander)
    run_due()
    post.refresh_from_db()
    assert (post.state, "401" in post.error) == (PostState.FAILED, True)
    connection.is_active = False
    connection.save()
    post = social.approve(social.propose(incident.pk, text="We look", by=commander).pk, by=commander)
    run_due()
    post.refresh_from_db()
    assert (post.state, post.error) == (PostState.FAILED, "Nothing is connected that posts in social media.")


@pytest.mark.parametrize("text", [" ", "x" * 501])
def test_a_text_that_is_none_or_too_long_is_refused(incident, commander, text):
    with pytest.raises(Invalid) as refused:
        social.propose(incident.pk, text=text, by=commander)
    assert refused.value.field == "text"


def test_its_connection_is_tested_without_posting_anything(connection, webhook):
    checking.check_later(connection)
    run_due()
    assert str(ConnectionCheck.objects.get(connection=connection)) == "Works: It takes our events."
    assert [each.json["type"] for each in webhook.received] == ["test"]


def test_by_web_and_api_it_is_proposed_shown_and_decided(connection, webhook, incident, commander, client):
    client.force_login(commander, backend="apps.teams.backends.PeopleBackend")
    path = f"/incidents/{incident}/social-posts/"
    assert client.post(path, {"text": "We <b>look</b>"}).status_code == 302
    page = client.get(f"/incidents/{incident}/status-page/").content.decode()
    assert "We &lt;b&gt;look&lt;/b&gt;" in page
    post = SocialPost.objects.get()
    assert client.post(f"{path}{post.pk}/approve/").status_code == 302
    run_due()
    (listed,) = client.get(f"/api/v1/incidents/{incident}/social-posts/").json()["results"]
    assert (listed["state"], listed["decided_by"]["email"]) == ("sent", commander.email)
    api = f"/api/v1/incidents/{incident}/social-posts/"
    assert client.post(api, {"text": "Over"}, content_type="application/json").status_code == 200
    latest = SocialPost.objects.latest("pk")
    assert client.post(f"{api}{latest.pk}/refuse/").status_code == 200
    assert client.post(f"{api}{latest.pk}/approve/").status_code == 409
