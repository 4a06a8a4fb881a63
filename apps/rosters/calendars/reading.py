"""Reads calendars that others wrote, each in a process that ends in time whatever is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextvars import ContextVar
from hashlib import sha256
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings

from apps.core.errors import Invalid
from apps.rosters.calendars.expansion import Expansion, Occurrence
from apps.rosters.rules import Window

LARGEST = 5 * 1024 * 1024
LARGEST_IN_WORDS = "5 MB"
#: A calendar that takes longer is not read.
SECONDS = 20

log = structlog.get_logger(__name__)

T = TypeVar("T")
_Key = tuple[bytes, str]


class Unreadable(Invalid):
    """The calendar cannot be used; the text says why."""


class _NotReadYet(Exception):
    """A calendar is needed that is to be read before anything is locked."""

    def __init__(self, text: bytes, window: Window, zone: ZoneInfo) -> None:
        super().__init__("A calendar is to be read first.")
        self.text, self.window, self.zone = text, window, zone


#: What was read before, by the digest of the text and the zone; None where calendars are read when they are needed.
_read_before: ContextVar[dict[_Key, Expansion | Unreadable] | None] = ContextVar("_read_before", default=None)


def reading_first(attempt: Callable[[], T]) -> T:
    """What ``attempt`` answers, which locks rows and comes upon calendars: each is read while nothing is locked.

    It is made anew once for each calendar that it comes upon, so that it writes in one transaction of its own or not at
    all, and it is not to be called in a transaction.
    """
    known: dict[_Key, Expansion | Unreadable] = {}
    token = _read_before.set(known)
    try:
        while True:
            try:
                return attempt()
            except _NotReadYet as missing:
                known[_key(missing.text, missing.zone)] = _outcome(missing)
    finally:
        _read_before.reset(token)


def read(text: bytes, *, window: Window, zone: ZoneInfo) -> Expansion:
    """What the calendar ``text`` says of ``window``, see ``expansion.expand``, within SECONDS. Raises Unreadable.

    Within ``reading_first`` the window is that of when it was read.
    """
    known = _read_before.get()
    if known is None:
        return _read(text, window=window, zone=zone)
    found = known.get(_key(text, zone))
    if found is None:
        raise _NotReadYet(text, window, zone)
    if isinstance(found, Unreadable):
        raise found
    return found


def _key(text: bytes, zone: ZoneInfo) -> _Key:
    return sha256(text).digest(), zone.key


def _outcome(missing: _NotReadYet) -> Expansion | Unreadable:
    try:
        return _read(missing.text, window=missing.window, zone=missing.zone)
    except Unreadable as refused:
        return refused


def _read(text: bytes, *, window: Window, zone: ZoneInfo) -> Expansion:
    if len(text) > LARGEST:
        raise Unreadable(f"It is larger than {LARGEST_IN_WORDS}.")
    arguments = [window.start.isoformat(), window.end.isoformat(), zone.key, str(SECONDS)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "apps.rosters.calendars.expansion", *arguments],
            input=text,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath},
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"It takes longer than {SECONDS} seconds to read.") from error
    if done.returncode:
        log.warning("calendar_not_read", status=done.returncode, error=done.stderr.decode("utf-8", "replace")[-2000:])
        raise Unreadable("It cannot be read, or takes too much to read.")
    told = json.loads(done.stdout)
    if "refused" in told:
        raise Unreadable(told["refused"])
    return Expansion(
        occurrences=[_occurrence(*each) for each in told["occurrences"]],
        unreadable=[(summary, reason) for summary, reason in told["unreadable"]],
    )


def _occurrence(start: int, end: int, summary: str, seat: int | None, addresses: list[list[str]]) -> Occurrence:
    return Occurrence(start, end, summary, seat, tuple(tuple(group) for group in addresses))
