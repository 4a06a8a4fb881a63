"""``manage.py import_grafana_oncall FILE``: people, teams, rosters and chains from Grafana OnCall."""

from __future__ import annotations

from datetime import datetime

from apps.integrations.importing import grafana_oncall
from apps.integrations.importing.command import ImportCommand
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import ImportPlan


class Command(ImportCommand):
    help = "Show what an export of Grafana OnCall would bring, and how it compares; bring it with --apply."

    def read(self, place: Place, *, now: datetime) -> ImportPlan:
        return grafana_oncall.read(place, now=now)
