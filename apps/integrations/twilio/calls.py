"""What a call is about, found by its key, and what it came to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from apps.contacts import actions as contacts
from apps.contacts.models import Verification
from apps.core import clock
from apps.incidents.models import Via
from apps.integrations.twilio import speech
from apps.notifications import answers, bundling, composing, receipts
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.transports import Message

VOICEMAIL = "The call reached a voicemail."
UNHEARD = "The call was answered, and it is not known by whom: no key was pressed."
REASONS = {
    "busy": "The line was busy.",
    "no-answer": "Nobody answered the call.",
    "failed": "The call could not be connected.",
    "canceled": "The call was ended while it rang.",
}
#: Keys are taken while a call may last; what is told later is no key of a person's.
LONGEST_CALL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Call:
    """A call: about a message of which ``delivery`` is the first, or to tell the code of a verification."""

    key: uuid.UUID
    delivery: Delivery | None
    verification: Verification | None

    def message(self) -> Message | None:
        """What is told to whoever answers; None where it is a code, or nothing any more."""
        return composing.compose(bundling.group_of(self.delivery)) if self.delivery else None

    @property
    def is_over(self) -> bool:
        """Whether no key of it can come any more."""
        begun = self.delivery.sent_at if self.delivery else None
        return begun is not None and clock.now() > begun + LONGEST_CALL

    def reached(self, state: DeliveryState) -> None:
        """Somebody heard it (DELIVERED), or pressed a key (READ)."""
        receipts.record(self.key, state)

    def failed(self, reason: str) -> None:
        """It reached nobody: the next step is taken at once, and who waits for a code reads why it does not come."""
        if self.verification is not None:
            contacts.note_unsent(self.verification.pk, reason=reason)
        else:
            receipts.record(self.key, DeliveryState.FAILED, reason=reason)


def of(key: uuid.UUID) -> Call | None:
    """The call of that key, of a page or of a code; None where there is none."""
    related = ("notification__person", "notification__incident__severity", "notification__incident__team", "method")
    delivery = Delivery.objects.filter(message_id=key, channel=Channel.VOICE).select_related(*related).first()
    if delivery is not None:
        return Call(key, delivery, None)
    verification = Verification.objects.filter(nonce=key).select_related("method").first()
    return Call(key, None, verification) if verification else None


def press(message: Message, key: str) -> str:
    """Do what the key stands for, and say what came of it; empty where it is to be told again."""
    pages = [notification for notification in message.covers if notification.is_page]
    if key == "4" and message.acknowledge_token:
        return _spoken(answers.acknowledge_all(pages, via=Via.VOICE))
    if key == "6" and message.can_be_resolved:
        return _spoken([answers.resolve(pages[0], via=Via.VOICE)])
    if key == "8" and message.can_be_declined:
        return _spoken([answers.decline(pages[0], via=Via.VOICE)])
    return ""


def was_machine(answered_by: str) -> bool:
    """Whether no person answered: a voicemail, or a fax (Twilio's ``AnsweredBy``)."""
    return answered_by.startswith("machine") or answered_by == "fax"


def _spoken(told: list[answers.Answered]) -> str:
    return " ".join(speech.plain(each.text) for each in told)
