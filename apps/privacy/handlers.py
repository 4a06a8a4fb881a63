"""What the engine calls for privacy."""

from __future__ import annotations

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.privacy import mentions


@handler(mentions.REPLACE, lane=Lane.BULK, transactional=False, at_once=1)
def replace_mentions(timer: Timer) -> None:
    """Rewrite what the house wrote with the name of somebody who was erased."""
    mentions.replace_as_planned(timer)
