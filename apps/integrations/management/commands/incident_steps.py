"""``manage.py incident_steps INC-1``: what providers made for it, and once more what failed."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from apps.core.errors import HouseError
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.integrations.models import Step
from apps.integrations.steps import actions, queries
from apps.integrations.tools import StepKind


class Command(BaseCommand):
    help = "Tell what providers made for an incident (channel, page, ticket, bridge), or try what failed once more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("incident", metavar="INC-1")
        parser.add_argument("--retry", choices=StepKind.values, metavar="KIND", help="try this one once more, now")
        parser.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            incident = incidents.by_reference(options["incident"])
        except Incident.DoesNotExist as error:
            raise CommandError(f"There is no incident {options['incident']}.") from error
        if options["retry"]:
            self._retry(incident, options["retry"])
        found = list(queries.steps_of(incident))
        if options["json"]:
            self.stdout.write(json.dumps([_told(step) for step in found], cls=DjangoJSONEncoder, indent=2))
            return
        for step in found:
            words = step.error or step.url or step.label
            self.stdout.write(f"{step.get_kind_display():14} {step.get_state_display():10} {words}".rstrip())
        if not found:
            self.stdout.write("Nothing is connected, or nothing was begun yet.")

    def _retry(self, incident: Incident, kind: str) -> None:
        step = Step.objects.filter(incident=incident, kind=kind).first()
        if step is None:
            raise CommandError(f"{incident} has no {kind}.")
        try:
            actions.retry(step.pk, by=None)
        except HouseError as error:
            raise CommandError(str(error)) from error


def _told(step: Step) -> dict[str, Any]:
    names = ("kind", "state", "label", "url", "error", "planned_at", "made_at", "ended_at")
    return {"provider": step.connection.provider, **{name: getattr(step, name) for name in names}}
