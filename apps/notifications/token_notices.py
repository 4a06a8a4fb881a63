"""Notices of tokens that end before long."""

from __future__ import annotations

from django.conf import settings

from apps.core.events import on
from apps.notifications import actions
from apps.notifications.coverage_notices import managers_of
from apps.notifications.models import NotificationKind
from apps.teams import access
from apps.teams.events import LAST_DAYS
from apps.teams.models import ApiToken, User


@on(LAST_DAYS)
def tell_who_keeps_it(token: ApiToken) -> None:
    """Tell the person for whom the token acts; of a service account, who keeps that."""
    text = (
        f"The token {token.name} of {token.person} works until {token.expires_at:%-d %b %Y, %H:%M} UTC. "
        f"Rotate it before: {settings.SITE_URL}/profile/tokens/"
    )
    actions.notify_all(
        dict.fromkeys(_keepers(token.person), text),
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"token_ends:{token.pk}",
        subject=f"Your token {token.name} ends within a week",
    )


def _keepers(owner: User) -> list[User]:
    if not owner.is_service_account:
        return [owner]
    team = owner.kept_by_id
    return list(access.administrators()) if team is None else managers_of({team})[team]
