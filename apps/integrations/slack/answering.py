"""Tells Slack what came of a button: the message changes, or the one who pressed reads why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.core import http
from apps.engine import breakers
from apps.integrations.slack.client import PROVIDER, Posted, SlackClient


def tell(payload: Mapping[str, Any]) -> None:
    """Answer by the address that Slack gave with the button, else by its API, while Slack is called at all.

    Raises ProviderError.
    """
    with breakers.through(PROVIDER):
        _tell(payload)


def _tell(payload: Mapping[str, Any]) -> None:
    text, shown = payload["text"], payload["blocks"]
    if payload["response_url"]:
        said = {"replace_original": True, "text": text, "blocks": shown} if shown is not None else _whispered(text)
        with http.client(public_only=True) as opened:
            http.send(opened, "POST", payload["response_url"], json=said)
        return
    with http.client(settings.SLACK_API_URL) as opened:
        client = SlackClient(opened, settings.SLACK_BOT_TOKEN)
        if shown is None:
            client.whisper(channel=payload["channel"], member=payload["member"], text=text)
        else:
            client.update(Posted(payload["channel"], payload["ts"]), text=text, blocks=shown)


def _whispered(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "replace_original": False, "text": text}
