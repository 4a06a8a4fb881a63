"""Ctrl-C and its kin: heard at once, obeyed at the next step."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToEnd(Exception):
    """The house closes in order."""


class Ending:
    """Whether the launcher was asked to end.

    The signal only leaves a note. An exception raised by its handler could surface anywhere, and is lost where Python
    ignores exceptions: in the hooks around a fork, for one, and forking is what the launcher does.
    """

    def __init__(self) -> None:
        self._asked = False

    def listen(self) -> None:
        """Hear the signals from now on, and go on hearing them while the house closes: a second one changes nothing."""
        for number in SIGNALS:
            signal.signal(number, self._note)

    def check(self) -> None:
        """Raise AskedToEnd once a signal came. Whoever waits calls this at least every second."""
        if self._asked:
            raise AskedToEnd

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
