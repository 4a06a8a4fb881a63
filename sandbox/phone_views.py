"""The phones of the sandbox, and what one does with them. The pages act through the sandbox's process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from sandbox.cards import Card, cards
from sandbox.diary import Diary, Happening
from sandbox.outbox import Outbox, Row
from sandbox.phones import MEANING, Behaviour, Device, Phones

SHOWN = 100
PATIENCE = 20.0
WRITTEN = ("reply", "answer", "provider", "trouble")
DEEDS = {
    "answer": ("control/answer", ("call", "keys")),
    "hangup": ("control/hangup", ("call",)),
    "reply": ("control/reply", ("from", "body")),
    "press": ("control/press", ("message", "action")),
    "command": ("control/command", ("user", "channel", "text")),
    "acknowledge": ("control/acknowledge", ("message",)),
    "decline": ("control/decline", ("message",)),
    "behave": ("control/numbers", ("number", "behaviour")),
    "subscribe": ("push/subscriptions", ("name",)),
    "unsubscribe": ("push/subscriptions/{id}", ("id",)),
}


@dataclass(frozen=True)
class Phone:
    """A number or a push device: ``name`` is what its messages are addressed to, ``key`` what its page is."""

    key: str
    name: str
    behaviour: Behaviour
    opted_out: bool
    device: Device | None
    last: Row | None


@never_cache
@require_GET
def phones(request: HttpRequest) -> HttpResponse:
    """Every number that something was sent to or that behaves in its own way, and every push device."""
    kept, last = Phones.load(_folder()), {row.to: row for row in Outbox(_folder()).rows() if _rings(row)}
    written = {each.phone for each in Diary(_folder()).happenings() if each.what == "reply"}
    numbers = sorted(name for name in {*last, *kept.behaviours, *kept.opted_out, *written} if name.startswith("+"))
    devices = [device for device in kept.devices.values() if device.subscribed]
    shown = [_phone(kept, number, last.get(number)) for number in numbers]
    shown += [_phone(kept, device.id, last.get(device.name)) for device in devices]
    return render(request, "sandbox/phones.html", {"phones": shown})


@never_cache
@require_GET
def phone(request: HttpRequest, number: str) -> HttpResponse:
    """One phone: its conversation, calls and pushes, and how it behaves."""
    context = _context(number)
    shown: Phone = context["phone"]
    context |= {
        "behaviours": MEANING.items(),
        "chosen": Behaviour.OPTED_OUT if shown.opted_out else shown.behaviour,
        "endpoint": f"{settings.SANDBOX_HTTP_URL}/push/{shown.key}",
    }
    return render(request, "sandbox/phone.html", context)


@never_cache
@require_GET
def screen(request: HttpRequest, number: str) -> HttpResponse:
    """What one phone shows now, for the open page."""
    return render(request, "sandbox/_screen.html", _context(number))


@require_POST
def do(request: HttpRequest, deed: str) -> HttpResponseBase:
    """Do ``deed`` of DEEDS with the fields of the form, and go back to ``next``; what went wrong is said there."""
    if deed not in DEEDS:
        raise Http404
    path, names = DEEDS[deed]
    wish = {name: request.POST.get(name, "") for name in names}
    trouble = _ask(path.format(**{name: quote(value, safe="") for name, value in wish.items()}), wish, deed)
    if trouble:
        messages.error(request, trouble)
    following = request.POST.get("next", "")
    target = following if url_has_allowed_host_and_scheme(following, allowed_hosts=None) else "/sandbox/"
    if request.headers.get("HX-Request") and not trouble:
        return HttpResponse(status=204, headers={"HX-Trigger": "happened"})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(target)


def _ask(path: str, wish: dict[str, str], deed: str) -> str:
    """Ask the sandbox's process for something; return what it says against it, empty for nothing."""
    method = "DELETE" if deed == "unsubscribe" else "POST"
    try:
        url = f"{settings.SANDBOX_HTTP_URL}/{path}"
        answer = httpx.request(method, url, json=wish, timeout=PATIENCE, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        return "The sandbox does not answer. Is its process running (SANDBOX_HTTP_URL)?"
    if answer.is_success:
        return ""
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError):
        return answer.text or f"The sandbox answered {answer.status_code}."


def _context(key: str) -> dict[str, Any]:
    kept, diary = Phones.load(_folder()), Diary(_folder()).happenings()
    shown = _phone(kept, key, None)
    rows = [row for row in Outbox(_folder()).rows(to=shown.name) if _belongs(row, shown)]
    entries: list[Card | Happening] = [*cards(rows, diary)]
    if not shown.device:
        entries += [each for each in diary if each.phone == shown.name and not each.message and each.what in WRITTEN]
    entries.sort(key=lambda entry: entry.instant)
    return {"phone": shown, "entries": entries[-SHOWN:]}


def _phone(kept: Phones, key: str, last: Row | None) -> Phone:
    device = kept.devices.get(key)
    name = device.name if device else key
    return Phone(key, name, kept.behaviour(name), name in kept.opted_out, device, last)


def _rings(row: Row) -> bool:
    return row.channel in ("sms", "voice", "push")


def _belongs(row: Row, shown: Phone) -> bool:
    if shown.device:
        return row.channel == "push" and row.details.get("device") == shown.device.id
    return row.channel in ("sms", "voice")


def _folder() -> Path:
    return Path(settings.SANDBOX_DIR)
