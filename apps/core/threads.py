"""How the threads of a process share it."""

from __future__ import annotations

import sys

#: Seconds after which a thread that computes lets another one go on (Python's own default is 5 ms).
TURN = 0.001


def take_short_turns() -> None:
    """Let a thread whose database has answered go on within about a millisecond, however busy the others are.

    A page is dozens of such answers one after the other: with Python's own turns each of them may wait for 5 ms.
    """
    sys.setswitchinterval(TURN)
