"""``manage.py audit verify|seal``: whether the record is what was sealed (contract; docs/audit.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import heads, sealing
from apps.audit.findings import Report
from apps.audit.verifying import verify
from apps.core.errors import HouseError


class Command(BaseCommand):
    help = "Check the record of incidents, people and rosters against its seals, or seal what is new at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="compute everything anew and name what does not fit; exits with 1 then")
        check.add_argument("--all", action="store_true", dest="every", help="name everything, not the first alone")
        check.add_argument(
            "--head", action="append", default=[], metavar="HASH[:NUMBER]",
            help="a head that was kept elsewhere, which the chain must contain; several times for several",
        )  # fmt: skip
        check.add_argument(
            "--heads", type=Path, metavar="FILE", help="a file of heads, as AUDIT_HEADS_FILE collects them"
        )
        check.add_argument("--json", action="store_true", help="print data instead of text")
        verbs.add_parser("seal", help="seal what is new now, without waiting for the minute to be over")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except HouseError as error:
            raise CommandError(str(error)) from error

    def _verify(self, options: dict[str, Any]) -> None:
        kept = heads.kept(options["head"]) | (heads.kept_in(options["heads"]) if options["heads"] else {})
        report = verify(kept, every=options["every"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._print(report)
        if not report.fits:
            raise CommandError("The record does not fit its seals.")

    def _print(self, report: Report) -> None:
        for line in (*report.findings, *report.remarks):
            self.stdout.write(str(line))
        rate = report.rows / report.seconds if report.seconds else 0
        self.stdout.write(
            f"{report.rows:,} rows under {report.seals:,} seals were compared in {report.seconds:.1f} s"
            f" ({rate:,.0f} a second); {report.waiting:,} wait for their seal."
        )
        if report.head:
            self.stdout.write(f"The head of the chain: {report.head}:{report.head_number}")

    def _seal(self, options: dict[str, Any]) -> None:
        seal = sealing.seal()
        self.stdout.write("Nothing is new." if seal is None else heads.line_of(seal))
