"""What the engine calls for the API's housekeeping, and for tokens that end."""

from __future__ import annotations

from datetime import timedelta

from apps.core import idempotency
from apps.engine.models import Timer
from apps.engine.registry import recurring
from apps.teams import actions


@recurring("teams.forget_remembered_answers", every=timedelta(hours=1))
def forget_remembered_answers(timer: Timer) -> None:
    """Delete the answers of POSTs that were remembered long enough."""
    idempotency.forget_what_is_old()


@recurring("teams.remind_of_tokens", every=timedelta(hours=1))
def remind_of_tokens(timer: Timer) -> None:
    """Tell the owners of tokens that end within a week."""
    actions.remind_of_ends()
