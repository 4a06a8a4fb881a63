"""``manage.py create_integration``: a sender's address, once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.alerts import actions
from apps.alerts.keys import told_to_sender
from apps.alerts.models import Format, Integration
from apps.catalog import queries as catalog
from apps.catalog.models import Service
from apps.core import durations
from apps.core.durations import DurationError
from apps.teams.models import Team


class Command(BaseCommand):
    help = (
        "Make an integration and print nothing but the absolute address to send its alerts to; for pagerduty and "
        "opsgenie the base of the vendor's addresses, a tab, and the key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, metavar="SLUG", help="the team it belongs to")
        parser.add_argument("--format", required=True, choices=Format.values, help="what the sender writes")
        parser.add_argument("--name", required=True, metavar="NAME", help="how the team calls it")
        parser.add_argument(
            "--service", metavar="SLUG", help="what its alerts are about when they name no known service"
        )

        parser.add_argument(
            "--every", metavar="SPAN", help="of a heartbeat alone: so long after a beat it is missing, such as 25h"
        )
        parser.add_argument(
            "--secret-file", metavar="FILE", help="of github alone: holds the webhook's secret; - is standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration, key = _create(
                Format(options["format"]),
                team=_team(options["team"]),
                name=options["name"],
                service=_service(options["service"]) if options["service"] else None,
                every=options["every"],
                secret=_secret(options["secret_file"]) if options["secret_file"] else "",
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DurationError as error:
            raise CommandError(f"--every: {error}") from error
        self.stdout.write("\t".join(told_to_sender(integration, key)))


def _create(
    sender_format: Format, *, team: Team, name: str, service: Service | None, every: str | None, secret: str
) -> tuple[Integration, str]:
    if (every is not None) != (sender_format is Format.HEARTBEAT):
        raise CommandError("A heartbeat needs --every, and nothing else has it.")
    if every is not None:
        return actions.create_heartbeat(team=team, name=name, service=service, every=durations.parse(every), by=None)
    return actions.create_integration(
        team=team, name=name, sender_format=sender_format, service=service, secret=secret, by=None
    )


def _secret(path: str) -> str:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--secret-file: {error}") from error
    if not text.strip():
        raise CommandError("--secret-file: there is no secret in it.")
    return text.strip()


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug, is_active=True).first()
    if team is None:
        known = ", ".join(Team.objects.filter(is_active=True).values_list("slug", flat=True))
        raise CommandError(f'There is no team "{slug}"; there are: {known or "none yet"}.')
    return team


def _service(slug: str) -> Service:
    service = catalog.by_slug(slug)
    if service is None:
        known = ", ".join(catalog.active_services().values_list("slug", flat=True))
        raise CommandError(f'There is no service "{slug}"; there are: {known or "none yet"}.')
    return service
