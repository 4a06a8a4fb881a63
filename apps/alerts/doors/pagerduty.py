"""``/v2/enqueue`` and ``/v2/change/enqueue``, as PagerDuty answers them (contract, "Ingest")."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIEnvironment

from apps.alerts.doors.base import KEY, Answer, Door, House, Said, UnknownKey, parse, read, require_method
from apps.alerts.formats import FORMATS, Unreadable
from apps.alerts.formats.pagerduty import ABOUT, CHANGE, dedup_key
from apps.alerts.models import Format

ALERTS, CHANGES = "/v2/enqueue", "/v2/change/enqueue"


class PagerDutyDoor(Door):
    """The key stands in the body. What PagerDuty would not take is refused, and not kept."""

    def has(self, path: str) -> bool:
        return path.removesuffix("/") in (ALERTS, CHANGES)

    def accept(self, environ: WSGIEnvironment, path: str, house: House) -> Said:
        """Store the event; the answer names the key by which it is resolved, made here where it has none."""
        require_method(environ, "POST")
        is_change = path.removesuffix("/") == CHANGES
        body = read(environ)
        event = parse(body)
        sender = house.sender(Format.PAGERDUTY, _routing_key(event))
        envelope = {ABOUT: CHANGE} if is_change else {}
        try:
            reading = FORMATS[Format.PAGERDUTY].read(event, envelope)
        except Unreadable as problem:
            raise Answer(HTTPStatus.BAD_REQUEST, str(problem)) from None
        if not is_change and not reading.alerts:
            raise Answer(HTTPStatus.BAD_REQUEST, "'event_action' is missing.")
        house.store(sender, body, envelope)
        if is_change:
            return {"status": "success", "message": "Change event processed"}
        return {"status": "success", "message": "Event processed", "dedup_key": dedup_key(event)}

    def refusal(self, answer: Answer) -> tuple[HTTPStatus, Said]:
        """The vendor has one answer for whatever is wrong with an event, an unknown key included."""
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer.status, {"status": "unavailable", "message": answer.detail}
        unknown = isinstance(answer, UnknownKey)
        return HTTPStatus.BAD_REQUEST if unknown else answer.status, {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": ["Invalid routing key" if unknown else answer.detail],
        }


def _routing_key(event: Any) -> str:
    key = event.get("routing_key") if isinstance(event, dict) else None
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise UnknownKey
    return key
