"""What somebody does with a button of a page, and what they are answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock
from apps.core.errors import Invalid
from apps.engine import actions as engine
from apps.escalation import actions as escalation
from apps.incidents.models import Via
from apps.integrations.models import SlackAnswer
from apps.integrations.slack import blocks
from apps.notifications import answers, links
from apps.notifications.answers import Answered
from apps.notifications.models import Notification

#: The kind of timers that tell Slack what came of a button.
ANSWER = "integrations.slack.answer"
#: What can still be done, after what, while the incident is open.
LEFT = {
    blocks.ACKNOWLEDGE: (blocks.RESOLVE, blocks.ESCALATE),
    blocks.RESOLVE: (blocks.RESOLVE, blocks.ESCALATE),
    blocks.DECLINE: (),
    blocks.ESCALATE: (blocks.ACKNOWLEDGE, blocks.RESOLVE, blocks.DECLINE),
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """Who pressed which button, of which message. ``level`` is the one that they confirmed to wake."""

    member: str
    action: str
    token: str
    meant_for: str
    response_url: str
    channel: str
    ts: str
    shown: list[blocks.Block]
    level: int | None = None


def read(payload: str) -> Pressed | None:
    """What was pressed; None where it is no button of ours. Raises Invalid for what is no interaction at all."""
    try:
        told = json.loads(payload)
        if told["type"] != "block_actions" or not told["actions"]:
            return None
        action, container = told["actions"][0], told.get("container", {})
        if action["action_id"] not in LEFT:
            return None
        level, token = None, str(action["value"])
        if action["action_id"] == blocks.ESCALATE:
            number, _, token = token.partition(":")
            level = int(number)
        message = told.get("message", {})
        return Pressed(
            member=str(told["user"]["id"]),
            action=action["action_id"],
            token=token,
            meant_for=str(action.get("block_id", "")).removeprefix(blocks.FOR),
            response_url=str(told.get("response_url") or ""),
            channel=str(container.get("channel_id") or told.get("channel", {}).get("id", "")),
            ts=str(container.get("message_ts") or message.get("ts", "")),
            shown=[block for block in message.get("blocks", []) if isinstance(block, dict)],
            level=level,
        )
    except (ValueError, RecursionError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Invalid("This is no interaction of Slack's.") from error


def carry_out(pressed: Pressed) -> None:
    """Do what the button stands for, as the page's receiver, if it was they who pressed it; Slack is told later."""
    try:
        pages = links.pages_of(pressed.token)
    except links.ExpiredLink:
        _whisper(pressed, "This page is too old to be answered here. Open it instead.")
        return
    except links.UnknownLink:
        _whisper(pressed, "This page is not known any more.")
        return
    if not _is_receiver(pressed, pages[0]):
        _whisper(pressed, "This page is not yours: only its receiver can answer it here.")
        return
    told = _act(pressed, pages)
    said = " ".join(each.text for each in told)
    if not any(each.done for each in told) and pressed.action != blocks.RESOLVE:
        _whisper(pressed, said)
        return
    left = LEFT[pressed.action] if len(pages) == 1 and _is_open(pages[0]) else ()
    _plan(pressed, text=said, shown=blocks.answered(pressed.shown, said=said, left=left))


def _act(pressed: Pressed, pages: Sequence[Notification]) -> list[Answered]:
    if pressed.action == blocks.ACKNOWLEDGE:
        return answers.acknowledge_all(pages, via=Via.CHAT)
    if pressed.action == blocks.DECLINE:
        return [answers.decline(page, via=Via.CHAT) for page in pages]
    if pressed.action == blocks.ESCALATE:
        return [
            escalation.call_for_others_than(page, via=Via.CHAT, level=pressed.level, no_other=True)
            for page in pages[:1]
        ]
    return [answers.resolve(page, via=Via.CHAT) for page in pages[:1]]


def _is_receiver(pressed: Pressed, page: Notification) -> bool:
    """Whether the one who pressed is whom the page was sent to: by a contact method's id, or by its address's.

    Which member an address belongs to was found out when it was sent, and stands on the message, which only we post.
    """
    methods = ContactMethod.objects.filter(
        person=page.person_id, kind=MethodKind.SLACK, verified_at__isnull=False, disabled_at__isnull=True
    )
    known = {method.normalised for method in methods}
    member = pressed.member.lower()
    return member in known or (member == pressed.meant_for.lower() and any("@" in each[1:] for each in known))


def _is_open(page: Notification) -> bool:
    if page.incident is None:
        return False
    page.incident.refresh_from_db(fields=["status"])
    return page.incident.is_open


def _whisper(pressed: Pressed, text: str) -> None:
    _plan(pressed, text=text, shown=None)


def _plan(pressed: Pressed, *, text: str, shown: list[blocks.Block] | None) -> None:
    """Let the engine tell Slack: by changing the message to ``shown``, else to the one who pressed alone."""
    key = f"{ANSWER}:{pressed.channel}:{pressed.ts}:{pressed.member if shown is None else ''}"[:200]
    told = {
        "written_at": clock.now(),
        "response_url": pressed.response_url,
        "channel": pressed.channel[:80],
        "ts": pressed.ts[:40],
        "member": pressed.member[:80],
        "text": text,
        "blocks": shown,
    }
    with transaction.atomic():
        answer, _ = SlackAnswer.objects.update_or_create(key=key, defaults=told)
        engine.schedule(ANSWER, key=key, payload={"answer": answer.pk})
