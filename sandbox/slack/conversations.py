"""The methods about channels, each with Slack's own answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import web

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.origin import read_origin
from sandbox.slack.messages import BOT, MESSAGES
from sandbox.slack.rooms import ROOMS, Room

Arguments = dict[str, Any]
Method = Callable[[web.Request, Exchange, Arguments], Arguments]
#: What is done to a channel that there is.
Act = Callable[[web.Request, Exchange, Room, Arguments], Arguments]
LONGEST_NAME, LONGEST_TEXT, MOST_INVITED, MOST_LISTED = 80, 250, 100, 999
_NAME = re.compile(r"[a-z0-9_-]+")


async def show(request: web.Request) -> web.Response:
    """The channel's address, as people open it: what was said there, on the sandbox's page."""
    room = request.app[ROOMS].get(request.match_info["channel"])
    if room is None:
        raise web.HTTPNotFound(text="There is no such channel.")
    site = request.app[EXCHANGE].secrets.site_url
    raise web.HTTPFound(f"{site}/sandbox/?{urlencode({'to': f'#{room.name}'})}")


def _create(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    name, rooms = str(arguments.get("name") or ""), request.app[ROOMS]
    if problem := _problem(name):
        return _no(problem)
    if any(room.name == name for room in rooms.values()):
        return _no("name_taken")
    room = Room(
        id=f"C{uuid4().hex[:10].upper()}",
        name=name,
        created=int(time.time()),
        is_private=_flag(arguments.get("is_private")),
        incident=read_origin(request.headers.get).incident,
    )
    rooms[room.id] = room
    room.tell(exchange, f"{'Private channel' if room.is_private else 'Channel'} #{name} was created.")
    return {"ok": True, "channel": room.as_json()}


def _problem(name: str) -> str:
    """Why no channel can be called so; empty if one can."""
    if not name:
        return "invalid_name_required"
    if len(name) > LONGEST_NAME:
        return "invalid_name_maxlength"
    if not _NAME.fullmatch(name):
        return "invalid_name_specials"
    return "" if name.strip("-_") else "invalid_name_punctuation"


def _list(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """The channels of the workspace."""
    return _listed(request.app[ROOMS].values(), arguments)


def _mine(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
    """The channels whose member the bot is."""
    return _listed((room for room in request.app[ROOMS].values() if BOT in room.members), arguments)


def _listed(rooms: Iterable[Room], arguments: Arguments) -> Arguments:
    types = str(arguments.get("types") or "public_channel").split(",")
    if not {"public_channel", "private_channel", "mpim", "im"}.issuperset(types):
        return _no("invalid_types")
    wanted = [room for room in rooms if ("private_channel" if room.is_private else "public_channel") in types]
    if _flag(arguments.get("exclude_archived")):
        wanted = [room for room in wanted if not room.is_archived]
    return _paged("channels", [room.as_json() for room in wanted], arguments)


def _info(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    members = {"num_members": len(room.members)} if _flag(arguments.get("include_num_members")) else {}
    return {"ok": True, "channel": {**room.as_json(), "is_member": BOT in room.members, **members}}


def _members(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    return _paged("members", room.members, arguments)


def _history(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    """The messages, newest first; what machines may know of them only where that is asked for."""
    with_metadata = _flag(arguments.get("include_all_metadata"))
    posts = sorted((post for post in request.app[MESSAGES].values() if post.channel == room.id), key=lambda p: p.ts)
    said = [
        {**post.as_json(), **({"metadata": post.metadata} if with_metadata and post.metadata else {})}
        for post in reversed(posts)
    ]
    answer = _paged("messages", said, arguments)
    following = answer.get("response_metadata", {}).get("next_cursor")
    return {**answer, "has_more": bool(following), "pin_count": len(room.pinned)} if answer["ok"] else answer


def _set_topic(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    topic = str(arguments["topic"])
    if len(topic) > LONGEST_TEXT:
        return _no("too_long")
    room.topic = _escaped(topic)
    room.tell(exchange, f"Set the channel topic: {topic}")
    return {"ok": True, "channel": room.as_json()}


def _set_purpose(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    purpose = str(arguments["purpose"])
    if len(purpose) > LONGEST_TEXT:
        return _no("too_long")
    room.purpose = _escaped(purpose)
    room.tell(exchange, f"Set the channel description: {purpose}")
    return {"ok": True, "channel": room.as_json()}


def _invite(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    """Take in all of them, or nobody where one cannot be; with ``force`` all who can."""
    users = [user for user in str(arguments["users"]).split(",") if user]
    if not users:
        return _no("no_user")
    if len(users) > MOST_INVITED:
        return _no("too_many_users")
    problems = {user: problem for user in users if (problem := _refusal(exchange, room, user))}
    if problems and not _flag(arguments.get("force")):
        errors = [{"user": user, "ok": False, "error": problem} for user, problem in problems.items()]
        return {**_no(errors[0]["error"]), "errors": errors}
    for user in dict.fromkeys(users):
        if user not in problems:
            room.members.append(user)
            room.tell(exchange, f"You were added to #{room.name}.", to=exchange.phones.chat_users[user])
    return {"ok": True, "channel": room.as_json()}


def _refusal(exchange: Exchange, room: Room, user: str) -> str:
    if user == BOT:
        return "cant_invite_self"
    if user not in exchange.phones.chat_users:
        return "user_not_found"
    return "already_in_channel" if user in room.members else ""


def _kick(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    user = str(arguments["user"])
    if user == BOT:
        return _no("cant_kick_self")
    if user not in exchange.phones.chat_users:
        return _no("user_not_found")
    if user not in room.members:
        return _no("not_in_channel")
    room.members.remove(user)
    room.tell(exchange, f"You were removed from #{room.name}.", to=exchange.phones.chat_users[user])
    return {"ok": True, "errors": {}}


def _leave(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    if BOT not in room.members:
        return {"ok": True, "not_in_channel": True}
    room.members.remove(BOT)
    room.tell(exchange, "The bot left the channel.")
    return {"ok": True}


def _archive(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    room.is_archived = True
    room.tell(exchange, f"#{room.name} was archived.")
    return {"ok": True}


def _pin(request: web.Request, exchange: Exchange, room: Room, arguments: Arguments) -> Arguments:
    ts = str(arguments["timestamp"])
    post = request.app[MESSAGES].get(ts)
    if post is None or post.channel != room.id:
        return _no("message_not_found")
    if ts in room.pinned:
        return _no("already_pinned")
    room.pinned.append(ts)
    room.tell(exchange, "Pinned a message to the channel.")
    return {"ok": True}


def _of_a_room(act: Act, *needed: str, member: bool = True, archived: str = "is_archived") -> Method:
    """A method about ``channel`` that wants ``needed`` too, and the bot as a member unless ``member`` is off.

    ``archived``: what Slack says of an archived channel; empty where that does not matter.
    """

    def method(request: web.Request, exchange: Exchange, arguments: Arguments) -> Arguments:
        missing = [name for name in ("channel", *needed) if name not in arguments]
        if missing:
            messages = [f"[ERROR] missing required field: {name}" for name in missing]
            return {**_no("invalid_arguments"), "response_metadata": {"messages": messages}}
        room = request.app[ROOMS].get(str(arguments["channel"]))
        if room is None or (room.is_private and BOT not in room.members):
            return _no("channel_not_found")
        if archived and room.is_archived:
            return _no(archived)
        if member and BOT not in room.members:
            return _no("not_in_channel")
        return act(request, exchange, room, arguments)

    return method


def _paged(name: str, found: Sequence[Any], arguments: Arguments) -> Arguments:
    """A page of ``found``; the cursor is where the next one begins."""
    cursor, limit = str(arguments.get("cursor") or "0"), str(arguments.get("limit") or "100")
    if not cursor.isdecimal():
        return _no("invalid_cursor")
    if not limit.isdecimal() or not 0 < int(limit) <= MOST_LISTED:
        return _no("invalid_limit")
    end = int(cursor) + int(limit)
    following = str(end) if end < len(found) else ""
    return {"ok": True, name: list(found[int(cursor) : end]), "response_metadata": {"next_cursor": following}}


def _no(error: str) -> Arguments:
    return {"ok": False, "error": error}


def _flag(given: object) -> bool:
    """A boolean, which a form and a query say in words."""
    return str(given).lower() in ("true", "1")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


METHODS: dict[str, Method] = {
    "conversations.create": _create,
    "conversations.list": _list,
    "users.conversations": _mine,
    "conversations.info": _of_a_room(_info, member=False, archived=""),
    "conversations.members": _of_a_room(_members, member=False, archived=""),
    "conversations.history": _of_a_room(_history, archived=""),
    "conversations.setTopic": _of_a_room(_set_topic, "topic"),
    "conversations.setPurpose": _of_a_room(_set_purpose, "purpose"),
    "conversations.invite": _of_a_room(_invite, "users"),
    "conversations.kick": _of_a_room(_kick, "user"),
    "conversations.leave": _of_a_room(_leave, member=False),
    "conversations.archive": _of_a_room(_archive, archived="already_archived"),
    "pins.add": _of_a_room(_pin, "timestamp"),
}
