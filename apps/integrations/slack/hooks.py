"""What Slack calls when somebody presses a button or gives a command."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core.errors import Invalid
from apps.integrations.slack import asking, interaction
from apps.integrations.slack.signing import is_slacks

NOT_SIGNED = "The signature is missing, wrong or too old."


@csrf_exempt
@require_POST
def interactive(request: HttpRequest) -> HttpResponse:
    """Carry out what a button stands for; an empty 200 within Slack's three seconds, the words follow by the engine.

    403 unless Slack signed it within five minutes, 400 for what is no interaction.
    """
    if not _is_signed(request):
        return HttpResponseForbidden(NOT_SIGNED)
    payload = request.POST.get("payload", "")
    try:
        if asking.take_button(payload):
            return HttpResponse()
        pressed = interaction.read(payload)
    except Invalid as error:
        return HttpResponseBadRequest(str(error))
    if pressed is not None:
        interaction.carry_out(pressed)
    return HttpResponse()


@csrf_exempt
@require_POST
def command(request: HttpRequest) -> HttpResponse:
    """Take what somebody writes after /incident; an empty 200 at once, the words follow by the engine.

    403 unless Slack signed it within five minutes, 400 for what is no command.
    """
    if not _is_signed(request):
        return HttpResponseForbidden(NOT_SIGNED)
    try:
        asking.take(request.POST)
    except Invalid as error:
        return HttpResponseBadRequest(str(error))
    return HttpResponse()


def _is_signed(request: HttpRequest) -> bool:
    signed = request.headers.get("X-Slack-Signature", "")
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    return is_slacks(settings.SLACK_SIGNING_SECRET, timestamp=timestamp, signed=signed, body=request.body)
