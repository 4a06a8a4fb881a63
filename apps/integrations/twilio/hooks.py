"""What Twilio calls: text messages that came in, calls that were answered, and what became of what was sent."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.contacts import actions as contacts
from apps.contacts.actions import code_of
from apps.contacts.models import Verification
from apps.integrations.twilio import calls, inbox, problems, speech, twiml
from apps.integrations.twilio.signing import of_twilio
from apps.notifications import receipts
from apps.notifications.models import DeliveryState
from apps.notifications.transports import Message

_TEXT_STATES = {
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
}


@of_twilio
def text_received(request: HttpRequest) -> HttpResponse:
    """Carry out what somebody wrote, and answer in words; one that comes twice is carried out once."""
    form = request.POST
    text = inbox.take(sid=form.get("MessageSid", ""), number=form.get("From", ""), text=form.get("Body", ""))
    return twiml.reply(text)


@of_twilio
def text_status(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take note of what became of a text message. *Queued* and *sent* are known already."""
    status = request.POST.get("MessageStatus") or request.POST.get("SmsStatus", "")
    state = _TEXT_STATES.get(status)
    if state is None:
        return HttpResponse(status=204)
    written = request.POST.get("ErrorCode", "")
    code = int(written) if written.isascii() and written.isdecimal() else None
    reason = problems.reason_of(code, status=status) if state == DeliveryState.FAILED else ""
    if code == problems.OPTED_OUT:
        contacts.opt_out(request.POST.get("To", ""))
    receipts.record(key, state, reason=reason, refused=code in problems.UNDELIVERABLE)
    if reason and (verification := Verification.objects.filter(nonce=key).first()):
        contacts.note_unsent(verification.pk, reason=reason)
    return HttpResponse(status=204)


@of_twilio
def call_answered(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Say what it is about to a person; hang up on a voicemail, which does not count."""
    call = calls.of(key)
    if call is None:
        return twiml.say([speech.WHO, "There is nothing to tell any more. Goodbye."])
    answered_by = request.POST.get("AnsweredBy", "")
    if calls.was_machine(answered_by):
        call.failed(calls.VOICEMAIL)
        return twiml.say([])
    if call.verification is not None:
        return twiml.say(speech.code(code_of(call.verification)))
    if answered_by == "human":
        call.reached(DeliveryState.DELIVERED)
    message = call.message()
    covers = message.covers if message is not None else ()
    over = bool(covers) and not any(each.is_wanted for each in covers)
    return _ask(key, message, [speech.ANSWERED] if over else [])


@of_twilio
def key_pressed(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Do what the pressed key stands for: 4 acknowledges, 6 resolves, 8 passes it on, whatever else tells it again."""
    call = calls.of(key)
    message = call.message() if call is not None and not call.is_over else None
    pressed = request.POST.get("Digits", "")
    if call is None or message is None or not pressed:
        return twiml.say([speech.GOODBYE])
    call.reached(DeliveryState.READ)
    told = calls.press(message, pressed)
    if told:
        return twiml.say([told, "Goodbye."])
    return _ask(key, message, [] if pressed == "9" else [f"Key {pressed} does nothing here."])


@of_twilio
def call_status(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take note of how a call ended. One that was heard by a person counts, whether or not they pressed a key."""
    status, answered_by = request.POST.get("CallStatus", ""), request.POST.get("AnsweredBy", "")
    call = calls.of(key)
    if call is None:
        return HttpResponse(status=204)
    if status in calls.REASONS:
        call.failed(calls.REASONS[status])
    elif status == "completed" and call.delivery is not None:
        if calls.was_machine(answered_by):
            call.failed(calls.VOICEMAIL)
        elif answered_by == "human":
            call.reached(DeliveryState.DELIVERED)
        else:
            call.failed(calls.UNHEARD)
    return HttpResponse(status=204)


def _ask(key: uuid.UUID, message: Message | None, first: list[str]) -> HttpResponse:
    if message is None:
        return twiml.say([speech.GOODBYE])
    action = f"{settings.SITE_URL}{reverse('twilio_voice_key', args=[key])}"
    return twiml.ask([*first, *speech.page(message)], action=action, otherwise=speech.GOODBYE)
