"""Reads calendars that others wrote, each in a process that ends in time whatever is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zoneinfo
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


class Unreadable(Invalid):
    """The calendar cannot be used; the text says why. It names ``file``."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file")


def read(text: bytes, *, window: Window, zone: ZoneInfo) -> Expansion:
    """What the calendar ``text`` says of ``window``, see ``expansion.expand``, within SECONDS. Raises Unreadable."""
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
            env={"PATH": os.defpath, "PYTHONTZPATH": os.pathsep.join(zoneinfo.TZPATH)},
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
