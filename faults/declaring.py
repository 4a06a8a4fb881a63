"""Declares incidents as the web server does, one transaction each, whatever breaks meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from faults.programs import end_with_driver, forking

PROCESSES = 2
PAUSE = 0.3
"""Seconds before whoever failed comes again with the next: what is away for seconds does not meet all of them."""


def declare(number: int, *, severity: str, teams: Sequence[str], within: float) -> tuple[int, list[str]]:
    """Declare ``number`` incidents of the teams in turn; return how many were tried, and how those failed that did.

    None is begun after ``within`` seconds.
    """
    from django.db import Error as DatabaseFailure
    from django.db import connections

    from apps.incidents import actions as incidents
    from apps.incidents.models import Severity, Via
    from apps.teams.models import Team

    failed: list[str] = []
    until = time.monotonic() + within
    for index in range(number):
        if time.monotonic() > until:
            return index, failed
        try:
            incidents.declare(
                title=f"Broken {index}",
                severity=Severity.objects.get(code=severity),
                team=Team.objects.get(slug=teams[index % len(teams)]),
                by=None,
                via=Via.API,
            )
        except DatabaseFailure as error:
            failed.append(f"{type(error.__cause__ or error).__name__}: {error}")
            connections.close_all()
            time.sleep(PAUSE)
    return number, failed


def declare_together(number: int, *, severity: str, teams: Sequence[str], within: float) -> tuple[int, list[str]]:
    """The same from PROCESSES at once, each for teams of its own."""
    with ProcessPoolExecutor(PROCESSES, mp_context=forking, initializer=end_with_driver) as pool:
        parts = [
            pool.submit(
                declare,
                len(range(part, number, PROCESSES)),
                severity=severity,
                teams=teams[part::PROCESSES],
                within=within,
            )
            for part in range(PROCESSES)
        ]
        told = [part.result() for part in parts]
    return sum(tried for tried, _ in told), [failure for _, failures in told for failure in failures]
