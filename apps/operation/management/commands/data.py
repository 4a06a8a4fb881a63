"""``manage.py data verify``: whether the house's own data are whole (R23, docs/backups.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import HouseError
from apps.operation.integrity.verifying import COMPONENTS, verify


class Command(BaseCommand):
    help = "Verify the house's own data: checksums, record counts, references, critical workflows, permissions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="name everything that is not as it must be; exits with 1 then")
        check.add_argument("--component", default="all", metavar="all|" + "|".join(COMPONENTS))
        check.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = verify(options["component"])
        except HouseError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            for finding in report.findings:
                self.stdout.write(str(finding))
            self.stdout.write(f"{report.checked} checks of {report.rows:,} rows in {report.seconds:.1f} s.")
        if report.findings:
            raise CommandError(f"{len(report.findings)} findings: the data are not all as they must be.")
