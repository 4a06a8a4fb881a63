"""The words of a call: what somebody understands who was asleep a moment ago. Pure."""

from __future__ import annotations

import re

from apps.incidents.models import Incident
from apps.notifications.models import Notification
from apps.notifications.transports import Message

WHO = "This is A D O Incidents."
ANSWERED = "Somebody has answered this meanwhile; you need not."
GOODBYE = "No key was pressed. Goodbye."
#: A summary names so many; the others are counted.
NAMED = 5
#: A title that is longer loses its listener.
LONGEST = 200


def page(message: Message) -> list[str]:
    """What is said of the message, the number and severity first, and then which keys do what."""
    return [WHO, *_news(message), keys(message)]


def keys(message: Message) -> str:
    """Which keys do what."""
    if not message.acknowledge_token:
        return "Press 9 to hear this again."
    if message.only is None:
        return "Press 4 to acknowledge all of them, 9 to hear this again."
    resolve = "6 to resolve, " if message.can_be_resolved else ""
    return f"Press 4 to acknowledge, {resolve}8 to pass it on, 9 to hear this again."


def code(digits: str) -> list[str]:
    """The code that verifies a phone, digit by digit, twice."""
    spelled = ", ".join(digits)
    return [WHO, f"Your code is {spelled}.", f"Once more: {spelled}.", "Goodbye."]


def plain(text: str) -> str:
    """A sentence of the house as it is spoken: numbers of incidents as words and numbers."""
    return re.sub(r"\bINC-(\d+)", r"Incident \1", text)


def _news(message: Message) -> list[str]:
    if message.only is None:
        return _several(message)
    incident = message.incident
    if incident is None:
        return [_short(message.subject)]
    level = f"You are paged as level {message.level}." if message.level is not None and message.is_page else ""
    return [f"{_named(incident)}. {_short(incident.title)}.", *([level] if level else [_occasion(message.only)])]


def _several(message: Message) -> list[str]:
    pages = sum(each.is_page for each in message.covers)
    what = "pages" if pages == len(message.covers) else "messages"
    named = dict.fromkeys(_named(each.incident) for each in message.covers if each.incident)
    more = f" And {len(named) - NAMED} more." if len(named) > NAMED else ""
    return [f"{len(message.covers)} {what}.", f"{'. '.join(list(named)[:NAMED])}.{more}" if named else ""]


def _named(incident: Incident) -> str:
    drill = "This is a drill. " if incident.drill else ""
    return f"{drill}Incident {incident.pk}, severity {' '.join(incident.severity.code)}, {incident.severity.label}"


def _occasion(notification: Notification) -> str:
    """What happened, from the first line of the text."""
    return _short(plain(notification.text.splitlines()[0] if notification.text else notification.subject))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0]
