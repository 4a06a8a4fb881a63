"""The channel of an incident in Slack: made once whatever breaks, told what happens, archived at its end (R14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from apps.core import http
from apps.core.errors import OutcomeUnknown, ProviderError, Unreachable
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind
from apps.integrations.models import Connection, Step, StepState
from apps.integrations.slack.conversations import Conversations
from apps.integrations.slack.known import members
from apps.integrations.slack.room import Channel
from apps.integrations.tools import News, StepKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person


def news(kind: EventKind = EventKind.STATUS_CHANGED, text: str = "Declared → Monitoring.", *, key: str = "event-1"):
    return News(key=key, kind=kind, at=datetime.now(UTC), text=text)


def name_of(brief, number: int = 1) -> str:
    return f"incident-{brief.declared_at:%Y%m%d-%H%M}{f'-{number}' if number > 1 else ''}"


@pytest.fixture
def made(workspace, brief):
    """A channel of an incident, and what its provider was told."""
    told = brief()
    with workspace.opened() as channel:
        return channel.make(told, key="step-1"), told


def test_the_channel_is_named_by_the_minute_marked_titled_and_has_a_card_and_the_people(workspace, made):
    room, told = made
    (channel,) = workspace.channels.values()
    assert (room.label, room.ref) == (f"#{name_of(told)}", channel["id"])
    assert (channel["name"], channel["is_private"]) == (name_of(told), False)
    assert channel["purpose"]["value"] == told.mark
    assert channel["topic"]["value"] == "P0 · Commander: nobody yet · Declared"
    assert workspace.people(room.ref) == {workspace.member(email) for email in told.people}
    assert workspace.messages(room.ref) == ["P0 · INC-1 · Pipeline &lt;down&gt; &amp; out"]
    assert workspace.client.conversations_history(channel=room.ref)["pin_count"] == 1
    assert room.url.endswith(f"/archives/{room.ref}")


def test_everything_that_people_see_of_it_is_in_the_outbox_under_the_incident(workspace, made):
    room, told = made
    rows = workspace.running.rows
    assert {(row.channel, row.incident) for row in rows} == {("chat", "INC-1")}
    assert {row.to for row in rows} == {room.label, *told.people}
    (card,) = [row for row in rows if row.subject]
    assert card.subject == "P0 · INC-1 · Pipeline <down> & out"
    assert all(word in card.text for word in ("Everybody", "Platform", "Agents", "Nothing runs."))
    assert card.links == [told.url]


def test_of_a_private_incident_the_channel_is_private(workspace, brief):
    with workspace.opened() as channel:
        channel.make(brief(private=True), key="step-1")
    assert [each["is_private"] for each in workspace.channels.values()] == [True]


def test_whom_slack_does_not_know_is_left_out(workspace, brief):
    workspace.running.control("numbers", number="ben@example.com", behaviour="unreachable")
    told = brief()
    with workspace.opened() as channel:
        room = channel.make(told, key="step-1")
    assert workspace.people(room.ref) == {workspace.member("olga@example.com")}


def test_a_commander_with_a_name_of_any_length_and_a_drill_fit_into_the_topic(workspace, brief):
    with workspace.opened() as channel:
        channel.make(brief(commander="A\n" * 200, drill=True), key="step-1")
    (channel,) = workspace.channels.values()
    assert channel["topic"]["value"].startswith("DRILL · P0 · Commander: A A")
    assert len(channel["topic"]["value"]) == 250


def test_incidents_of_the_same_minute_have_channels_with_numbers(workspace, brief):
    first = brief(1)
    others = [replace(brief(number), declared_at=first.declared_at) for number in (2, 3)]
    with workspace.opened() as channel:
        labels = [channel.make(told, key="step-1").label for told in (first, *others)]
    assert labels == [f"#{name_of(first, number)}" for number in (1, 2, 3)]


class Interrupted(Conversations):
    """Slack does what it is asked ``calls`` times, and the last answer is lost."""

    calls = 0

    def _call(self, *asked, **how):
        told = super()._call(*asked, **how)
        self.calls -= 1
        if self.calls == 0:
            raise OutcomeUnknown("The answer was lost.")
        return told


def interrupted(workspace, told, *, calls: int) -> bool:
    """Whether making it needs so many calls, of which the last was lost."""
    with http.client(workspace.running.environment["SLACK_API_URL"]) as client:
        slack = Interrupted(client, workspace.token)
        slack.calls = calls
        try:
            Channel(slack).make(told, key="step-1")
        except (OutcomeUnknown, Unreachable):
            return True
    return False


def test_broken_off_anywhere_it_is_made_once_and_lacks_nothing(workspace, brief, clock):
    began = datetime.now(UTC)
    for calls in count(1):
        clock.set(began)
        members.forget()  # so that each attempt asks as many times
        told = brief(calls, declared_at=began - timedelta(minutes=calls - 1))
        if not interrupted(workspace, told, calls=calls):
            break
        clock.set(began + timedelta(minutes=5))
        with workspace.opened() as channel:
            room = channel.find(told) or channel.make(told, key="step-1")
        (ours,) = [each for each in workspace.channels.values() if told.mark == each["purpose"]["value"]]
        assert ours["id"] == room.ref
        assert ours["topic"]["value"] == "P0 · Commander: nobody yet · Declared"
        assert len(workspace.messages(room.ref)) == 1
        assert workspace.people(room.ref) == {workspace.member(email) for email in told.people}
    assert calls == 12
    assert all(each["purpose"]["value"] for each in workspace.channels.values())


def test_one_that_another_may_be_making_is_waited_for_and_then_taken(workspace, brief, clock):
    told = brief()
    clock.set(told.declared_at)
    interrupted(workspace, told, calls=2)
    with workspace.opened() as channel:
        assert channel.find(told) is None
        with pytest.raises(ProviderError, match="being made") as waiting:
            channel.make(told, key="step-1")
        assert not waiting.value.permanent
        clock.shift(seconds=70)
        assert channel.make(told, key="step-1").label == f"#{name_of(told)}"
    assert len(workspace.channels) == 1


def test_a_channel_with_a_purpose_of_its_own_is_left_alone(workspace, brief, clock):
    told = brief()
    there = workspace.client.conversations_create(name=name_of(told))["channel"]["id"]
    workspace.client.conversations_setPurpose(channel=there, purpose="Lunch")
    clock.set(told.declared_at + timedelta(minutes=5))
    with workspace.opened() as channel:
        assert channel.make(told, key="step-1").label == f"#{name_of(told, 2)}"
    assert workspace.messages(there) == []


def test_when_every_name_is_taken_it_says_so_for_good(workspace, brief):
    told = brief()
    for number in range(1, 21):
        taken = workspace.client.conversations_create(name=name_of(told, number))["channel"]["id"]
        workspace.client.conversations_archive(channel=taken)
    with workspace.opened() as channel, pytest.raises(ProviderError, match="are taken") as failed:
        channel.make(told, key="step-1")
    assert failed.value.permanent


def test_news_are_said_once_the_topic_follows_and_who_is_new_is_invited(workspace, made):
    room, told = made
    later = replace(told, commander="Olga", status_label="Monitoring", people=(*told.people, "eve@example.com"))
    with workspace.opened() as channel:
        channel.follow(room, later, news())
        assert workspace.member("eve@example.com") not in workspace.people(room.ref)
        channel.follow(room, later, news(EventKind.ROLE_ASSIGNED, "Olga takes <command>.", key="event-2"))
    with workspace.opened() as channel:
        channel.follow(room, later, news(EventKind.ROLE_ASSIGNED, "Olga takes <command>.", key="event-2"))
    assert workspace.messages(room.ref)[1:] == ["Declared → Monitoring.", "Olga takes &lt;command&gt;."]
    assert workspace.channels[name_of(told)]["topic"]["value"] == "P0 · Commander: Olga · Monitoring"
    assert workspace.member("eve@example.com") in workspace.people(room.ref)
    titled = [row for row in workspace.running.rows if "topic" in row.text]
    assert len(titled) == 2


def test_one_who_cannot_be_invited_keeps_nobody_else_out(workspace, made, monkeypatch):
    """Between the look at who is in and the invitation somebody came in by themselves."""
    room, told = made
    monkeypatch.setattr(Conversations, "members", lambda *_: set())
    later = replace(told, people=(*told.people, "eve@example.com"))
    with workspace.opened() as channel:
        channel.follow(room, later, news(EventKind.RESPONDER_ACCEPTED))
    assert workspace.people(room.ref) == {workspace.member(email) for email in later.people}


@pytest.mark.parametrize(
    ("happened", "private", "said"),
    [("leave", True, "was deleted"), ("archive", False, "was archived"), ("leave", False, "our bot no more")],
)
def test_a_channel_that_is_gone_is_a_failure_for_good(workspace, brief, happened, private, said):
    with workspace.opened() as channel:
        room = channel.make(brief(private=private), key="step-1")
        workspace.client.api_call(f"conversations.{happened}", json={"channel": room.ref})
        with pytest.raises(ProviderError, match=said) as failed:
            channel.follow(room, brief(private=private), news())
    assert failed.value.permanent
    assert room.label in str(failed.value)


def test_its_end_archives_it_and_twice_is_once(workspace, made):
    room, told = made
    with workspace.opened() as channel:
        channel.end(room, told)
        channel.end(room, told)
        channel.end(replace(room, ref="C0GONE"), told)
    assert workspace.channels[name_of(told)]["is_archived"]


def test_one_that_was_made_for_what_is_over_is_found_and_not_furnished(workspace, brief, clock):
    told = brief()
    clock.set(told.declared_at)
    interrupted(workspace, told, calls=3)
    with workspace.opened() as channel:
        room = channel.find(replace(told, status="cancelled"))
    assert workspace.people(room.ref) == set()
    assert workspace.messages(room.ref) == []


def test_the_check_says_who_we_are(workspace):
    with workspace.opened() as channel:
        assert channel.check() == "We are ado_incidents in the workspace Sandbox."


def test_an_incident_has_its_channel_hears_of_it_and_leaves_it(workspace, team):
    ann, ben = (make_person(name, team, TeamRole.MANAGER) for name in ("Ann", "Ben"))
    Connection.objects.create(provider="slack", secrets={"token": workspace.token})
    incident = declare(team, ann)
    run_due()
    step = Step.objects.get(incident=incident, kind=StepKind.CHANNEL)
    assert (step.state, step.label) == (StepState.MADE, "#incident-20260302-1000")
    incidents.acknowledge(incident.pk, by=ben)
    run_due()
    assert workspace.messages(step.ref)[-1].startswith("Acknowledged by Ben")
    assert workspace.member(ben.email) in workspace.people(step.ref)
    incidents.cancel(incident.pk, by=ann, reason="A false alarm.")
    run_due()
    step.refresh_from_db()
    assert step.state == StepState.ENDED
    assert workspace.channels["incident-20260302-1000"]["is_archived"]


def test_whose_access_is_taken_back_is_taken_out_of_the_channel(workspace, team):
    ann, eve = make_person("Ann", team, TeamRole.COMMANDER), make_person("Eve", None)
    Connection.objects.create(provider="slack", secrets={"token": workspace.token})
    incident = declare(team, ann, private=True)
    grant = incidents.give_access(incident.pk, person=eve, reason="She knows the payroll.", by=ann)
    run_due()
    step = Step.objects.get(incident=incident, kind=StepKind.CHANNEL)
    insiders = {workspace.member(ann.email), workspace.member(eve.email)}
    assert workspace.people(step.ref) == insiders
    incidents.take_access_back(grant.pk, by=ann)
    run_due()
    assert workspace.people(step.ref) == {workspace.member(ann.email)}
    incidents.give_access(incident.pk, person=eve, reason="Once more.", by=ann)
    run_due()
    assert workspace.people(step.ref) == insiders


def test_people_are_asked_for_once_and_come_last(workspace, brief, monkeypatch):
    asked = []
    call = Conversations._call

    def counted(self, verb, method, *args, **how):
        asked.append(method)
        return call(self, verb, method, *args, **how)

    monkeypatch.setattr(Conversations, "_call", counted)
    with workspace.opened() as channel:
        channel.make(brief(1), key="step-1")
        assert asked.index("users.lookupByEmail") > asked.index("chat.postMessage")
        before = asked.count("users.lookupByEmail")
        channel.make(brief(2), key="step-2")
    assert (before, asked.count("users.lookupByEmail")) == (2, 2)


def test_a_channel_of_another_app_has_no_button_that_nobody_hears(workspace, brief, settings):
    settings.SLACK_BOT_TOKEN = "xoxb-another"
    with workspace.opened() as channel:
        room = channel.make(brief(1), key="step-1")
    (card,) = workspace.client.conversations_history(channel=room.ref)["messages"]
    (actions,) = [block for block in card["blocks"] if block["type"] == "actions"]
    assert [each["action_id"] for each in actions["elements"]] == ["open"]
