"""``manage.py incident_changes INC-1``: what was changed shortly before it and during it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from apps.alerts import queries
from apps.alerts.models import Change
from apps.incidents import queries as incidents
from apps.incidents.models import Incident


class Command(BaseCommand):
    help = "Tell what was changed of an incident's services shortly before it and during it, the latest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("incident", metavar="INC-1")
        parser.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            incident = incidents.by_reference(options["incident"])
        except Incident.DoesNotExist as error:
            raise CommandError(f"There is no incident {options['incident']}.") from error
        found = list(queries.changes_beside(incident))
        if options["json"]:
            self.stdout.write(json.dumps([_told(change) for change in found], cls=DjangoJSONEncoder, indent=2))
            return
        for change in found:
            concerned = ", ".join(_services(change)) or "-"
            self.stdout.write(f"{change.at:%Y-%m-%d %H:%M} UTC  {concerned:20} {change.summary}")
        if not found:
            self.stdout.write("No change is known.")


def _told(change: Change) -> dict[str, Any]:
    names = ("id", "at", "kind", "summary", "author", "labels", "links")
    told = {name: getattr(change, name) for name in names}
    return told | {"services": _services(change), "integration": change.integration.name}


def _services(change: Change) -> list[str]:
    return [service.slug for service in change.services.all()]
