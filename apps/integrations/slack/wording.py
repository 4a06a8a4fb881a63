"""What the channel of an incident is called, and what is said in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from apps.integrations.slack.blocks import (
    HEADER,
    OPEN,
    SECTION,
    Block,
    button,
    cut,
    escape,
    mrkdwn,
    one_line,
)
from apps.integrations.tools import Brief

#: So many incidents of one minute have a channel of their own.
MOST_NAMES = 20
#: The button of the card by which whoever presses it takes the incident on.
ACKNOWLEDGE_INCIDENT = "acknowledge_incident"
#: Slack's own limits.
TOPIC, FIELD = 250, 2000


def names(brief: Brief) -> Iterator[str]:
    """What it may be called, the best first: by the minute (UTC) of the declaration (R14), then with a number."""
    first = f"incident-{brief.declared_at.astimezone(UTC):%Y%m%d-%H%M}"
    yield first
    for number in range(2, MOST_NAMES + 1):
        yield f"{first}-{number}"


def topic(brief: Brief) -> str:
    """What stands above it: how severe it is, who commands, where it stands."""
    drill = "DRILL · " if brief.drill else ""
    commander = one_line(brief.commander) or "nobody yet"
    return cut(f"{drill}{brief.severity} · Commander: {commander} · {brief.status_label}", TOPIC)


def headline(brief: Brief) -> str:
    """The incident in a line."""
    return f"{brief.severity} · {brief.reference} · {one_line(brief.title)}"


def card(brief: Brief, *, answered: bool) -> list[Block]:
    """The first message, which stays: the incident, what it harms, whose it is, and the way to it.

    ``answered``: a button of it is heard here, so that it has one to take the incident on.
    """
    facts = {"Severity": brief.severity, "Impact": brief.impact, "Team": brief.team}
    facts |= {"Services": ", ".join(brief.services), "Commander": brief.commander}
    fields = [mrkdwn(cut(f"*{name}*\n{escape(value)}", FIELD)) for name, value in facts.items() if value]
    shown: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(headline(brief), HEADER)}},
        {"type": "section", "fields": fields},
    ]
    if brief.summary.strip():
        shown.append(section(brief.summary))
    take_on = {**button(ACKNOWLEDGE_INCIDENT, "Acknowledge"), "value": brief.reference, "style": "primary"}
    opened = {**button(OPEN, f"Open {brief.reference}"), "url": brief.url}
    shown.append({"type": "actions", "elements": [take_on, opened] if answered else [opened]})
    return shown


def section(text: str) -> Block:
    """A paragraph of its own."""
    return {"type": "section", "text": mrkdwn(paragraph(text))}


def paragraph(text: str) -> str:
    """Text of any length, in which nothing is a mention or a link, as Slack takes it."""
    return cut(escape(text), SECTION)


def metadata(brief: Brief, *, key: str) -> Mapping[str, Any]:
    """What a machine may know of the message: by ``key`` it is found again, so that it is posted once."""
    return {"event_type": "ado_incidents", "event_payload": {"key": key, "incident": brief.reference}}


def headers(brief: Brief) -> Mapping[str, str]:
    """What a request says it is about."""
    return {"X-ADO-Incident": brief.reference}
