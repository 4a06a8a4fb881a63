"""What the engine calls: mails leave the house, and roles follow what providers said."""

from __future__ import annotations

from datetime import timedelta

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.identity import addresses, forgotten, invitations
from apps.identity.groups import actions as groups
from apps.teams.models import User


@handler("identity.send_invitation", lane=Lane.WORK, transactional=False, at_once=2)
def send_invitation(timer: Timer) -> None:
    """Send the mail of one invitation."""
    invitations.send(timer.payload["id"])


@handler(addresses.TELL, lane=Lane.WORK, transactional=False, at_once=2)
def tell_old_address(timer: Timer) -> None:
    """Tell the address that somebody had that they have another."""
    addresses.tell(timer.payload["person"], was=timer.payload["was"])


@handler(forgotten.MAIL, lane=Lane.WORK, transactional=False, at_once=2)
def mail_password_link(timer: Timer) -> None:
    """Mail somebody the link to choose another password by."""
    forgotten.mail(timer.payload["person"])


@handler(groups.FOLLOW, lane=Lane.WORK)
def follow_groups(timer: Timer) -> None:
    """Give somebody the roles of their groups who signed in while somebody else changed roles."""
    groups.follow_groups(User.objects.get(pk=timer.payload["person"]), by=None)


@recurring("identity.end_old_sayings", every=timedelta(hours=1), transactional=False)
def end_old_sayings(timer: Timer) -> None:
    """Take back what groups give that no sign-in named for long."""
    groups.end_old_sayings()
