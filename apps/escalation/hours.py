"""The working hours that levels ask for: those of the incident's team, by its own clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from apps.core.errors import Invalid
from apps.incidents import queries as incidents
from apps.teams.models import Team

log = structlog.get_logger(__name__)


def opening_of(team: Team) -> Callable[[datetime], datetime]:
    """What tells the first instant from another on at which ``team`` works: that instant itself within its hours.

    Where the calendar cannot be understood or knows no working day, everything counts as within hours: a mistake
    there must keep nobody from being paged.
    """

    def opening(at: datetime) -> datetime:
        try:
            return incidents.calendar_of(team).next_opening(at)
        except Invalid as error:
            log.error("working_hours_not_understood", team=team.slug, error=str(error))
            return at

    return opening
