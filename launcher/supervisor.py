"""Keeps the parts of the house running and ends them in order."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from launcher.children import tail
from launcher.ending import Ending
from launcher.errors import LaunchError

LOOK_EVERY = 0.2
QUICK = 10.0
"""Seconds: a part that dies sooner than this after its start died quickly."""
QUICK_DEATHS = 5
FIRST_PAUSE = 0.5


class Part(Protocol):
    """What can be supervised: a server or a program."""

    name: str
    log: Path

    def start(self) -> None:
        """Start, or start again."""

    def poll(self) -> int | None:
        """The exit code once it has ended."""

    def stop(self) -> None:
        """End it; harmless when it does not run."""


class _Watched:
    def __init__(self, part: Part) -> None:
        self.part = part
        self.started = time.monotonic()
        self.quick_deaths = 0
        self.again_at: float | None = None


class Supervisor:
    """Starts parts, restarts those that die, and stops all of them in the reverse order of their start."""

    def __init__(self, say: Callable[[str], None], ending: Ending) -> None:
        self._say = say
        self._ending = ending
        self._watched: list[_Watched] = []

    def start(self, part: Part) -> None:
        """Start ``part`` and watch it from now on. Raises AskedToEnd instead once the house is to close."""
        self._ending.check()
        self._watched.append(_Watched(part))
        part.start()

    def watch_until(self, done: Callable[[], bool]) -> None:
        """Restart what dies until ``done()``. Raises LaunchError when a part died quickly five times in a row.

        Raises AskedToEnd once the house is to close.
        """
        while not done():
            self._ending.check()
            for watched in self._watched:
                self._look_at(watched)
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End every part, the last started first."""
        while self._watched:
            self._watched.pop().part.stop()

    def _look_at(self, watched: _Watched) -> None:
        now, part = time.monotonic(), watched.part
        if watched.again_at is not None:
            if now >= watched.again_at:
                watched.again_at, watched.started = None, now
                self._start_again(part)
            return
        code = part.poll()
        if code is None:
            return
        watched.quick_deaths = watched.quick_deaths + 1 if now - watched.started < QUICK else 1
        if watched.quick_deaths >= QUICK_DEATHS:
            raise LaunchError(
                f"{part.name} ended {QUICK_DEATHS} times within {QUICK:.0f} s of its start, the last time with "
                f"{code}; the end of {part.log}:\n{tail(part.log)}"
            )
        pause = FIRST_PAUSE * 2 ** (watched.quick_deaths - 1)
        self._say(f"{part.name} ended with {code}; starting it again in {pause:g} s (log: {part.log})")
        watched.again_at = now + pause

    def _start_again(self, part: Part) -> None:
        try:
            part.start()
        except LaunchError as error:  # the next look finds it ended, and counts
            self._say(str(error))
