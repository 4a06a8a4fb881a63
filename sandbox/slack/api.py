"""The methods of the Web API that the product calls, each with Slack's own answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.origin import read_origin
from sandbox.phones import Behaviour
from sandbox.slack import blocks, conversations
from sandbox.slack.messages import BOT, MESSAGES, Post, known_posts
from sandbox.slack.rooms import ROOMS, known_rooms

TEAM = "T0SANDBOX"
NOT_AUTHED = {"ok": False, "error": "not_authed"}
Arguments = dict[str, Any]
Method = Callable[[web.Request, Exchange, Arguments], Arguments]


def routes(app: web.Application) -> None:
    """Add the API to ``app``."""
    app[MESSAGES] = known_posts(app[EXCHANGE].outbox)
    app[ROOMS] = known_rooms(app[EXCHANGE].outbox)
    app.router.add_get("/archives/{channel}", conversations.show)
    app.router.add_route("*", "/api/{method}", _call)


async def _call(request: web.Request) -> web.Response:
    """Answer a method. As at Slack errors are answers with the status 200 and ``ok`` false."""
    exchange = request.app[EXCHANGE]
    arguments = await _arguments(request)
    token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(arguments.get("token", ""))
    if not token:
        return web.json_response(NOT_AUTHED)
    expected = exchange.secrets.slack_token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        return web.json_response({"ok": False, "error": "invalid_auth"})
    method = METHODS.get(request.match_info["method"])
    if method is None:
        return web.json_response({"ok": False, "error": "unknown_method"})
    if arguments.get("invalid"):
        return web.json_response({"ok": False, "error": arguments["invalid"]})
    return web.json_response(method(request, exchange, arguments))


async def _arguments(request: web.Request) -> Arguments:
    """The arguments of a call: query, form or JSON, in which a form has blocks and metadata as JSON within."""
    arguments: Arguments = dict(request.query)
    if request.content_type == "application/json":
        try:
            given = await request.json()
        except ValueError:
            return {"invalid": "invalid_json"}
        return arguments | given if isinstance(given, dict) else {"invalid": "json_not_object"}
    arguments |= await request.post()
    for name in ("blocks", "metadata"):
        if isinstance(arguments.get(name), str):
            try:
                arguments[name] = json.loads(arguments[name])
            except ValueError:
                return {"invalid": f"invalid_{name}_format"}
    return arguments


def _test(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    return {
        "ok": True,
        "url": f"{exchange.url}/",
        "team": "Sandbox",
        "user": "ado_incidents",
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": "B0ADOBOT",
    }


def _lookup(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """Everybody has an account here, but for who was made unreachable."""
    email = str(arguments.get("email", "")).strip().lower()
    if "@" not in email or exchange.phones.behaviour(email) is Behaviour.UNREACHABLE:
        return {"ok": False, "error": "users_not_found"}
    return {"ok": True, "user": _user(member(exchange, email), email)}


def member(exchange: Exchange, email: str) -> str:
    """The id of the user with that address."""
    user = "U" + hashlib.sha256(email.encode()).hexdigest()[:10].upper()
    if user not in exchange.phones.chat_users:
        exchange.phones.chat_users[user] = email
        exchange.phones.save()
    return user


def _info(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """A user who was looked up before."""
    user = str(arguments.get("user", ""))
    email = exchange.phones.chat_users.get(user)
    if email is None:
        return {"ok": False, "error": "user_not_found"}
    return {"ok": True, "user": _user(user, email)}


def _user(user: str, email: str) -> Arguments:
    name = email.partition("@")[0]
    profile = {"email": email, "real_name": name, "display_name": name}
    return {"id": user, "team_id": TEAM, "name": name, "deleted": False, "profile": profile}


def _open(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """A conversation with one user has the user's id with a D in front."""
    users = str(arguments.get("users", ""))
    if arguments.get("channel"):
        return {"ok": True, "channel": {"id": str(arguments["channel"])}}
    if not users:
        return {"ok": False, "error": "users_list_not_supplied"}
    if any(not user.startswith(("U", "W")) for user in users.split(",")):
        return {"ok": False, "error": "user_not_found"}
    return {"ok": True, "channel": {"id": "D" + users.partition(",")[0][1:]}}


def _post(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    channel, text, shown = str(arguments.get("channel", "")), str(arguments.get("text") or ""), arguments.get("blocks")
    if not channel:
        return {"ok": False, "error": "channel_not_found"}
    if problem := _problem(text, shown):
        return {"ok": False, "error": problem}
    if channel.startswith(("U", "W")):
        channel = "D" + channel[1:]
    room, posts = request.app[ROOMS].get(channel), request.app[MESSAGES]
    if room is not None and (closed := room.closed):
        return {"ok": False, "error": closed}
    ts, told = _stamp(posts), arguments.get("metadata") or {}
    row = exchange.outbox.keep(
        "chat",
        f"#{room.name}" if room else receiver(exchange, channel),
        read_origin(request.headers.get),
        subject=blocks.headline(shown or []),
        text=blocks.plain(shown) if shown else text,
        links=blocks.links(shown or [], text),
        details={"channel": channel, "ts": ts, "text": text, "blocks": shown or [], "metadata": told},
    )
    posts[ts] = Post(row.message, channel, ts, text, shown or [], told)
    return {"ok": True, "channel": channel, "ts": ts, "message": posts[ts].as_json()}


def _update(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """Replace a message where it stands: nobody is told anew, so the outbox has no further row."""
    post = request.app[MESSAGES].get(str(arguments.get("ts", "")))
    if post is None or post.channel != arguments.get("channel"):
        return {"ok": False, "error": "message_not_found"}
    text, shown = str(arguments.get("text") or ""), arguments.get("blocks")
    if problem := _problem(text, shown):
        return {"ok": False, "error": problem}
    post.replace(exchange.diary, text, shown or [])
    return {"ok": True, "channel": post.channel, "ts": post.ts, "text": text, "message": post.as_json()}


def receiver(exchange: Exchange, channel: str) -> str:
    """Who reads ``channel``: the user's email where it is known, else the channel."""
    return exchange.phones.chat_users.get("U" + channel[1:], channel) if channel.startswith("D") else channel


def _problem(text: str, shown: object) -> str:
    if not text and not shown:
        return "no_text"
    return "" if shown is None or blocks.valid(shown) else "invalid_blocks"


def _stamp(posts: dict[str, Post]) -> str:
    """Now, as Slack names messages: seconds with six decimals, never the same twice."""
    micros = time.time_ns() // 1000
    while (ts := f"{micros // 1_000_000}.{micros % 1_000_000:06}") in posts:
        micros += 1
    return ts


METHODS: dict[str, Method] = {
    "auth.test": _test,
    "users.info": _info,
    "users.lookupByEmail": _lookup,
    "conversations.open": _open,
    "chat.postMessage": _post,
    "chat.update": _update,
    **conversations.METHODS,
}
