"""What tests and the pages do to the sandbox: faults, numbers, answering, replying, pressing buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import push
from sandbox.exchange import EXCHANGE
from sandbox.phones import Behaviour
from sandbox.slack.commands import command
from sandbox.slack.interactions import press
from sandbox.slack.messages import MESSAGES
from sandbox.twilio.api import CALLS
from sandbox.twilio.calls import Call
from sandbox.twilio.messages import reply

Wish = dict[str, Any]
Control = Callable[[web.Request, Wish], Awaitable[Wish]]
KEYS = frozenset("0123456789*#")


def routes(app: web.Application) -> None:
    """Add the controls to ``app``. Each takes and answers a JSON object."""
    controls: dict[str, Control] = {
        "faults": _faults,
        "numbers": _numbers,
        "answer": _answer,
        "hangup": _hang_up,
        "reply": _reply,
        "press": _press,
        "command": _command,
        "acknowledge": _press_on_push("acknowledge"),
        "decline": _press_on_push("decline"),
    }
    for name, control in controls.items():
        app.router.add_post(f"/control/{name}", _guarded(control))
    app.router.add_post("/push/subscriptions", _guarded(_subscribe, status=201))
    app.router.add_delete("/push/subscriptions/{id}", _unsubscribe)


def _guarded(control: Control, *, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    """400 for a wish that makes no sense, 404 for what is not there, 502 when the product does not take it."""

    async def answer(request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # which no other site's form can send
            return _problem("Send a JSON object as application/json.", 415)
        try:
            wish = await request.json()
            if not isinstance(wish, dict):
                raise ValueError("Send a JSON object.")
            return web.json_response({"ok": True} | await control(request, wish), status=status)
        except LookupError as error:
            return _problem(str(error.args[0]), 404)
        except (ValueError, TypeError) as error:
            return _problem(str(error), 400)
        except OSError as error:
            return _problem(str(error), 502)

    return answer


def _problem(text: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": text}, status=status)


async def _faults(request: web.Request, wish: Wish) -> Wish:
    faults = request.app[EXCHANGE].faults
    faults.choose(wish)
    return {"faults": faults.as_json()}


async def _numbers(request: web.Request, wish: Wish) -> Wish:
    number, behaviour = _required(wish, "number"), Behaviour(_required(wish, "behaviour"))
    request.app[EXCHANGE].phones.choose(number, behaviour)
    return {}


async def _answer(request: web.Request, wish: Wish) -> Wish:
    keys = str(wish.get("keys") or "")
    if not KEYS.issuperset(keys):
        raise ValueError(f"A phone has no such keys: {keys!r}.")
    call = _call(request, _required(wish, "call"))
    call.answer(keys)
    return {"call": call.sid}


async def _hang_up(request: web.Request, wish: Wish) -> Wish:
    """Decline a call that rings, hang up one that is answered."""
    call = _call(request, _required(wish, "call"))
    call.end("completed" if call.answered_by else "busy")
    return {"call": call.sid}


async def _reply(request: web.Request, wish: Wish) -> Wish:
    sender, body = _required(wish, "from"), _required(wish, "body")
    answers = await reply(request.app[EXCHANGE], sender=sender, body=body, to=str(wish.get("to") or ""))
    return {"answers": answers}


async def _press(request: web.Request, wish: Wish) -> Wish:
    message = _required(wish, "message")
    found = (post for post in request.app[MESSAGES].values() if message in (post.message, post.ts))
    post = next(found, None)
    if post is None:
        raise LookupError(f"There is no chat message {message}.")
    user = str(wish.get("user") or "")
    return {"status": await press(request.app[EXCHANGE], post, _required(wish, "action"), user=user)}


async def _command(request: web.Request, wish: Wish) -> Wish:
    text, channel = str(wish.get("text") or "").strip(), str(wish.get("channel") or "")
    return {"status": await command(request.app, user=_required(wish, "user"), text=text, channel=channel)}


def _press_on_push(action: str) -> Control:
    async def pressed(request: web.Request, wish: Wish) -> Wish:
        exchange, message = request.app[EXCHANGE], _required(wish, "message")
        rows = (row for row in exchange.outbox.rows() if row.channel == "push" and row.message == message)
        row = next(rows, None)
        token = row and row.details["payload"].get("acknowledge")
        if not token:
            raise LookupError(f"There is no notification {message} that can be answered.")
        return {"status": await push.press(exchange, message=message, token=str(token), action=action)}

    return pressed


async def _subscribe(request: web.Request, wish: Wish) -> Wish:
    exchange = request.app[EXCHANGE]
    return push.subscription(exchange, push.subscribe(exchange, _required(wish, "name")))


async def _unsubscribe(request: web.Request) -> web.Response:
    """Give a subscription up, as a browser does. A DELETE: no other site's form can send one."""
    exchange = request.app[EXCHANGE]
    device = exchange.phones.devices.get(request.match_info["id"])
    if device is None:
        return _problem("There is no such subscription.", 404)
    push.unsubscribe(exchange, device)
    return web.Response(status=204)


def _call(request: web.Request, name: str) -> Call:
    """The call with that sid or message, else the newest that is not over to that number."""
    for call in reversed(request.app[CALLS].values()):
        if name in (call.sid, call.message) or (name == call.order.to and not call.over):
            if call.over:
                raise LookupError("The call is over.")
            return call
    raise LookupError(f"There is no call {name}.")


def _required(wish: Wish, name: str) -> str:
    value = str(wish.get(name) or "").strip()
    if not value:
        raise ValueError(f"{name} is missing.")
    return value
