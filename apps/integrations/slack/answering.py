"""Tells Slack what came of a button: the message changes, or the one who pressed reads why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings

from apps.core import http
from apps.engine import breakers
from apps.integrations.models import SlackAnswer
from apps.integrations.slack.client import PROVIDER, Posted, SlackClient

#: So old, an answer that could not be told is of no use to anybody.
KEPT = timedelta(days=1)


def tell(answer: SlackAnswer) -> None:
    """Answer by the address that Slack gave with the button, else by its API, while Slack is called at all.

    Raises ProviderError.
    """
    with breakers.through(PROVIDER):
        _tell(answer)


def forget(answer: SlackAnswer) -> None:
    """Delete what was told, or cannot be; a newer answer about the same message stays for its own timer."""
    SlackAnswer.objects.filter(pk=answer.pk, written_at=answer.written_at).delete()


def _tell(answer: SlackAnswer) -> None:
    text, shown = answer.text, answer.blocks
    if answer.response_url:
        said = {"replace_original": True, "text": text, "blocks": shown} if shown is not None else _whispered(text)
        with http.client(public_only=True) as opened:
            http.send(opened, "POST", answer.response_url, json=said)
        return
    with http.client(settings.SLACK_API_URL) as opened:
        client = SlackClient(opened, settings.SLACK_BOT_TOKEN)
        if shown is None:
            client.whisper(channel=answer.channel, member=answer.member, text=text)
        else:
            client.update(Posted(answer.channel, answer.ts), text=text, blocks=shown)


def _whispered(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "replace_original": False, "text": text}
