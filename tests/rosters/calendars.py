"""Calendars as others write them."""

from __future__ import annotations


def calendar(*events: str, zones: str = "", more: str = "") -> bytes:
    """A calendar of ``events``, each the lines of one event."""
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    lines = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{more}{zones}{body}END:VCALENDAR\n"
    return "\r\n".join(line.strip() for line in lines.splitlines() if line.strip()).encode() + b"\r\n"


def event(uid: str, start: str, end: str = "", summary: str = "Anna", more: str = "") -> str:
    """An event; ``start`` and ``end`` are what follows DTSTART and DTEND, with their parameters."""
    ends = f"DTEND{end}\n" if end else ""
    return f"UID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART{start}\n{ends}SUMMARY:{summary}\n{more}"
