"""Sends the codes by which contact methods are verified, each by the method itself and by nothing else."""

from __future__ import annotations

from apps.contacts import actions as contacts
from apps.contacts import queries
from apps.contacts.models import MethodKind, Verification
from apps.core.errors import ProviderError
from apps.engine import actions as engine
from apps.notifications import composing, transports
from apps.notifications.models import Channel
from apps.notifications.rules import CHANNEL_OF

#: The kinds of timers that send a code, one a way.
SEND: dict[Channel, str] = {
    channel: f"notifications.code:{channel}" for channel in Channel if channel != Channel.IN_APP
}


def plan(verification: Verification) -> None:
    """Let the engine send the code of ``verification`` now."""
    channel = CHANNEL_OF[MethodKind(verification.method.kind)]
    engine.schedule(
        SEND[channel],
        key=f"notifications.code:{verification.pk}",
        subject=f"verification:{verification.pk}",
        payload={"verification": verification.pk},
    )


def send(verification_id: int) -> None:
    """Send the code, unless the method was verified, removed or stopped meanwhile.

    Raises ProviderError to be called again.
    """
    verification = Verification.objects.select_related("method__person").filter(pk=verification_id).first()
    if verification is None:
        return
    if queries.is_stopped(verification.method):
        contacts.note_unsent(verification_id, reason="The number answered STOP; START ends that.")
        return
    message = composing.compose_code(verification)
    try:
        transport = transports.of(CHANNEL_OF[MethodKind(verification.method.kind)])
        with transports.through(transport), transport.connected() as hand_over:
            hand_over(message)
    except ProviderError as error:
        contacts.note_unsent(verification_id, reason=str(error))
        if isinstance(error, transports.OptedOut):
            contacts.opt_out(verification.method.value)
        if not error.permanent:
            raise
    else:
        contacts.note_unsent(verification_id, reason="")


def give_up(verification_id: int, reason: str) -> None:
    """Say on the profile why the code does not come."""
    contacts.note_unsent(verification_id, reason=reason)
