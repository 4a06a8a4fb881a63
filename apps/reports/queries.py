"""Which reports somebody may decide, and which are their own."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import In

from apps.reports.models import Report, ReportState
from apps.teams import access
from apps.teams.access import Permission, Viewer


def to_decide(person: Viewer) -> QuerySet[Report]:
    """The reports that wait for who responds: for the service's team, or for any where no service is named."""
    return decidable(person).filter(state=ReportState.NEW)


def count_to_decide(person: Viewer) -> int:
    """How many of them there are; no query for who responds for no team."""
    return to_decide(person).count() if access.active_team_ids(person, Permission.RESPOND) else 0


def decidable(person: Viewer) -> QuerySet[Report]:
    """The reports that ``person`` may decide or could have decided, with what their description needs."""
    teams = access.active_team_ids(person, Permission.RESPOND)
    theirs = Q(service__team__in=teams) | Q(service=None) if teams else Q(pk=None)
    return Report.objects.filter(theirs).select_related("service__team", "by", "incident", "decided_by")


def own(person: Viewer) -> QuerySet[Report]:
    """What ``person`` reported."""
    return Report.objects.filter(by=person.pk).select_related("service__team", "by", "incident", "decided_by")


def left_by(addresses: Iterable[str]) -> Q:
    """What fits the reports of strangers who left one of ``addresses``, in whatever case of letters."""
    return Q(In(Lower("email"), [address.lower() for address in addresses]))
