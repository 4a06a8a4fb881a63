"""A button of a chat message is pressed: the product hears of it as Slack would say it, and may answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import ClientError, web

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.slack import blocks
from sandbox.slack.api import TEAM
from sandbox.slack.messages import MESSAGES, Post

SOMEBODY = "U0SOMEBODY"


def routes(app: web.Application) -> None:
    """Add the address where the product answers an interaction."""
    app.router.add_post("/slack/response/{ts}", _respond)


def signature(secret: str, timestamp: str, body: str) -> str:
    """X-Slack-Signature, version 0: HMAC-SHA256 over version, timestamp and body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


async def press(exchange: Exchange, post: Post, action: str, *, user: str = "") -> int:
    """Press the button whose action id or value is ``action`` and return the product's HTTP status.

    ``user`` (id) presses it; when empty, who the message is for. Raises LookupError for no such button, OSError when
    the product does not answer.
    """
    wanted = (each for each in blocks.buttons(post.blocks) if action in (each.get("action_id"), each.get("value")))
    button = next(wanted, None)
    if button is None:
        raise LookupError(f"The message has no button {action!r}.")
    direct = "U" + post.channel[1:] if post.channel.startswith("D") else SOMEBODY
    payload = json.dumps(_payload(exchange, post, button, user or direct))
    said = button["text"]["text"]
    status = await send(exchange, "interactive", {"payload": payload}, said=said, message=post.message)
    exchange.diary.note("pressed", said, message=post.message, status=status)
    return status


async def send(exchange: Exchange, hook: str, form: Mapping[str, str], *, said: str, message: str = "") -> int:
    """Post ``form`` to a hook of the product as Slack signs it, and return its status; trouble is noted.

    Raises OSError when the product does not answer.
    """
    body, timestamp = urlencode(form), str(int(time.time()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(exchange.secrets.slack_signing, timestamp, body),
    }
    try:
        url = f"{exchange.secrets.site_url}/hooks/slack/{hook}/"
        async with exchange.session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            status = answer.status
    except (ClientError, TimeoutError) as error:
        exchange.diary.note("trouble", f"{said}: the product does not answer.", message=message)
        raise OSError(f"The product does not answer: {error or type(error).__name__}") from error
    if status >= 300:
        exchange.diary.note("trouble", f"{said}: the product answered {status}.", message=message)
    return status


def _payload(exchange: Exchange, post: Post, button: dict[str, Any], user: str) -> dict[str, Any]:
    email = exchange.phones.chat_users.get(user, "")
    name = email.partition("@")[0] or user.lower()
    keys = ("action_id", "block_id", "text", "value", "style", "url")
    pressed = {key: button[key] for key in keys if key in button} | {
        "type": "button",
        "action_ts": f"{time.time():.6f}",
    }
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": "A0SANDBOX",
        "container": {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": post.channel,
            "is_ephemeral": False,
        },
        "trigger_id": uuid4().hex,
        "team": {"id": TEAM, "domain": "sandbox"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": post.channel, "name": "directmessage" if post.channel.startswith("D") else post.channel},
        "message": post.as_json(),
        "state": {"values": {}},
        "response_url": f"{exchange.url}/slack/response/{post.ts}",
        "actions": [pressed],
    }


async def _respond(request: web.Request) -> web.Response:
    """Take what the product says to an interaction: a new text of the message, or words to who pressed."""
    exchange, post = request.app[EXCHANGE], request.app[MESSAGES].get(request.match_info["ts"])
    try:
        said = await request.json()
    except ValueError:
        return web.Response(text="invalid_payload", status=400)
    if post is None or not isinstance(said, dict):
        return web.Response(text="expired_url", status=404)
    text, shown = str(said.get("text") or ""), said.get("blocks") or []
    if not blocks.valid(shown):
        return web.Response(text="invalid_blocks", status=400)
    if said.get("replace_original"):
        post.replace(exchange.diary, text, shown)
    else:
        exchange.diary.note("answer", text or blocks.plain(shown), message=post.message)
    return web.Response(text="ok")
