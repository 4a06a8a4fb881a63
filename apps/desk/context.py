"""What the frame of every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.notifications import queries as notifications
from apps.reports import queries as reports
from apps.teams import access
from apps.teams.models import User


def house(request: HttpRequest) -> dict[str, Any]:
    """``unread``: how many notifications wait in the bell, counted only where a template shows it.

    ``unanswered``: how many pages wait for the viewer's answer, which the bell says first.
    ``may_declare``: whether the viewer may declare an incident for any team.
    ``may_audit``: whether they may read the record of anything.
    ``reports_waiting``: how many reports of users wait for the viewer's decision; a query for who may decide only.
    ``has_sandbox``: whether this is a development installation whose mails are readable at /sandbox/.
    """
    shown: dict[str, Any] = {
        "unread": 0,
        "unanswered": 0,
        "may_declare": False,
        "may_audit": False,
        "reports_waiting": 0,
        "has_sandbox": bool(settings.SANDBOX_DIR),
    }
    user = getattr(request, "user", None)
    if isinstance(user, User):
        bell = SimpleLazyObject(lambda: notifications.bell_of(user))
        shown["unread"] = SimpleLazyObject(lambda: bell.unread)
        shown["unanswered"] = SimpleLazyObject(lambda: bell.unanswered)
        shown["may_declare"] = SimpleLazyObject(lambda: bool(access.active_team_ids(user, access.Permission.RESPOND)))
        shown["reports_waiting"] = SimpleLazyObject(lambda: reports.count_to_decide(user))
        shown["may_audit"] = SimpleLazyObject(lambda: access.audited_team_ids(user) != set())
    return shown
