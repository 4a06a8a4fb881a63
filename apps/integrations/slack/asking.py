"""What is asked for in Slack: kept at once, carried out by the engine, and told to whoever asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from apps.core import clock, http
from apps.core.errors import Invalid, RuleViolation
from apps.engine import actions as engine
from apps.engine import breakers
from apps.integrations.models import SlackCommand
from apps.integrations.slack import deeds, members
from apps.integrations.slack.blocks import escape
from apps.integrations.slack.client import PROVIDER
from apps.integrations.slack.wording import ACKNOWLEDGE_INCIDENT
from apps.teams.models import User

#: The kind of timers that carry out what was asked for.
ASKED = "integrations.slack.asked"
#: So old, nobody waits for it any more: Slack takes no answer after half an hour.
KEPT = timedelta(days=1)
LONGEST = 3000


def take(form: Mapping[str, str]) -> None:
    """Keep a slash command, as Slack posts it. Raises Invalid for what is none."""
    member, key = form.get("user_id", ""), form.get("trigger_id", "")
    if not member or not key:
        raise Invalid("This is no command of Slack's.")
    _keep(key, member=member, channel=form.get("channel_id", ""), text=form.get("text", ""),
          response_url=form.get("response_url", ""))  # fmt: skip


def take_button(payload: str) -> bool:
    """Keep what the button of an incident's card asks for; False where it is no such button. Raises Invalid."""
    try:
        told = json.loads(payload)
        action = told["actions"][0] if told["type"] == "block_actions" and told["actions"] else {}
        if action.get("action_id") != ACKNOWLEDGE_INCIDENT:
            return False
        _keep(
            str(told["trigger_id"]), member=str(told["user"]["id"]), channel=str(told["channel"]["id"]),
            text=f"ack {action['value']}", response_url=str(told.get("response_url") or ""),
        )  # fmt: skip
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise Invalid("This is no interaction of Slack's.") from error
    return True


@transaction.atomic
def _keep(key: str, *, member: str, channel: str, text: str, response_url: str) -> None:
    """Keep it once, however often it is posted."""
    known = {"member": member[:80], "channel": channel[:80], "text": text[:LONGEST], "response_url": response_url}
    command, made = SlackCommand.objects.get_or_create(key=key[:200], defaults={**known, "at": clock.now()})
    if made:
        engine.schedule(ASKED, key=f"{ASKED}:{command.pk}", payload={"command": command.pk})


def carry_out(command: SlackCommand) -> None:
    """Do it unless it is done, tell who asked, and forget it.

    Raises ProviderError where Slack does not say who asks, or does not take the answer.
    """
    if command.done_at is None:
        try:
            person = members.person_of(command.member)
        except RuleViolation as error:
            _note(command, str(error))
        else:
            command = _do(command.pk, person)
    if command.response_url:
        with breakers.through(PROVIDER), http.client(public_only=True) as opened:
            said = {"response_type": "ephemeral", "replace_original": False, "text": command.answer}
            http.send(opened, "POST", command.response_url, json=said)
    forget(command)


def forget(command: SlackCommand) -> None:
    """Delete it."""
    SlackCommand.objects.filter(pk=command.pk).delete()


@transaction.atomic
def _do(command_id: int, person: User) -> SlackCommand:
    command = SlackCommand.objects.select_for_update(no_key=True).get(pk=command_id)
    if command.done_at is None:
        _note(command, deeds.carry_out(command.text, by=person, channel=command.channel))
    return command


def _note(command: SlackCommand, answer: str) -> None:
    command.answer, command.done_at = escape(answer)[:LONGEST], clock.now()
    command.save(update_fields=["answer", "done_at"])
