"""What the page of one's tokens shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.core import clock
from apps.teams import queries
from apps.teams.actions import REMINDED_BEFORE
from apps.teams.models import ApiToken, Team, User


@dataclass(frozen=True, slots=True)
class TokenFace:
    """A token with the names of the teams it is limited to (empty: to none), and whether it ends before long.

    ``account`` is the service account that it acts for, None for the viewer's own.
    """

    token: ApiToken
    teams: str
    account: User | None
    is_replaced: bool
    ends_soon: bool


def shown(viewer: User) -> dict[str, Any]:
    """The tokens of the page, and whether the viewer may keep service accounts."""
    return {"faces": faces(viewer), "keeps_accounts": queries.may_keep_accounts(viewer)}


def faces(viewer: User) -> list[TokenFace]:
    """The tokens that the viewer keeps, the newest first; a fixed number of queries."""
    kept = list(queries.kept_tokens(viewer))
    names = dict(
        Team.objects.filter(pk__in={pk for each in kept for pk in each.team_ids or ()}).values_list("pk", "name")
    )
    soon = clock.now() + REMINDED_BEFORE
    return [
        TokenFace(
            token=each,
            teams=", ".join(sorted(names.get(pk, "") for pk in each.team_ids or ())),
            account=each.person if each.person != viewer else None,
            is_replaced=hasattr(each, "replaced_by"),
            ends_soon=each.expires_at <= soon,
        )
        for each in kept
    ]
