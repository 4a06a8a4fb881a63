"""What time does to the audit: it seals."""

from __future__ import annotations

from datetime import timedelta

from apps.audit import sealing
from apps.engine.models import Timer
from apps.engine.registry import Lane, recurring


@recurring("audit.seal", every=timedelta(minutes=1), lane=Lane.BULK, transactional=False)
def seal(timer: Timer) -> None:
    """Seal what is new. A transaction of its own: the rows of one that runs would have to wait for the next seal."""
    sealing.seal()
