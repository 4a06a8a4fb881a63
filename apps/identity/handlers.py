"""What the engine calls: mails leave the house."""

from __future__ import annotations

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.identity import addresses, invitations


@handler("identity.send_invitation", lane=Lane.WORK, transactional=False, at_once=2)
def send_invitation(timer: Timer) -> None:
    """Send the mail of one invitation."""
    invitations.send(timer.payload["id"])


@handler(addresses.TELL, lane=Lane.WORK, transactional=False, at_once=2)
def tell_old_address(timer: Timer) -> None:
    """Tell the address that somebody had that they have another."""
    addresses.tell(timer.payload["person"], was=timer.payload["was"])
