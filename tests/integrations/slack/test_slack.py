"""Pages in Slack: the contract, what Slack says of receivers, and its buttons."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from apps.contacts.models import MethodKind
from apps.core import http
from apps.core.errors import Unreachable
from apps.engine import breakers
from apps.engine.models import Breaker, State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Via
from apps.integrations.models import SlackAnswer
from apps.integrations.slack import answering, signing
from apps.integrations.slack.client import PROVIDER
from apps.notifications import links
from apps.notifications.models import Channel, DeliveryState
from apps.teams.models import TeamRole
from tests.engine.sweeping import sweep
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.integrations.conftest import page, reach, sent_by
from tests.integrations.provider import Answer, Provider

SECRET, TOKEN, HER_ID = "s3cret", "xoxb-1", "U0OLGA"


@pytest.fixture
def slack(settings):
    """Slack, which takes everything until the test says otherwise; ``olga@example.com`` is U0OLGA there."""

    def take(request):
        if "users.lookupByEmail" in request.path:
            known = request.query["email"] == ["olga@example.com"]
            return Answer.of(
                {"ok": True, "user": {"id": HER_ID}} if known else {"ok": False, "error": "users_not_found"}
            )
        return Answer.of({"ok": True, "channel": "D1", "ts": "1700000000.000100"})

    with Provider(take) as provider:
        settings.SLACK_API_URL = f"{provider.url}/api/"
        settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = TOKEN, SECRET
        settings.OUTBOUND_PRIVATE = "allowed"
        yield provider


@pytest.fixture
def member(slack, olga):
    return reach(olga, MethodKind.SLACK, HER_ID)


@pytest.fixture
def told(member, olga, incident):
    return page(olga, incident)


@pytest.fixture
def posted(slack, told):
    """What Slack was asked to post."""
    run_due()
    return slack.received[-1].json


@pytest.fixture
def post(outside, clock):
    """Post a body as Slack does, signed by its own library."""

    def send(body, *, secret=SECRET, age=0, signed=True):
        timestamp = str(int(clock.now.timestamp()) - age)
        if secret:
            signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        else:  # which Slack's own library refuses to sign with
            signature = signing.signature("", timestamp, body.encode())
        headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature} if signed else {}
        form = "application/x-www-form-urlencoded"
        return outside.post("/hooks/slack/interactive/", body, content_type=form, headers=headers)

    return send


@pytest.fixture
def press(post, slack):
    """Somebody presses a button of a message that was posted."""

    def button(action, message, *, by=HER_ID, response_url=None, **how):
        [actions] = [block for block in message["blocks"] if block["type"] == "actions"]
        [pressed] = [each for each in actions["elements"] if each["action_id"] == action]
        payload = {
            "type": "block_actions",
            "user": {"id": by},
            "container": {"channel_id": "D1", "message_ts": "1700000000.000100"},
            "message": {"ts": "1700000000.000100", "blocks": message["blocks"]},
            "actions": [{**pressed, "block_id": actions["block_id"]}],
            "response_url": f"{slack.url}/response/1" if response_url is None else response_url,
        }
        return post(urlencode({"payload": json.dumps(payload)}), **how)

    return button


def labels(message):
    return [
        element["text"]["text"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def is_acknowledged(incident):
    incident.refresh_from_db()
    return incident.acknowledged_at is not None


def test_a_page_is_one_message_with_facts_and_buttons(slack, posted, told, incident):
    [request] = slack.received
    assert request.path == "/api/chat.postMessage"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["X-ADO-Incident"] == incident.reference
    assert posted["channel"] == HER_ID
    assert posted["blocks"][0]["type"] == "header"
    assert "Nobody acknowledged." in posted["blocks"][1]["text"]["text"]
    assert "P0 Critical" in posted["blocks"][2]["elements"][0]["text"]
    assert labels(posted) == ["Acknowledge", "Resolve", "Pass on", "Escalate", "Open"]
    assert posted["metadata"]["event_payload"]["incident"] == incident.reference
    delivery = sent_by(told, Channel.CHAT)
    assert (delivery.state, delivery.provider_id) == (DeliveryState.SENT, "D1:1700000000.000100")


def test_what_people_write_mentions_nobody(member, olga, team, slack):
    page(olga, declare(team, title="<!channel> & <@U1>"))
    run_due()
    assert "<!channel>" not in json.dumps(slack.received[-1].json["blocks"][1:])


def test_an_address_is_looked_up(slack, olga, incident):
    reach(olga, MethodKind.SLACK, "olga@example.com")
    page(olga, incident)
    run_due()
    assert slack.received[-1].json["channel"] == HER_ID


@pytest.mark.parametrize("fault", ["hang", "close"])
def test_a_lookup_that_is_not_answered_sent_nothing(slack, olga, incident, fault, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    slack.fault = fault
    reach(olga, MethodKind.SLACK, "olga@example.com")
    told = page(olga, incident)
    run_due()
    delivery = sent_by(told, Channel.CHAT)
    assert (delivery.state, delivery.unknown_at) == (DeliveryState.PLANNED, None)


@pytest.mark.parametrize("error", ["channel_not_found", "user_not_found", "is_archived"])
def test_a_receiver_that_slack_does_not_know_is_given_up_and_counted(slack, told, member, error):
    slack.answer = lambda _: Answer.of({"ok": False, "error": error})
    run_due()
    member.refresh_from_db()
    assert sent_by(told, Channel.CHAT).state == DeliveryState.FAILED
    assert member.failures == 1


def test_an_address_nobody_has_in_slack_is_refused(slack, olga, incident):
    method = reach(olga, MethodKind.SLACK, "nobody@example.com")
    told = page(olga, incident)
    run_due()
    method.refresh_from_db()
    assert (sent_by(told, Channel.CHAT).state, method.failures) == (DeliveryState.FAILED, 1)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer.of({"ok": False, "error": "invalid_auth"}), DeliveryState.FAILED),
        (Answer.of({"ok": False, "error": "ratelimited"}), DeliveryState.PLANNED),
        (Answer.of({"ok": False, "error": "fatal_error"}), DeliveryState.UNKNOWN),
        (Answer(500, b"no"), DeliveryState.PLANNED),
        (Answer(200, b"no"), DeliveryState.UNKNOWN),
        (Answer.of({}), DeliveryState.UNKNOWN),
        (Answer.of({"ok": True}), DeliveryState.UNKNOWN),
        (Answer(200, b'{"ok": tru', missing=20), DeliveryState.UNKNOWN),
    ],
)
def test_every_other_answer_blames_no_address(slack, told, member, answer, state):
    slack.answer = lambda _: answer
    run_due()
    member.refresh_from_db()
    assert sent_by(told, Channel.CHAT).state == state
    assert member.failures == 0


@pytest.mark.parametrize(
    ("error", "is_open"), [("invalid_auth", True), ("token_revoked", True), ("channel_not_found", False)]
)
def test_a_token_that_slack_refuses_opens_its_circuit_at_once(slack, told, member, error, is_open):
    slack.answer = lambda _: Answer.of({"ok": False, "error": error})
    run_due()
    assert Breaker.objects.filter(provider=PROVIDER, open_until__isnull=False).exists() is is_open


def test_slack_is_given_the_patience_it_asks_for(slack, told, clock):
    slack.answer = lambda _: Answer.of({"ok": False, "error": "ratelimited"}, 429, Retry_After="30")
    run_due()
    timer = Timer.objects.get(key=f"notifications.deliver:{sent_by(told, Channel.CHAT).pk}")
    assert timer.state == State.PENDING
    assert (timer.due_at - clock.now).total_seconds() >= 30


def test_acknowledge_stops_the_others_at_once_and_changes_the_message(
    slack, posted, press, incident, olga, team, django_assert_max_num_queries
):
    waiting = page(make_person("Sam", team, TeamRole.RESPONDER), incident)
    asked = len(slack.received)
    with django_assert_max_num_queries(80):
        assert press("acknowledge", posted).status_code == 200
    assert len(slack.received) == asked
    [event] = incident.timeline.filter(kind=EventKind.ACKNOWLEDGED)
    assert (event.actor, event.via) == (olga, Via.CHAT)
    assert waiting.deliveries.get(channel=Channel.EMAIL).state == DeliveryState.CANCELLED
    run_due()
    [answer] = [request for request in slack.received if request.path == "/response/1"]
    assert answer.json["replace_original"] is True
    assert f"{incident} acknowledged." in json.dumps(answer.json["blocks"])
    assert labels(answer.json) == ["Resolve", "Escalate", "Open"]


def test_without_a_response_address_the_message_is_changed_by_the_api(slack, posted, press):
    press("acknowledge", posted, response_url="")
    run_due()
    [update] = [request for request in slack.received if request.path == "/api/chat.update"]
    assert (update.json["channel"], update.json["ts"]) == ("D1", "1700000000.000100")


def test_somebody_else_cannot_answer_the_page(slack, posted, press, incident):
    assert press("acknowledge", posted, by="U0OTHER").status_code == 200
    assert not is_acknowledged(incident)
    run_due()
    [answer] = [request for request in slack.received if request.path == "/response/1"]
    assert answer.json["response_type"] == "ephemeral"
    assert "not yours" in answer.json["text"]


def test_whoever_an_address_belongs_to_answers_their_page_and_nobody_else(slack, olga, incident, press):
    reach(olga, MethodKind.SLACK, "olga@example.com")
    page(olga, incident)
    run_due()
    message = slack.received[-1].json
    press("acknowledge", message, by="U0OTHER")
    assert not is_acknowledged(incident)
    press("acknowledge", message, by=HER_ID)
    assert is_acknowledged(incident)


def test_in_a_channel_only_the_receiver_answers(slack, olga, incident, press):
    reach(olga, MethodKind.SLACK, "C0ROOM")
    page(olga, incident)
    run_due()
    message = slack.received[-1].json
    press("acknowledge", message, by="U0OTHER")
    press("acknowledge", message, by="C0ROOM2")
    assert not is_acknowledged(incident)


def test_a_token_of_somebody_elses_page_is_refused(slack, posted, press, incident, team):
    sams = page(make_person("Sam", team, TeamRole.RESPONDER), incident)
    [actions] = [block for block in posted["blocks"] if block["type"] == "actions"]
    actions["elements"][0]["value"] = links.token([sams])
    press("acknowledge", posted)
    assert not is_acknowledged(incident)


def test_resolve_says_what_is_missing(slack, posted, press, incident):
    press("resolve", posted)
    incident.refresh_from_db()
    assert incident.status == "monitoring"
    run_due()
    assert "Before it is resolved" in slack.received[-1].json["text"]


def test_decline_is_told_to_the_chain(slack, posted, press, incident, told):
    press("decline", posted)
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED).count() == 1
    told.refresh_from_db()
    assert told.declined_at is not None
    run_due()
    assert labels(slack.received[-1].json) == ["Open"]


def test_passing_on_twice_is_told_to_the_one_who_pressed(slack, posted, press, incident):
    press("decline", posted)
    press("decline", posted)
    assert incident.timeline.filter(kind=EventKind.PAGE_DECLINED).count() == 1
    run_due()
    assert any("You answered the page" in str(request.json.get("text")) for request in slack.received if request.json)


@pytest.fixture
def next_up(team):
    """Olga's page has a chain behind it: level 1 is hers, level 2 is Sam's."""
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    make_chain("P0", [make_person("Ann", team, TeamRole.RESPONDER), sam], minutes=(0, 15))
    return sam


@pytest.fixture
def raised(slack, member, olga, next_up, team):
    """A page that can be escalated, as Slack was asked to post it."""
    incident = declare(team)
    page(olga, incident)
    run_due()
    [message] = [request.json for request in slack.received if request.path == "/api/chat.postMessage"]
    return incident, message


def test_escalating_asks_first_and_names_the_level(raised):
    _, message = raised
    assert labels(message) == ["Acknowledge", "Resolve", "Pass on", "Escalate", "Open"]
    [actions] = [block for block in message["blocks"] if block["type"] == "actions"]
    [button] = [each for each in actions["elements"] if each["action_id"] == "escalate"]
    assert button["confirm"]["text"]["text"] == "Level 2, Level 2, is woken at once."
    assert button["confirm"]["confirm"]["text"] == "Escalate now"


def test_escalating_wakes_the_level_that_was_confirmed_and_leaves_the_page_to_be_answered(
    slack, raised, press, olga, next_up
):
    incident, message = raised
    press("escalate", message)
    [event] = incident.timeline.filter(kind=EventKind.ESCALATED)
    assert (event.actor, event.via, event.data["level"]) == (olga, Via.CHAT, 2)
    assert next_up.notifications.filter(incident=incident, kind="page").exists()
    run_due()
    [answer] = [request.json for request in slack.received if request.path == "/response/1"]
    assert f"{incident} escalated." in json.dumps(answer["blocks"])
    assert labels(answer) == ["Acknowledge", "Resolve", "Pass on", "Open"]


def test_a_level_that_was_paged_meanwhile_is_not_paged_again(slack, raised, press, clock, next_up):
    incident, message = raised
    press("escalate", message)
    press("escalate", message)
    assert incident.timeline.filter(kind=EventKind.ESCALATED).count() == 1
    run_due()
    said = [request.json for request in slack.received if request.path == "/response/1"]
    assert [each["text"] for each in said if each.get("response_type") == "ephemeral"] == ["Level 2 was already paged."]


def test_where_nobody_of_the_confirmed_level_can_be_reached_no_other_is_woken(slack, raised, press, next_up):
    incident, message = raised
    next_up.contact_methods.all().delete()
    press("escalate", message)
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()
    run_due()
    [said] = [request.json for request in slack.received if request.path == "/response/1"]
    assert said["text"] == "Nobody can be reached on level 2 now. Open the incident to see who is left."


def test_nobody_else_escalates_and_nothing_unsigned_does(raised, press, olga):
    incident, message = raised
    press("escalate", message, by="U0OTHER")
    assert press("escalate", message, secret="other").status_code == 403
    assert press("escalate", message, age=301).status_code == 403
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    press("escalate", message)
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()


@pytest.mark.parametrize("value", ["", "nonsense", "two:TOKEN", "9:TOKEN"])
def test_an_escalation_without_a_level_or_a_page_is_none(raised, press, value):
    incident, message = raised
    [actions] = [block for block in message["blocks"] if block["type"] == "actions"]
    [button] = [each for each in actions["elements"] if each["action_id"] == "escalate"]
    button["value"] = value
    assert press("escalate", message).status_code in (200, 400)
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()


def test_a_page_of_what_is_over_says_so_to_the_one_who_pressed(slack, posted, press, incident, olga):
    incidents.cancel(incident.pk, reason="mistake", by=olga)
    press("acknowledge", posted)
    run_due()
    [answer] = [request for request in slack.received if request.path == "/response/1"]
    assert answer.json["response_type"] == "ephemeral"
    assert "nothing to acknowledge" in answer.json["text"]


def test_a_page_of_long_ago_is_not_answered(slack, posted, press, incident, settings):
    settings.ACKNOWLEDGE_LINK_LIFETIME = timedelta(seconds=-1)
    press("acknowledge", posted)
    assert not is_acknowledged(incident)


def test_what_slack_did_not_sign_or_long_ago_changes_nothing(posted, press, incident, settings):
    assert press("acknowledge", posted, signed=False).status_code == 403
    assert press("acknowledge", posted, secret="other").status_code == 403
    assert press("acknowledge", posted, age=301).status_code == 403
    assert press("acknowledge", posted, age=-301).status_code == 403
    settings.SLACK_SIGNING_SECRET = ""
    assert press("acknowledge", posted, secret="").status_code == 403
    assert not is_acknowledged(incident)
    settings.SLACK_SIGNING_SECRET = SECRET
    assert press("acknowledge", posted, age=299).status_code == 200
    assert is_acknowledged(incident)


def test_a_button_pressed_twice_is_carried_out_once(posted, press, incident):
    press("acknowledge", posted)
    press("acknowledge", posted)
    assert incident.timeline.filter(kind=EventKind.ACKNOWLEDGED).count() == 1


@pytest.mark.parametrize("payload", ["", "nonsense", "[]", "{}", "null", '{"type": "block_actions", "actions": [1]}'])
def test_what_is_no_interaction_is_refused(slack, db, post, payload):
    assert post(urlencode({"payload": payload})).status_code == 400


@pytest.mark.parametrize(
    "told", [{"type": "view_closed"}, {"type": "block_actions", "actions": [{"action_id": "open"}]}]
)
def test_what_is_none_of_our_buttons_is_no_fault(slack, db, post, told):
    assert post(urlencode({"payload": json.dumps(told)})).status_code == 200


def test_an_answer_that_slack_does_not_take_wakes_no_administrator(slack, posted, press, clock):
    slack.answer = lambda _: Answer(404, b"expired_url")
    press("acknowledge", posted)
    run_due()
    assert not Timer.objects.filter(state=State.DEAD).exists()
    assert not Timer.objects.filter(kind="integrations.slack.answer", state=State.PENDING).exists()


def test_a_slack_that_is_left_alone_is_not_told_of_buttons_either(slack, posted, press, settings):
    settings.BREAKER_FAILURES = 1
    with pytest.raises(Unreachable), breakers.through("slack"):
        raise Unreachable("Nobody answers.")
    asked = len(slack.received)
    press("acknowledge", posted)
    run_due()
    assert len(slack.received) == asked
    assert Timer.objects.filter(kind="integrations.slack.answer", state=State.PENDING).exists()


def test_an_answer_that_slack_cannot_be_told_counts_against_it(slack, posted, press):
    slack.answer = lambda _: Answer(500, b"no")
    press("acknowledge", posted)
    run_due()
    assert Breaker.objects.get(provider="slack").failures == 1


def test_what_a_timer_carries_tells_nothing_of_the_page(slack, posted, press, incident):
    press("acknowledge", posted)
    timer = Timer.objects.get(kind="integrations.slack.answer")
    assert list(timer.payload) == ["answer"]
    assert incident.title not in str(timer.payload)
    run_due()
    assert [request.path for request in slack.received][-1] == "/response/1"
    assert not SlackAnswer.objects.exists()


def test_an_answer_that_came_meanwhile_is_told_too(slack, posted, press, clock):
    press("acknowledge", posted)
    told = SlackAnswer.objects.get()
    clock.shift(seconds=1)
    press("resolve", posted)
    answering.forget(told)
    assert SlackAnswer.objects.exists()
    clock.shift(days=2)
    sweep("slack_answers")
    assert not SlackAnswer.objects.exists()


@pytest.mark.parametrize("channel", ["C0OPS", "#ops", "G0OPS", "ops"])
def test_of_a_private_incident_a_channel_reads_number_and_severity_only(slack, olga, team, channel):
    reach(olga, MethodKind.SLACK, channel)
    incident = declare(team, title="Ransom note", summary="They ask for money", private=True)
    page(olga, incident)
    run_due()
    posted = slack.received[-1].json
    assert posted["channel"] == channel
    assert posted["text"] == f"[P0] {incident.reference}"
    assert labels(posted) == ["Open"]
    written = json.dumps(posted)
    assert incident.get_absolute_url() in written
    for kept_back in ("Ransom", "money", "Agent pipeline", "Nobody acknowledged", str(team)):
        assert kept_back not in written


def test_of_a_private_incident_a_member_reads_everything(slack, member, olga, team):
    page(olga, declare(team, private=True))
    run_due()
    assert labels(slack.received[-1].json) == ["Acknowledge", "Resolve", "Pass on", "Open"]


def test_of_another_incident_a_channel_reads_everything(slack, olga, incident):
    reach(olga, MethodKind.SLACK, "C0OPS")
    page(olga, incident)
    run_due()
    assert "Nobody acknowledged." in slack.received[-1].json["blocks"][1]["text"]["text"]
