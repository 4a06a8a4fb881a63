"""``manage.py import_opsgenie FILE``: people, teams, rosters and chains from Opsgenie."""

from __future__ import annotations

from datetime import datetime

from apps.integrations.importing import opsgenie
from apps.integrations.importing.command import ImportCommand
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import ImportPlan


class Command(ImportCommand):
    help = "Show what an export of Opsgenie would bring, and how it compares; bring it with --apply."

    def read(self, place: Place, *, now: datetime) -> ImportPlan:
        return opsgenie.read(place, now=now)
