"""Looks by several checks side by side, so that one which hangs costs the others nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from apps.catalog.actions.health import note_finding
from apps.catalog.health import probes
from apps.catalog.health.probes import Finding
from apps.catalog.models import HealthCheck, Outcome

#: So many are asked at a time where somebody waits for the outcome, and for so long altogether.
SIDE_BY_SIDE = 8
WITHIN = timedelta(seconds=45)
#: So many looks by the clock ask one host at a time, in a process: one that hangs leaves the other places free.
OF_ONE_HOST = 1


#: The outcome of a check that nobody came to, or that was cut short: of its service that says nothing.
NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Looked:
    """A check, and what it saw; None: there was no time to ask."""

    check: HealthCheck
    finding: Finding | None

    @property
    def is_good(self) -> bool:
        return self.finding is not None and self.finding.outcome == Outcome.GOOD

    @property
    def mark(self) -> str:
        """What stands before its line."""
        return {Outcome.GOOD.value: "✓", Outcome.BAD.value: "✗"}.get(self.outcome, "–")

    @property
    def outcome(self) -> str:
        """``good``, ``bad`` or NOT_ASKED."""
        return NOT_ASKED if self.finding is None else self.finding.outcome.value

    @property
    def words(self) -> str:
        """What it saw, as a sentence."""
        return "Not asked: there was no time for it." if self.finding is None else self.finding.words

    @property
    def took(self) -> timedelta:
        return timedelta(0) if self.finding is None else self.finding.took


def run(checks: Sequence[HealthCheck], *, within: timedelta = WITHIN) -> list[Looked]:
    """Look by each of ``checks`` and keep what they saw, in their order; it is over ``within`` that time.

    What had its time to answer by then, and did not, does not work; of what had not, nothing is kept. Talks to the
    network: never in a transaction or a request.
    """
    looked = [Looked(check, finding) for check, finding in zip(checks, _findings(checks, within), strict=True)]
    for each in looked:
        if each.finding is not None:
            note_finding(each.check.pk, each.finding, asked=True)
    return looked


def _findings(checks: Sequence[HealthCheck], within: timedelta) -> list[Finding | None]:
    pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="health")
    begun: dict[int, float] = {}

    def look(check: HealthCheck) -> Finding:
        begun[check.pk] = time.monotonic()
        return probes.look(check)

    asked = [pool.submit(look, check) for check in checks]
    wait(asked, timeout=within.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)
    now = time.monotonic()
    waited = [timedelta(seconds=now - begun.get(check.pk, now)) for check in checks]
    return [_finding(*each) for each in zip(asked, checks, waited, strict=True)]


def _finding(future: Future[Finding], check: HealthCheck, waited: timedelta) -> Finding | None:
    """What was found; ``waited`` is for how long it has been asked."""
    if future.done() and not future.cancelled():
        return future.result()
    if waited < check.timeout:
        return None
    return Finding(Outcome.BAD, "It did not answer in time.", waited)


_busy: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def place_at(host: str) -> Iterator[bool]:
    """A place among the looks by the clock that ask ``host``: False where there is none left in this process."""
    with _lock:
        has_place = _busy[host] < OF_ONE_HOST
        _busy[host] += has_place
    try:
        yield has_place
    finally:
        with _lock:
            _busy[host] -= has_place
            if not _busy[host]:
                del _busy[host]
