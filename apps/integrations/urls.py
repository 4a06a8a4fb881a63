"""Where providers call back. Each address checks a signature or a token of its own; none has a session."""

from __future__ import annotations

from django.urls import path

from apps.integrations.slack import hooks as slack
from apps.integrations.twilio import hooks as twilio
from apps.integrations.webpush import hooks as webpush

urlpatterns = [
    path("twilio/sms/", twilio.text_received, name="twilio_sms"),
    path("twilio/sms/status/<uuid:key>/", twilio.text_status, name="twilio_sms_status"),
    path("twilio/voice/<uuid:key>/", twilio.call_answered, name="twilio_voice"),
    path("twilio/voice/<uuid:key>/key/", twilio.key_pressed, name="twilio_voice_key"),
    path("twilio/voice/status/<uuid:key>/", twilio.call_status, name="twilio_voice_status"),
    path("slack/interactive/", slack.interactive, name="slack_interactive"),
    path("slack/command/", slack.command, name="slack_command"),
    path("push/acknowledge/", webpush.acknowledge, name="push_acknowledge"),
    path("push/decline/", webpush.decline, name="push_decline"),
]
