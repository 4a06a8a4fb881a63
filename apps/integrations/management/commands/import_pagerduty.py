"""``manage.py import_pagerduty FILE``: people, teams, rosters and chains from PagerDuty."""

from __future__ import annotations

from datetime import datetime

from apps.integrations.importing import pagerduty
from apps.integrations.importing.command import ImportCommand
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import ImportPlan


class Command(ImportCommand):
    help = "Show what an export of PagerDuty would bring, and how it compares; bring it with --apply."

    def read(self, place: Place, *, now: datetime) -> ImportPlan:
        return pagerduty.read(place, now=now)
