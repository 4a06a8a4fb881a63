"""``manage.py engine run|status``: the engine without a broker, and how it stands."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import asdict
from datetime import timedelta
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure

from apps.core.insisting import ending
from apps.engine import loop, queries
from apps.engine.models import Lane

DEAD_SHOWN = 20


class Command(BaseCommand):
    help = "Work what is due without a broker (run), or say how the engine stands (status)."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        run = verbs.add_parser("run", help="work what is due, until SIGTERM or Ctrl-C; safe beside Celery")
        run.add_argument(
            "--standby",
            type=float,
            metavar="SECONDS",
            help="work only while something has been due for longer than this",
        )
        run.add_argument("--lanes", default=",".join(Lane.values), metavar="A,B", help="default: %(default)s")
        status = verbs.add_parser("status", help="what is pending, due, at work and dead, by lane")
        status.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "run":
            self._run(options["lanes"], options["standby"])
        else:
            self._status(as_json=options["as_json"])

    def _run(self, names: str, standby: float | None) -> None:
        try:
            lanes = [Lane(name.strip()) for name in names.split(",")]
        except ValueError as error:
            raise CommandError(f"{error}; the lanes are {', '.join(Lane.values)}.") from error
        if standby is not None and standby < 0:
            raise CommandError("--standby takes a number of seconds, 0 or more.")
        stop = threading.Event()

        def end(signal_number: int, frame: FrameType | None) -> None:
            stop.set()
            ending.set()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, end)
        loop.run(stop=stop, lanes=lanes, standby=None if standby is None else timedelta(seconds=standby))

    def _status(self, *, as_json: bool) -> None:
        try:
            lanes, health, dead = queries.status(), queries.health(), list(queries.dead()[:DEAD_SHOWN])
            circuits = queries.circuits()
        except DatabaseFailure as error:
            raise CommandError(f"The database cannot be reached: {error}") from error
        if as_json:
            body = {
                "workers": health.workers,
                "complaint": health.complaint,
                "lanes": [asdict(lane) for lane in lanes],
                "circuits": [
                    {**asdict(circuit), "until": circuit.until.isoformat() if circuit.until else None}
                    for circuit in circuits
                ],
                "dead": [
                    {
                        "id": timer.pk,
                        "kind": timer.kind,
                        "key": timer.key,
                        "finished_at": timer.finished_at.isoformat() if timer.finished_at else None,
                        "attempts": timer.attempts,
                        "last_error": timer.last_error,
                    }
                    for timer in dead
                ],
            }
            self.stdout.write(json.dumps(body, indent=2))
            return
        self.stdout.write(f"{health.workers} workers. {health.complaint or 'Pages get out.'}")
        self.stdout.write(f"{'lane':8}{'pending':>9}{'due':>7}{'lag s':>9}{'leased':>8}{'dead':>6}{'done/min':>10}")
        for lane in lanes:
            self.stdout.write(
                f"{lane.lane:8}{lane.pending:>9}{lane.due:>7}{lane.lag:>9.1f}"
                f"{lane.leased:>8}{lane.dead:>6}{lane.done_per_minute:>10.1f}"
            )
        for circuit in circuits:
            until = f" until {circuit.until:%H:%M:%S} UTC" if circuit.until else ""
            reason = f": {circuit.last_error}" if circuit.failures or circuit.until else ""
            self.stdout.write(f"circuit: {circuit.provider} {circuit.state}{until}{reason}")
        for timer in dead:
            self.stdout.write(f"dead: {timer} after {timer.attempts} attempts: {timer.last_error}")
