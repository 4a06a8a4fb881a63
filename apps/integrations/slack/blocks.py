"""How a message looks in Slack (Block Kit): the worst first, the facts, and buttons. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.incidents.models import Incident
from apps.notifications.transports import Message

Block = dict[str, Any]

ACKNOWLEDGE, RESOLVE, DECLINE, ESCALATE, OPEN = "acknowledge", "resolve", "decline", "escalate", "open"
#: What the actions of a page say whom it was sent to, by the member's id.
FOR = "for:"
#: Slack's own limits.
HEADER, SECTION, VALUE = 150, 3000, 2000
CONFIRM_TITLE, CONFIRM_TEXT = 100, 300


@dataclass(frozen=True, slots=True)
class Next:
    """The level that is woken when the page's receiver escalates."""

    number: int
    name: str


def of(message: Message, *, member: str, above: Next | None = None) -> list[Block]:
    """The blocks of the message; ``member`` is the id of its receiver, or what else it is posted to.

    ``above`` is whom escalating would wake, None where its receiver cannot.
    """
    shown: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(one_line(message.subject), HEADER)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": cut(escape(message.text), SECTION)}},
    ]
    if message.incident is not None:
        shown.append({"type": "context", "elements": [mrkdwn(_facts(message.incident))]})
    if buttons := _buttons(message, above):
        shown.append({"type": "actions", "block_id": f"{FOR}{member}", "elements": buttons})
    return shown


def discreet(message: Message) -> list[Block]:
    """The blocks of a message that others read too, of what not everybody may read: who may follows the link."""
    shown: list[Block] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": cut(escape(discreet_line(message)), SECTION)}}
    ]
    if message.url:
        shown.append({"type": "actions", "elements": [{**button(OPEN, "Open"), "url": message.url}]})
    return shown


def discreet_line(message: Message) -> str:
    """Severity and number of each incident that it tells of, and nothing else."""
    told = [told.incident for told in message.covers if told.incident is not None]
    return ", ".join(dict.fromkeys(f"[{incident.severity.code}] {incident.reference}" for incident in told))


def metadata(message: Message) -> Mapping[str, Any]:
    """What a machine may know of the message."""
    payload: dict[str, Any] = {"key": str(message.key), "kind": str(message.kind)}
    if message.incident is not None:
        payload["incident"] = message.incident.reference
    if message.level is not None:
        payload["level"] = message.level
    return {"event_type": "ado_incidents", "event_payload": payload}


def answered(before: Sequence[Block], *, said: str, left: Sequence[str]) -> list[Block]:
    """The blocks of a message that was answered: what became of it, and the actions that are ``left``."""
    kept = [block for block in before if block.get("block_id") != "answered" and block.get("type") != "actions"]
    kept.append({"type": "context", "block_id": "answered", "elements": [mrkdwn(cut(escape(said), SECTION))]})
    wanted = (*left, OPEN)
    for block in before:
        if block.get("type") == "actions":
            elements = [each for each in block.get("elements", []) if each.get("action_id") in wanted]
            kept += [{**block, "elements": elements}] if elements else []
    return kept


def value_of(level: int, token: str) -> str:
    """What the button says by which ``level`` is woken as the receiver of the token's page."""
    return f"{level}:{token}"


def escape(text: str) -> str:
    """Text in which nothing is a mention or a link ("Escaping text" of Slack's reference)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _buttons(message: Message, above: Next | None) -> list[Block]:
    token = message.acknowledge_token
    buttons: list[Block] = []
    if token and len(token) <= VALUE:
        label = "Acknowledge" if message.only else "Acknowledge all"
        buttons.append({**button(ACKNOWLEDGE, label), "value": token, "style": "primary"})
        if message.can_be_resolved:
            buttons.append({**button(RESOLVE, "Resolve"), "value": token})
        if message.can_be_declined:
            buttons.append({**button(DECLINE, "Pass on"), "value": token})
        if above is not None and len(value := value_of(above.number, token)) <= VALUE:
            buttons.append({**button(ESCALATE, "Escalate"), "value": value, "confirm": _confirm(above)})
    elif token:
        buttons.append({**button(OPEN, "Acknowledge all…"), "url": message.acknowledge_url, "style": "primary"})
        return buttons
    if message.url:
        buttons.append({**button(OPEN, "Open"), "url": message.url})
    return buttons


def button(action: str, label: str) -> Block:
    """A button of that action."""
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}}


def _confirm(above: Next) -> Block:
    """What Slack asks before it tells us that the button was pressed."""
    text = f"Level {above.number}, {above.name}, is woken at once."
    return {
        "title": {"type": "plain_text", "text": cut(f"Escalate to level {above.number}?", CONFIRM_TITLE)},
        "text": {"type": "plain_text", "text": cut(text, CONFIRM_TEXT)},
        "confirm": {"type": "plain_text", "text": "Escalate now"},
        "deny": {"type": "plain_text", "text": "Back"},
        "style": "danger",
    }


def _facts(incident: Incident) -> str:
    drill = "DRILL · " if incident.drill else ""
    severity = f"{incident.severity.code} {incident.severity.label}"
    return escape(f"{drill}{severity} · {incident} · {incident.get_status_display()} · {incident.team}")


def mrkdwn(text: str) -> Block:
    """A text in Slack's markup."""
    return {"type": "mrkdwn", "text": text}


def one_line(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def cut(text: str, longest: int) -> str:
    """The text, of ``longest`` signs at most."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
