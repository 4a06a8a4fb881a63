"""A slash command: the product hears of it as Slack would say it, and answers later."""

from __future__ import annotations

from uuid import uuid4

from aiohttp import web

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.origin import Origin
from sandbox.slack import blocks
from sandbox.slack.api import TEAM, member
from sandbox.slack.interactions import send
from sandbox.slack.rooms import ROOMS

#: By the last part of their response addresses who gave commands.
ASKED = web.AppKey("slack_asked", dict[str, str])
COMMAND = "/incident"


def routes(app: web.Application) -> None:
    """Add the address where the product answers a command."""
    app[ASKED] = {}
    app.router.add_post("/slack/commands/{key}", _respond)


async def command(app: web.Application, *, user: str, text: str, channel: str = "") -> int:
    """Let the user of that address write the command in a channel, named or by its id, else to the bot.

    Returns the product's HTTP status. Raises OSError when it does not answer, LookupError for no such channel.
    """
    exchange, key = app[EXCHANGE], uuid4().hex
    who = member(exchange, user)
    where, name = _place(app, channel) if channel else (f"D{who[1:]}", "directmessage")
    app[ASKED][key] = user
    form = {
        "token": "sandbox", "team_id": TEAM, "team_domain": "sandbox", "channel_id": where, "channel_name": name,
        "user_id": who, "user_name": user.partition("@")[0], "command": COMMAND, "text": text,
        "api_app_id": "A0SANDBOX", "is_enterprise_install": "false",
        "response_url": f"{exchange.url}/slack/commands/{key}", "trigger_id": uuid4().hex,
    }  # fmt: skip
    return await send(exchange, "command", form, said=f"{COMMAND} {text}")


def _place(app: web.Application, channel: str) -> tuple[str, str]:
    for room in app[ROOMS].values():
        if channel.removeprefix("#") in (room.id, room.name):
            return room.id, room.name
    raise LookupError(f"There is no channel {channel}.")


async def _respond(request: web.Request) -> web.Response:
    """Take the words of the product, which only who gave the command sees."""
    exchange, user = request.app[EXCHANGE], request.app[ASKED].get(request.match_info["key"])
    try:
        said = await request.json()
    except ValueError:
        return web.Response(text="invalid_payload", status=400)
    if user is None or not isinstance(said, dict):
        return web.Response(text="expired_url", status=404)
    text = str(said.get("text") or "")
    if not text:
        return web.Response(text="no_text", status=400)
    _show(exchange, user, text)
    return web.Response(text="ok")


def _show(exchange: Exchange, user: str, text: str) -> None:
    links = blocks.links([], text)
    exchange.outbox.keep("chat", user, Origin(), text=text, links=links, details={"text": text})
