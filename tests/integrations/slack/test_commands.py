"""/incident in Slack: who asks is known, what is asked is done once, as them, and answered to them alone (R14)."""

from __future__ import annotations

import json
from functools import cache
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from apps.catalog.models import Service
from apps.contacts.models import MethodKind
from apps.core import clock as house_clock
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents.models import EventKind, Incident, Status, Via
from apps.integrations.models import Connection, SlackCommand, Step
from apps.integrations.slack import asking
from apps.integrations.tools import StepKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.integrations.conftest import reach
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cret"
AT_COMMANDS = "/hooks/slack/command/"


@pytest.fixture
def slack(workspace, settings):
    """Slack as the sandbox speaks it; who is reached there by their address may give commands."""
    settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = workspace.token, SECRET
    settings.OUTBOUND_PRIVATE = "allowed"
    return workspace


@pytest.fixture
def ann(slack, team):
    person = make_person("Ann", team, TeamRole.COMMANDER)
    reach(person, MethodKind.SLACK, person.email)
    return person


class Post:
    """Posts what Slack posts, signed by Slack's own code, and runs what follows."""

    def __init__(self, client, slack) -> None:
        self._client, self._number = client, 0
        self.member = cache(slack.member)

    def signed(self, path, form, *, secret=SECRET, age=0):
        body, at = urlencode(form), str(int(house_clock.now().timestamp()) - age)
        signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
        answer = self._client.post(
            path, data=body, content_type="application/x-www-form-urlencoded",
            headers={"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature},
        )  # fmt: skip
        run_due()
        return answer

    def form(self, text, *, by, channel="D1", key=""):
        self._number += 1
        return {
            "user_id": self.member(by.email), "channel_id": channel, "command": "/incident", "text": text,
            "trigger_id": key or f"trigger-{self._number}", "response_url": "",
        }  # fmt: skip


@pytest.fixture
def post(client, slack):
    return Post(client, slack)


@pytest.fixture
def ask(post, monkeypatch):
    """Write a command and return what is answered."""
    answers = []
    forget = asking.forget

    def kept(command):
        answers.append(command.answer)
        forget(command)

    monkeypatch.setattr(asking, "forget", kept)

    def asked(text, *, by, channel="D1"):
        assert post.signed(AT_COMMANDS, post.form(text, by=by, channel=channel)).status_code == 200
        return answers.pop()

    return asked


def latest() -> Incident:
    return Incident.objects.latest("pk")


def test_declare_acknowledge_note_and_resolve(ask, ann, team):
    said = ask("declare P2 The pipeline fails", by=ann)
    incident = latest()
    assert said == f"{incident} is declared as P2: http://127.0.0.1:8000{incident.get_absolute_url()}"
    assert (incident.title, incident.team, incident.declared_by) == ("The pipeline fails", team, ann)
    assert ask(f"ack {incident}", by=ann).startswith(f"{incident} acknowledged")
    assert ask(f"note {incident} The disk &lt;is full", by=ann) == f"Noted on {incident}."
    assert ask(f"resolve {incident}", by=ann).startswith(f"{incident} is monitoring now. Before it is resolved:")
    events = incident.timeline.filter(via=Via.CHAT, actor=ann)
    assert {EventKind.DECLARED, EventKind.ACKNOWLEDGED, EventKind.NOTE} <= set(events.values_list("kind", flat=True))
    incident.refresh_from_db()
    assert incident.status == Status.MONITORING


def test_options_name_service_team_private_and_drill(ask, ann, team):
    service = Service.objects.create(slug="agents", name="Agents", team=team)
    ask(f"declare P1 service={service.slug} --private --drill Token leaked", by=ann)
    incident = latest()
    assert (incident.private, incident.drill, list(incident.services.all())) == (True, True, [service])
    assert ask("declare P1 service=nothing Token leaked", by=ann) == "There is no service nothing."
    theirs = make_team("Secret")
    assert ask(f"declare P1 team={theirs.slug} Token leaked", by=ann) == f"There is no team {theirs.slug.lower()}."
    assert latest() == incident


@pytest.mark.parametrize("text", ["declare", "declare The pipeline fails", "declare P9 It fails"])
def test_a_declaration_begins_with_a_severity(ask, ann, text):
    assert "Begin with how severe it is: P0, P1, P2, P3." in ask(text, by=ann)
    assert not Incident.objects.exists()


def test_what_they_may_not_do_or_see_is_not_done(ask, ann, team):
    secret = declare(make_team("Secret"), private=True, title="Payroll leaked")
    assert ask(f"ack {secret}", by=ann) == f"There is no {secret}."
    viewer = make_person("Vic", team, TeamRole.STAKEHOLDER)
    reach(viewer, MethodKind.SLACK, viewer.email)
    incident = declare(team)
    assert ask(f"ack {incident}", by=viewer) == "Vic has no right to respond here."
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_in_the_channel_of_an_incident_its_number_may_be_left_out(ask, ann, team):
    incident, other = declare(team), declare(team)
    connection = Connection.objects.create(provider="slack", secrets={"token": "xoxb-1"}, is_active=False)
    Step.objects.create(incident=incident, kind=StepKind.CHANNEL, connection=connection, ref="C1")
    ask("ack", by=ann, channel="C1")
    ask("note Disk is full", by=ann, channel="C1")
    assert incident.timeline.filter(kind=EventKind.NOTE, via=Via.CHAT).get().text == "Disk is full"
    secret = declare(make_team("Secret"))
    Step.objects.create(incident=secret, kind=StepKind.CHANNEL, connection=connection, ref="C3")
    assert ask("ack", by=ann, channel="C3") == "There is no incident of this channel that you see."
    assert "Say of which incident" in ask("note Disk is full", by=ann, channel="C2")
    assert ask("ack", by=ann, channel="") == "Say which incident."
    other.refresh_from_db()
    assert other.acknowledged_at is None


def test_who_is_on_call_is_told_of_what_they_see(ask, ann, team):
    roster, secret = put_on_call(team, ann), make_team("Secret")
    put_on_call(secret, make_person("Sid", secret, TeamRole.RESPONDER))
    service = Service.objects.create(slug="agents", name="Agents", team=team)
    told = ask("who", by=ann)
    assert told == f"*{team.name}*: Ann ({roster})"
    assert ask(f"who {service.slug}", by=ann) == ask(f"who {team.slug}", by=ann) == told
    assert ask("who secret", by=ann) == "There is no team or service secret."


def test_what_people_write_mentions_nobody(ask, ann):
    assert ask("who <!channel>", by=ann) == "There is no team or service &lt;!channel&gt;."


def test_who_is_not_reached_there_is_told_how_to_be(ask, slack, team):
    stranger = make_person("Sam", team, TeamRole.COMMANDER)
    assert ask("declare P0 Nothing works", by=stranger).startswith("I do not know who you are.")
    method = reach(stranger, MethodKind.SLACK, stranger.email)
    method.verified_at = None
    method.save()
    assert ask("declare P0 Nothing works", by=stranger).startswith("I do not know who you are.")
    assert not Incident.objects.exists()


def test_whom_several_have_as_their_account_is_none_of_them(ask, ann, team):
    reach(make_person("Bea", team, TeamRole.COMMANDER), MethodKind.SLACK, ann.email)
    assert ask("declare P0 Nothing works", by=ann).startswith("Several people here")
    assert not Incident.objects.exists()


def test_an_id_is_known_without_asking_slack(post, slack, team):
    person = make_person("Ida", team, TeamRole.COMMANDER)
    reach(person, MethodKind.SLACK, post.member(person.email))
    slack.running.control("faults", provider="slack", fault="500")
    post.signed(AT_COMMANDS, post.form("declare P3 A typo", by=person))
    assert latest().declared_by == person


@pytest.mark.parametrize(("secret", "age", "status"), [("other", 0, 403), (SECRET, 301, 403), (SECRET, 0, 200)])
def test_what_slack_did_not_sign_or_long_ago_does_nothing(post, ann, secret, age, status):
    form = post.form("declare P0 Nothing works", by=ann)
    assert post.signed(AT_COMMANDS, form, secret=secret, age=age).status_code == status
    assert Incident.objects.count() == (status == 200)


@pytest.mark.parametrize("form", [{}, {"user_id": "U1"}, {"trigger_id": "1"}])
def test_what_is_no_command_is_refused(post, db, form):
    assert post.signed(AT_COMMANDS, form).status_code == 400


def test_posted_twice_or_killed_after_it_was_done_it_is_done_once(post, ann, monkeypatch):
    form = post.form("declare P0 Nothing works", by=ann, key="once")

    def killed(command):
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "forget", killed)
    with pytest.raises(KeyboardInterrupt):
        post.signed(AT_COMMANDS, form)
    assert Incident.objects.count() == 1
    monkeypatch.undo()
    Timer.objects.filter(kind=asking.ASKED).update(state=State.PENDING, lease_until=None, leased_by=None)
    post.signed(AT_COMMANDS, form)
    assert Incident.objects.count() == 1
    assert not SlackCommand.objects.exists()


def test_while_slack_does_not_say_who_asks_it_waits_and_is_done_later(post, ann, slack, clock):
    form = post.form("declare P0 Nothing works", by=ann)
    slack.running.control("faults", provider="slack", fault="500")
    post.signed(AT_COMMANDS, form)
    assert not Incident.objects.exists()
    slack.running.control("faults", provider="slack", fault="none")
    clock.shift(minutes=10)
    run_due()
    assert Incident.objects.count() == 1


def test_what_is_kept_of_it_meanwhile_cannot_be_read_in_the_table(post, ann, slack):
    form = post.form("declare P0 Canary leaked", by=ann)
    slack.running.control("faults", provider="slack", fault="500")
    post.signed(AT_COMMANDS, form)
    command = SlackCommand.objects.get()
    assert command.text == "declare P0 Canary leaked"
    columns = SlackCommand.objects.extra(select={"raw": "text"}).values_list("raw", flat=True)
    assert "Canary" not in columns[0]
    assert "Canary" not in str(Timer.objects.filter(kind=asking.ASKED).values().get())


def test_the_card_of_a_channel_is_acknowledged_by_whoever_may(slack, ann, team, post):
    Connection.objects.create(provider="slack", secrets={"token": slack.token})
    incident = declare(team)
    run_due()
    step = Step.objects.get(incident=incident, kind=StepKind.CHANNEL)
    message = slack.client.conversations_history(channel=step.ref)["messages"][-1]
    buttons = [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]
    (button,) = [each for each in buttons if each.get("style") == "primary"]
    pressed = {
        "type": "block_actions", "trigger_id": "t1", "user": {"id": slack.member(ann.email)},
        "channel": {"id": step.ref}, "actions": [button],
    }  # fmt: skip
    assert post.signed("/hooks/slack/interactive/", {"payload": json.dumps(pressed)}).status_code == 200
    incident.refresh_from_db()
    assert incident.acknowledged_at is not None
    assert incident.timeline.filter(kind=EventKind.ACKNOWLEDGED).get().actor == ann


def test_the_answer_is_told_to_who_asked_alone_by_the_address_that_came_along(post, ann):
    with Provider(lambda _: Answer.of({"ok": True})) as provider:
        form = post.form("who <nobody>", by=ann) | {"response_url": f"{provider.url}/slack/commands/1"}
        post.signed(AT_COMMANDS, form)
    (told,) = provider.received
    text = "There is no team or service &lt;nobody&gt;."
    assert told.json == {"response_type": "ephemeral", "replace_original": False, "text": text}
    assert not SlackCommand.objects.exists()


def test_an_answer_that_slack_does_not_take_is_forgotten_and_what_was_asked_is_done(post, ann):
    with Provider(lambda _: Answer.of({}, 404)) as provider:
        form = post.form("declare P0 Nothing works", by=ann) | {"response_url": f"{provider.url}/gone"}
        post.signed(AT_COMMANDS, form)
    assert Incident.objects.count() == 1
    assert not SlackCommand.objects.exists()
