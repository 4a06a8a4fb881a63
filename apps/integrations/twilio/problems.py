"""What Twilio's error codes say of a number (its published error dictionary)."""

from __future__ import annotations

from apps.core.errors import ProviderError
from apps.core.http import Refused
from apps.integrations.twilio.client import error_of
from apps.notifications.transports import AddressRefused, OptedOut

#: The number itself will not do: none, not reachable from here, no mobile phone.
OF_THE_NUMBER = frozenset({13223, 13224, 13225, 21211, 21214, 21217, 21401, 21612, 21614})
OPTED_OUT = 21610
#: Said afterwards: the number is unknown, or a landline. A handset that is switched off (30003) will be on again.
UNDELIVERABLE = frozenset({30005, 30006})

WORDS = {
    30001: "Twilio's queue is full",
    30002: "the Twilio account is suspended",
    30003: "the handset cannot be reached",
    30004: "the message was blocked",
    30005: "the number is unknown",
    30006: "the number is a landline or cannot be reached by its carrier",
    30007: "the carrier filtered it",
    30008: "the carrier does not say why",
}


def as_ours(refused: Refused) -> ProviderError:
    """The refusal in the words of the house: of the number, of its receiver's wish, or of the request."""
    code, words = error_of(refused)
    if code == OPTED_OUT:
        return OptedOut("The number answered STOP; START ends that.")
    if code in OF_THE_NUMBER:
        return AddressRefused(f"Twilio refuses the number ({code}): {words}")
    return refused


def reason_of(code: int | None, *, status: str) -> str:
    """Why a text message did not arrive, in one sentence."""
    why = WORDS.get(code or 0, f"error {code}" if code else "no reason is given")
    return f"The text message is {status}: {why}."
