"""What time does to answers of the API, and to tokens."""

from __future__ import annotations

from datetime import timedelta

from apps.core import idempotency, retention
from apps.core.models import RememberedAnswer
from apps.engine.models import Timer
from apps.engine.registry import recurring
from apps.teams import actions

retention.keep(
    "answers",
    "Answers of the API to what came with an Idempotency-Key",
    span=lambda: idempotency.KEPT_FOR,
    rows=lambda before: RememberedAnswer.objects.filter(created_at__lte=before),
)


@recurring("teams.remind_of_tokens", every=timedelta(hours=1))
def remind_of_tokens(timer: Timer) -> None:
    """Tell the owners of tokens that end within a week."""
    actions.remind_of_ends()
