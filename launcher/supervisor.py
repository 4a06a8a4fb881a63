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
LONGEST_PAUSE = 60.0


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
    def __init__(self, part: Part, *, vital: bool) -> None:
        self.part = part
        self.vital = vital
        self.started = time.monotonic()
        self.quick_deaths = 0
        self.pause = FIRST_PAUSE
        self.again_at: float | None = None


class Supervisor:
    """Starts parts, restarts those that die, and stops all of them in the reverse order of their start.

    A part without which the house is none is vital: it is given up when it dies quickly again and again. Every other
    part is started again for ever, with pauses that grow up to LONGEST_PAUSE, and the house goes on meanwhile.
    """

    def __init__(self, say: Callable[[str], None], ending: Ending) -> None:
        self._say = say
        self._ending = ending
        self._watched: list[_Watched] = []

    def start(self, part: Part, *, vital: bool = False) -> None:
        """Start ``part`` and watch it from now on. Raises AskedToEnd instead once the house is to close."""
        self._ending.check()
        self._watched.append(_Watched(part, vital=vital))
        part.start()

    def watch_until(self, done: Callable[[], bool]) -> None:
        """Restart what dies until ``done()``. Raises LaunchError when a vital part died quickly five times in a row.

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
                self._start_again(part)
                watched.again_at, watched.started = None, time.monotonic()
            return
        code = part.poll()
        if code is None:
            return
        watched.quick_deaths = watched.quick_deaths + 1 if now - watched.started < QUICK else 1
        watched.pause = FIRST_PAUSE if watched.quick_deaths == 1 else min(watched.pause * 2, LONGEST_PAUSE)
        if watched.quick_deaths == QUICK_DEATHS:
            ended = (
                f"{part.name} ended {QUICK_DEATHS} times within {QUICK:.0f} s of its start, the last time with {code}"
            )
            last_words = f"the end of {part.log}:\n{tail(part.log)}"
            if watched.vital:
                raise LaunchError(f"{ended}; {last_words}")
            self._say(f"{ended}. The house goes on without it and keeps starting it; {last_words}")
        self._say(f"{part.name} ended with {code}; starting it again in {watched.pause:g} s (log: {part.log})")
        watched.again_at = now + watched.pause

    def _start_again(self, part: Part) -> None:
        try:
            part.start()
        except LaunchError as error:  # the next look finds it ended, and counts
            self._say(str(error))
        except OSError as error:  # too many processes, no memory: likewise
            self._say(f"{part.name} could not be started: {error}")
