"""``manage.py health_check``: look at once whether services work (contract; R16, R35)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog import queries
from apps.catalog.health.running import Looked, run
from apps.catalog.models import HealthCheck

#: The exit code where nothing was looked at.
NO_CHECKS = 3


class Command(BaseCommand):
    help = (
        "Look by the health checks now, and keep what they see; exit code 1 where one does not find what it should,"
        " 3 where there is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--full", action="store_true", help="by all checks there are")
        which.add_argument("--component", metavar="SLUG", help="by those of one service")
        parser.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        looked = run(_checks(options["component"]))
        if options["json"]:
            self.stdout.write(json.dumps([_facts(each) for each in looked], indent=2))
        else:
            for each in looked:
                self.stdout.write(_line(each))
        if bad := [each for each in looked if not each.is_good]:
            raise CommandError(f"{len(bad)} of {len(looked)} checks did not find what they should.")


def _checks(component: str | None) -> list[HealthCheck]:
    if component is None:
        checks = list(queries.active_checks())
    else:
        service = queries.by_slug(component)
        if service is None:
            known = ", ".join(queries.active_services().values_list("slug", flat=True))
            raise CommandError(f'There is no service "{component}"; there are: {known or "none yet"}.')
        checks = list(queries.active_checks([service]))
    if not checks:
        text = "There is no health check to look by; managers keep them in the admin."
        raise CommandError(text, returncode=NO_CHECKS)
    return checks


def _facts(looked: Looked) -> dict[str, Any]:
    return {
        "service": looked.check.service.slug,
        "check": looked.check.name,
        "outcome": looked.outcome,
        "words": looked.words,
        "took_seconds": round(looked.took.total_seconds(), 3),
    }


def _line(looked: Looked) -> str:
    milliseconds = looked.took.total_seconds() * 1000
    return f"{looked.mark} {looked.check}: {looked.words} ({milliseconds:.0f} ms)"
