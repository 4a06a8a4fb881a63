"""Looks by several checks side by side, so that one which hangs costs the others nothing."""

from __future__ import annotations

import threading
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


@dataclass(frozen=True, slots=True)
class Looked:
    """A check, and what it saw."""

    check: HealthCheck
    finding: Finding

    @property
    def is_good(self) -> bool:
        return self.finding.outcome == Outcome.GOOD


def run(checks: Sequence[HealthCheck], *, within: timedelta = WITHIN) -> list[Looked]:
    """Look by each of ``checks`` and keep what they saw, in their order; it is over ``within`` that time.

    What has not answered by then does not work. Talks to the network: never in a transaction or a request.
    """
    looked = [Looked(check, finding) for check, finding in zip(checks, _findings(checks, within), strict=True)]
    for each in looked:
        note_finding(each.check.pk, each.finding, asked=True)
    return looked


def _findings(checks: Sequence[HealthCheck], within: timedelta) -> list[Finding]:
    pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="health")
    asked = [pool.submit(probes.look, check) for check in checks]
    wait(asked, timeout=within.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)
    return [_finding(future, within) for future in asked]


def _finding(future: Future[Finding], within: timedelta) -> Finding:
    if future.done() and not future.cancelled():
        return future.result()
    return Finding(Outcome.BAD, "It was not asked in time: too many others hang.", within)


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
