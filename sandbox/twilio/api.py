"""The routes of the REST API: who asks, what is asked, and Twilio's answers."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import BasicAuth, web

from sandbox.exchange import EXCHANGE, Exchange
from sandbox.origin import read_origin
from sandbox.phones import Behaviour
from sandbox.twilio import messages
from sandbox.twilio.calls import Call, Order
from sandbox.twilio.problems import Refused, not_found

ROOT = "/2010-04-01/Accounts"
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
RINGS = 60.0
LONGEST_RINGING = 600.0
MESSAGES = web.AppKey("twilio_messages", dict[str, messages.Message])
CALLS = web.AppKey("twilio_calls", dict[str, Call])

Form = Mapping[str, object]
Answer = Callable[[web.Request], Awaitable[web.Response]]


def routes(app: web.Application) -> None:
    """Add the API to ``app``."""
    app[MESSAGES], app[CALLS] = {}, {}
    app.router.add_get(f"{ROOT}/{{account}}.json", _guarded(_account))
    app.router.add_post(f"{ROOT}/{{account}}/Messages.json", _guarded(_send))
    app.router.add_get(f"{ROOT}/{{account}}/Messages/{{sid}}.json", _guarded(_message))
    app.router.add_post(f"{ROOT}/{{account}}/Calls.json", _guarded(_call))
    app.router.add_get(f"{ROOT}/{{account}}/Calls/{{sid}}.json", _guarded(_one_call))
    app.router.add_post(f"{ROOT}/{{account}}/Calls/{{sid}}.json", _guarded(_change_call))
    app.router.add_route("*", "/2010-04-01/{rest:.*}", _guarded(_nothing))


def _guarded(view: Answer) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        try:
            _require_account(request)
            return await view(request)
        except Refused as refused:
            return refused.as_response()

    return answer


def _require_account(request: web.Request) -> None:
    secrets = request.app[EXCHANGE].secrets
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
    except ValueError:
        given = BasicAuth("")
    account = request.match_info.get("account", given.login)
    known = secrets.twilio_account and given.login == account == secrets.twilio_account
    if not known or not hmac.compare_digest(given.password.encode(), secrets.twilio_token.encode()):
        raise Refused(20003, "Authenticate", status=401)


async def _account(request: web.Request) -> web.Response:
    sid = request.match_info["account"]
    account = {"sid": sid, "friendly_name": "Sandbox", "status": "active", "type": "Full", "uri": request.path}
    return web.json_response(account)


async def _send(request: web.Request) -> web.Response:
    exchange, form = request.app[EXCHANGE], await request.post()
    to, sender = _numbers(exchange, form, voice=False)
    message = messages.Message(request.match_info["account"], to, sender, _text(form, "Body"))
    messages.send(exchange, message, callback=_text(form, "StatusCallback"), origin=read_origin(request.headers.get))
    request.app[MESSAGES][message.sid] = message
    return web.json_response(message.as_json(), status=201)


async def _message(request: web.Request) -> web.Response:
    message = request.app[MESSAGES].get(request.match_info["sid"])
    if message is None:
        raise not_found(request.path)
    return web.json_response(message.as_json())


async def _call(request: web.Request) -> web.Response:
    exchange, form = request.app[EXCHANGE], await request.post()
    to, sender = _numbers(exchange, form, voice=True)
    if not (_text(form, "Url") or _text(form, "Twiml")):
        raise Refused(21205, "Url parameter is required.")
    try:
        timeout = min(float(_text(form, "Timeout") or RINGS), LONGEST_RINGING)
    except ValueError as error:
        raise Refused(21220, "Invalid Timeout value") from error
    order = Order(
        account=request.match_info["account"],
        to=to,
        sender=sender,
        url=_text(form, "Url"),
        method=_text(form, "Method") or "POST",
        document=_text(form, "Twiml"),
        callback=_text(form, "StatusCallback"),
        events=[str(event) for event in form.getall("StatusCallbackEvent", ["completed"])],
        detection=_text(form, "MachineDetection"),
        timeout=timeout,
    )
    call = Call(exchange, order)
    call.begin(read_origin(request.headers.get))
    request.app[CALLS][call.sid] = call
    return web.json_response(call.as_json(), status=201)


async def _one_call(request: web.Request) -> web.Response:
    return web.json_response(_found(request).as_json())


async def _change_call(request: web.Request) -> web.Response:
    """Cancel a call that rings or end one that is answered."""
    call, status = _found(request), _text(await request.post(), "Status")
    if status not in ("canceled", "completed"):
        raise Refused(21220, "Invalid call state")
    if status == "completed" or not call.answered_by:
        call.end(status)
    return web.json_response(call.as_json())


async def _nothing(request: web.Request) -> web.Response:
    raise not_found(request.path)


def _found(request: web.Request) -> Call:
    call = request.app[CALLS].get(request.match_info["sid"])
    if call is None:
        raise not_found(request.path)
    return call


def _text(form: Form, name: str) -> str:
    return str(form.get(name, ""))


def _numbers(exchange: Exchange, form: Form, *, voice: bool) -> tuple[str, str]:
    """Receiver and sender. Raises Refused for what is missing, malformed, unreachable or not ours."""
    to, sender = _text(form, "To"), _text(form, "From")
    if not to:
        raise Refused(21201 if voice else 21604, "A 'To' phone number is required.")
    if not NUMBER.fullmatch(to) or exchange.phones.behaviour(to) is Behaviour.UNREACHABLE:
        raise Refused(21211, f"The 'To' number {to} is not a valid phone number.")
    if not sender:
        raise Refused(21213 if voice else 21603, "A 'From' phone number is required.")
    if exchange.secrets.twilio_numbers and sender not in exchange.secrets.twilio_numbers:
        raise Refused(21210 if voice else 21606, f"The 'From' number {sender} is not one of this account.")
    return to, sender
