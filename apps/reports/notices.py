"""Tells who decides on a report that one waits: when it was made, and again while nobody decides (R3)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.core import clock
from apps.notifications import actions as notifications
from apps.notifications.models import NotificationKind
from apps.reports.models import Report, ReportState
from apps.rosters import queries as rosters
from apps.teams import access
from apps.teams.models import Team, User
from apps.teams.queries import RESPONDING, responders

#: What waits for so long is told again, and then each time that so much more has passed.
UNDECIDED = timedelta(hours=4)
#: One report of strangers is told in so long a time, however many they make: the others are counted in what is told
#: again.
STRANGERS_QUIET = timedelta(hours=1)


def tell_of(report: Report) -> None:
    """Tell who decides that ``report`` was made, in the caller's transaction; of strangers' once in a while."""
    if report.by is None and _was_told_of_a_stranger(report):
        return
    about = f" about {report.service}" if report.service else ""
    notifications.notify_all(
        dict.fromkeys(
            who_decides(report.service.team if report.service else None),
            f"Somebody reports{about}: {report.title}\n\nTake it up, or say why not: {_address()}",
        ),
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"report:{report.pk}",
        subject=f"A user reports: {report.title}",
    )


@transaction.atomic
def remind() -> None:
    """Tell again who decides on what has waited for UNDECIDED, once in each such time, however often it is called."""
    now = clock.now()
    waiting: dict[Team | None, list[Report]] = defaultdict(list)
    overdue = Report.objects.filter(state=ReportState.NEW, at__lte=now - UNDECIDED).order_by("pk")
    for report in overdue.select_related("service__team"):
        waiting[report.service.team if report.service else None].append(report)
    for team, reports in waiting.items():
        count = f"{len(reports)} reports of users wait" if len(reports) > 1 else "A report of a user waits"
        since = f"{reports[0].at:%Y-%m-%d %H:%M} UTC"
        notifications.notify_all(
            dict.fromkeys(
                who_decides(team),
                f"{count} to be decided on, since {since}: {reports[0].title}\n\nTake up, or say why not: {_address()}",
            ),
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"reports_wait:{team.pk if team else 'any'}:{now.timestamp() // UNDECIDED.total_seconds():.0f}",
            subject=f"{count} to be decided on",
        )


def who_decides(team: Team | None) -> list[User]:
    """Whoever is on call for ``team``, else who responds for it, else the administrators; None: for any team."""
    teams = Team.objects.filter(is_active=True) if team is None else [team]
    on_call = rosters.on_call_by_team(teams, clock.now())
    found = dict.fromkeys(person for people in on_call.values() for person in people)
    if not found:
        responding = responders().filter(memberships__team__in=teams, memberships__role__in=RESPONDING)
        found = dict.fromkeys(responding.order_by("pk"))
    return list(found or access.administrators())


def _was_told_of_a_stranger(report: Report) -> bool:
    since = clock.now() - STRANGERS_QUIET
    return Report.objects.filter(by=None, state=ReportState.NEW, at__gt=since).exclude(pk=report.pk).exists()


def _address() -> str:
    return f"{settings.SITE_URL}{reverse('reports')}"
