"""What the engine calls: invitations leave the house."""

from __future__ import annotations

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.identity import invitations


@handler("identity.send_invitation", lane=Lane.WORK, transactional=False, at_once=2)
def send_invitation(timer: Timer) -> None:
    """Send the mail of one invitation."""
    invitations.send(timer.payload["id"])
