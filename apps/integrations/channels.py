"""Which provider carries which channel, once its settings are complete."""

from __future__ import annotations

from django.conf import settings

from apps.integrations.slack.transport import SlackTransport
from apps.integrations.twilio.calling import CallTransport
from apps.integrations.twilio.texting import TextTransport
from apps.integrations.webhooks.transport import WebhookTransport
from apps.integrations.webpush.transport import PushTransport
from apps.notifications import transports
from apps.notifications.models import Channel


def _configured(*names: str) -> bool:
    return all(getattr(settings, name) for name in names)


_TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")

transports.serve(Channel.SMS, TextTransport(), when=lambda: _configured(*_TWILIO, "TWILIO_SMS_FROM"))
transports.serve(Channel.VOICE, CallTransport(), when=lambda: _configured(*_TWILIO, "TWILIO_VOICE_FROM"))
transports.serve(Channel.CHAT, SlackTransport(), when=lambda: _configured("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"))
transports.serve(Channel.PUSH, PushTransport(), when=lambda: _configured("VAPID_PRIVATE_KEY", "VAPID_SUBJECT"))
transports.serve(Channel.WEBHOOK, WebhookTransport(), when=lambda: True)
