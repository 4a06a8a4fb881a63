"""Zoom's server-to-server OAuth and the meetings of its REST API v2: checks what its reference requires.

A meeting goes on once somebody has opened the address by which it is joined.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import BasicAuth, web

from sandbox.exchange import EXCHANGE
from sandbox.origin import Origin
from sandbox.phones import Behaviour

#: A client secret has so many signs.
SECRET_LENGTH = 32
#: A token is good for so long (seconds).
LASTS = 3600
#: Scheduled, without and with recurrence; instant ones are in no list.
TYPES = (1, 2, 3, 8)
INSTANT = 1
WAITING, STARTED, DELETED = "waiting", "started", "deleted"
LONGEST = {"topic": 200, "agenda": 2000}
#: A list shows no more of an agenda (characters).
SHOWN_IN_LISTS = 250
LARGEST_PAGE = 300
Answer = Callable[[web.Request], Awaitable[web.Response]]


class Refused(Exception):
    """A request that Zoom would refuse with ``code``."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem: dict[str, Any] = {"code": code, "message": message} | ({"errors": errors} if errors else {})


@dataclass
class Meeting:
    """A meeting and whether it goes on."""

    id: int
    host: str
    given: dict[str, Any]
    status: str = WAITING
    created: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    @property
    def incident(self) -> str | None:
        """By which the product names it at the beginning of the agenda."""
        return str(self.given.get("agenda") or "").partition(":")[0] or None

    def as_json(self, url: str) -> dict[str, Any]:
        """As the API shows it."""
        known = {"type": self.given.get("type", 2), "topic": self.given.get("topic") or "Zoom Meeting"}
        known |= {"agenda": self.given.get("agenda") or "", "settings": self.given.get("settings") or {}}
        addresses = {"join_url": f"{url}/zoom/j/{self.id}", "start_url": f"{url}/zoom/j/{self.id}?role=host"}
        state = {"status": self.status, "created_at": self.created, "timezone": "UTC"}
        return {"id": self.id, "uuid": f"{self.id}==", "host_id": self.host, **known, **addresses, **state}


@dataclass
class Account:
    """The tokens that were given out, until when each is good, and the meetings."""

    tokens: dict[str, float] = field(default_factory=dict)
    meetings: dict[int, Meeting] = field(default_factory=dict)


ACCOUNT = web.AppKey("zoom_account", Account)


def routes(app: web.Application) -> None:
    """Add the API to ``app``."""
    app[ACCOUNT] = Account()
    app.router.add_post("/zoom/oauth/token", _token)
    app.router.add_get("/zoom/v2/users/{name}", _guarded(_user))
    app.router.add_get("/zoom/v2/users/{name}/meetings", _guarded(_list))
    app.router.add_post("/zoom/v2/users/{name}/meetings", _guarded(_create))
    app.router.add_get("/zoom/v2/meetings/{meeting}", _guarded(_meeting))
    app.router.add_delete("/zoom/v2/meetings/{meeting}", _guarded(_delete))
    app.router.add_put("/zoom/v2/meetings/{meeting}/status", _guarded(_change_status))
    app.router.add_get("/zoom/j/{meeting}", _join)


async def _token(request: web.Request) -> web.Response:
    given = {**request.query, **await request.post()}
    try:
        client = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
    except ValueError:
        client = BasicAuth("")
    if given.get("grant_type") != "account_credentials":
        return web.json_response({"reason": "Unsupported grant type", "error": "unsupported_grant_type"}, status=400)
    if not client.login or len(client.password) != SECRET_LENGTH:
        problem = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
        return web.json_response(problem, status=400)
    if not given.get("account_id"):
        return web.json_response({"reason": "Bad Request", "error": "invalid_request"}, status=400)
    token = secrets.token_urlsafe(32)
    request.app[ACCOUNT].tokens[token] = time.monotonic() + LASTS
    scope = "meeting:write:meeting:admin meeting:read:list_meetings:admin user:read:user:admin"
    return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": LASTS - 1, "scope": scope})


def _guarded(view: Answer) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if request.app[ACCOUNT].tokens.get(token, 0.0) < time.monotonic():
                raise Refused(124, "Invalid access token.", status=401)
            return await view(request)
        except Refused as refused:
            return web.json_response(refused.problem, status=refused.status)

    return answer


async def _user(request: web.Request) -> web.Response:
    host = _host(request)
    return web.json_response({"id": host, "email": host, "display_name": host.partition("@")[0], "type": 2})


async def _list(request: web.Request) -> web.Response:
    """The meetings that are not instant, a page of them; of their agendas only the beginning."""
    host, size = _host(request), int(request.query.get("page_size", 30))
    if not 1 <= size <= LARGEST_PAGE:
        raise Refused(300, f"The page size must be between 1 and {LARGEST_PAGE}.")
    meetings = [each for each in request.app[ACCOUNT].meetings.values() if each.host == host]
    listed = [each for each in meetings if each.status != DELETED and each.given.get("type", 2) != INSTANT]
    start = int(request.query.get("next_page_token") or 0)
    page, following = listed[start : start + size], start + size
    shown = [each.as_json(request.app[EXCHANGE].url) for each in page]
    return web.json_response(
        {
            "page_size": size,
            "total_records": len(listed),
            "next_page_token": str(following) if following < len(listed) else "",
            "meetings": [each | {"agenda": each["agenda"][:SHOWN_IN_LISTS]} for each in shown],
        }
    )


async def _create(request: web.Request) -> web.Response:
    host, given, account = _host(request), await _body(request), request.app[ACCOUNT]
    errors = [
        {"field": name, "message": f"{name} can contain {most} characters at most."}
        for name, most in LONGEST.items()
        if len(str(given.get(name) or "")) > most
    ]
    if given.get("type", 2) not in TYPES:
        errors.append({"field": "type", "message": "Invalid field."})
    if errors:
        raise Refused(300, "Validation Failed.", errors=errors)
    meeting = Meeting(85_000_000_001 + len(account.meetings), host, given)
    account.meetings[meeting.id] = meeting
    shown = meeting.as_json(request.app[EXCHANGE].url)
    _tell(request, meeting, shown["topic"], shown["agenda"], links=[shown["join_url"]])
    return web.json_response(shown, status=201)


async def _meeting(request: web.Request) -> web.Response:
    return web.json_response(_known(request).as_json(request.app[EXCHANGE].url))


async def _change_status(request: web.Request) -> web.Response:
    meeting, given = _known(request), await _body(request)
    if given.get("action") != "end":
        raise Refused(300, "Validation Failed.", errors=[{"field": "action", "message": "Invalid field."}])
    if meeting.status == STARTED:
        meeting.status = WAITING
        _tell(request, meeting, "The host has ended this meeting", "Everybody is sent out.")
    return web.Response(status=204)


async def _delete(request: web.Request) -> web.Response:
    meeting = _known(request)
    if meeting.status == STARTED:
        raise Refused(3002, "Sorry, you cannot delete this meeting since it is in progress.")
    meeting.status = DELETED
    _tell(request, meeting, "This meeting is deleted", "Nobody can join it any more.")
    return web.Response(status=204)


async def _join(request: web.Request) -> web.Response:
    """What somebody sees who joins: from here on the meeting goes on."""
    meeting = _there(request)
    if meeting is None:
        return web.Response(text="This meeting link is invalid (3,001).", status=404)
    meeting.status = STARTED
    return web.Response(text=f"You are in the meeting {meeting.id}.\n\n{meeting.given.get('topic')}")


def _there(request: web.Request) -> Meeting | None:
    name = request.match_info["meeting"]
    meeting = request.app[ACCOUNT].meetings.get(int(name) if name.isdecimal() else 0)
    return meeting if meeting and meeting.status != DELETED else None


def _known(request: web.Request) -> Meeting:
    meeting = _there(request)
    if meeting is None:
        raise Refused(3001, f"Meeting does not exist: {request.match_info['meeting']}.", status=404)
    return meeting


def _host(request: web.Request) -> str:
    """Everybody has an account here, but for who was made unreachable."""
    name = request.match_info["name"].lower()
    known = name == "me" or "@" in name
    if not known or request.app[EXCHANGE].phones.behaviour(name) is Behaviour.UNREACHABLE:
        raise Refused(1001, f"User does not exist: {name}.", status=404)
    return name


def _tell(request: web.Request, meeting: Meeting, what: str, text: str, *, links: list[str] | None = None) -> None:
    request.app[EXCHANGE].outbox.keep(
        "bridge", f"Zoom {meeting.id}", Origin(incident=meeting.incident), subject=what, text=text,
        links=links or [], details={"meeting": meeting.id},
    )  # fmt: skip


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        given = await request.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused(300, "Request Body should be a valid JSON object.")
    return given
