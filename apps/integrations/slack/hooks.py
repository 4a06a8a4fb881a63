"""What Slack calls when somebody presses a button."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core.errors import Invalid
from apps.integrations.slack import interaction
from apps.integrations.slack.signing import is_slacks


@csrf_exempt
@require_POST
def interactive(request: HttpRequest) -> HttpResponse:
    """Carry out what a button stands for; an empty 200 within Slack's three seconds, the words follow by the engine.

    403 unless Slack signed it within five minutes, 400 for what is no interaction.
    """
    signed = request.headers.get("X-Slack-Signature", "")
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    if not is_slacks(settings.SLACK_SIGNING_SECRET, timestamp=timestamp, signed=signed, body=request.body):
        return HttpResponseForbidden("The signature is missing, wrong or too old.")
    try:
        pressed = interaction.read(request.POST.get("payload", ""))
    except Invalid as error:
        return HttpResponseBadRequest(str(error))
    if pressed is not None:
        interaction.carry_out(pressed)
    return HttpResponse()
