"""Notices of what the time zone database did to rosters: shifts moved, or nobody knows their zone any more."""

from __future__ import annotations

from django.conf import settings

from apps.core import clock
from apps.core.events import on
from apps.notifications import actions
from apps.notifications.coverage_notices import SOON, managers_of
from apps.notifications.models import NotificationKind, Urgency
from apps.rosters.actions import ZONE_CHANGED
from apps.rosters.zone_news import ZoneNews


@on(ZONE_CHANGED)
def tell_managers(news: ZoneNews) -> None:
    """Tell the managers of the roster's team, once; it is urgent where it matters within SOON."""
    now = clock.now()
    roster = news.roster
    text = f"{news.text}\n\nSee to it: {settings.SITE_URL}/rosters/{roster.slug}/"
    actions.notify_all(
        dict.fromkeys(managers_of({roster.team_id})[roster.team_id], text),
        incident=None,
        kind=NotificationKind.NOTICE,
        urgency=Urgency.HIGH if news.at <= now + SOON else Urgency.LOW,
        step=f"zone:{roster.pk}:{news.zone}:{now:%Y%m%dT%H%M%S}",
        subject=news.title,
    )
