"""Coverage of rosters, with what only those know who reach people: whom a page gets to, and who received how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.notifications import queries
from apps.notifications.queries import PagesReceived
from apps.rosters import coverage
from apps.rosters.coverage import reach
from apps.rosters.models import Roster
from apps.rosters.rules import Window
from apps.teams.models import User

reach.told_by(queries.reachable)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The report on rosters, and the pages that its people received, by the person's id."""

    report: coverage.Report
    pages: Mapping[int, PagesReceived]

    def pages_of(self, person: User) -> PagesReceived:
        """The pages that the person received in as long a time before the report's as that lasts."""
        return self.pages.get(person.pk, PagesReceived())


def of(rosters: QuerySet[Roster], window: Window) -> Coverage:
    """How those of ``rosters`` that are in use are covered within ``window``.

    Ten queries at most, however many rosters and people there are. Pages lie behind: they are those of as long a time
    before ``window`` as it lasts.
    """
    report = coverage.of_rosters(rosters, window, who_can_be_paged=queries.reachable)
    people = [each.person for each in report.people]
    since = window.start - (window.end - window.start)
    return Coverage(report, queries.pages_received(people, since=since, until=window.start))
