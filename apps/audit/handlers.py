"""What time does to the audit: it seals, and takes the heads out of the house."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from apps.audit import heads, sealing
from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring


@recurring("audit.seal", every=timedelta(minutes=1), lane=Lane.BULK, transactional=False)
def seal(timer: Timer) -> None:
    """Seal what is new. A transaction of its own: the rows of one that runs would have to wait for the next seal."""
    sealing.seal()


@recurring("audit.send_heads", every=settings.AUDIT_HEADS_EVERY, lane=Lane.BULK)
def send_heads(timer: Timer) -> None:
    """Plan the sending of the head to each destination; each is a timer of its own, so that none stops another."""
    for way, place in heads.destinations():
        engine.schedule("audit.send_head", key=f"audit.send_head:{way}:{place}", payload={"way": way, "place": place})


@handler("audit.send_head", lane=Lane.BULK, transactional=False, at_once=1)
def send_head(timer: Timer) -> None:
    """Send the newest head to one destination."""
    heads.send(timer.payload["way"], timer.payload["place"])
