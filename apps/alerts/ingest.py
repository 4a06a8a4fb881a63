"""Where alerts are posted: a thin WSGI function in front of Django (contract, "Ingest").

``202`` means that the body is committed to the inbox; until then nothing was promised. It is kept out of Django's
middleware so that a storm of alerts costs as little as storing it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from apps.alerts import actions
from apps.alerts.flusher import Flusher, NotStored, Revoked
from apps.alerts.formats import FORMATS
from apps.alerts.keys import KeyTable, Sender, is_number
from apps.alerts.models import Format
from apps.core import origins
from apps.teams import token_shape

log = structlog.get_logger(__name__)

PREFIX = "/ingest/"
ADDRESS = re.compile(r"/ingest/(?P<format>[a-z0-9-]{1,32})/(?P<key>[A-Za-z0-9_-]{1,128})/?")
LARGEST_BODY = 1024 * 1024
RETRY_AFTER = 5  # seconds
ALERT_METHODS = ("POST",)
BEAT_METHODS = ("GET", "POST")


class Answer(Exception):
    """Ends a request early, with a problem in the form of RFC 9457."""

    def __init__(self, status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Ingest:
    """WSGI application: takes ``/ingest/…`` itself and hands everything else to ``application``."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._keys = KeyTable()
        self._flusher = Flusher()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        try:
            accepted = self._accept(environ, path)
        except Answer as answer:
            return _problem(start_response, answer)
        return _json(start_response, HTTPStatus.ACCEPTED, {"accepted": accepted}, ("Content-Type", "application/json"))

    def close(self) -> None:
        """Store what waits and let go of thread and connection; the next request takes new ones."""
        self._flusher.close()

    def _accept(self, environ: WSGIEnvironment, path: str) -> int:
        """Store the body and return how many alerts it holds, 1 for a beat. Raises Answer if it was not stored."""
        address = ADDRESS.fullmatch(path)
        if address is None or address["format"] not in Format:
            raise Answer(HTTPStatus.NOT_FOUND, "There is no such address to send alerts to.")
        sender_format = Format(address["format"])
        allowed = BEAT_METHODS if sender_format is Format.HEARTBEAT else ALERT_METHODS
        if environ["REQUEST_METHOD"] not in allowed:
            detail = f"This address takes {' and '.join(allowed)}."
            raise Answer(HTTPStatus.METHOD_NOT_ALLOWED, detail, ("Allow", ", ".join(allowed)))
        try:
            if sender_format is Format.HEARTBEAT:
                return _take_beat(environ, address["key"])
            sender = self._sender(environ, address["key"])
            if sender is None or sender.format != sender_format:
                raise _unknown_key()
            body = _read(environ)
            accepted = FORMATS[sender_format].count(_parse(body))
            self._flusher.store(sender.integration_id, body)
        except Revoked:
            raise _unknown_key() from None
        except (NotStored, DatabaseFailure) as error:
            log.warning("ingest_unavailable", error=str(error))
            raise Answer(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "It could not be stored; send it again.",
                ("Retry-After", str(RETRY_AFTER)),
            ) from error
        return accepted

    def _sender(self, environ: WSGIEnvironment, key: str) -> Sender | None:
        """Whose the key of the address is; where it is a number, the integration that a token may send alerts of.

        A sender with a key may well come by a gateway that adds a bearer of its own.
        """
        scheme, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not is_number(key) or not token_shape.can_be_one(secret.strip()):
            return self._keys.sender(key)
        with origins.within(origins.Origin(origins.address_of(WSGIRequest(environ)))):
            return self._keys.sender(key, token=secret.strip())


def _take_beat(environ: WSGIEnvironment, key: str) -> int:
    """Take the beat, whatever its body says. Whose key it is is asked with it: one that was revoked counts no more."""
    _read(environ)
    # No request of Django's surrounds this, so nothing else ends a connection that broke or grew old.
    close_old_connections()
    try:
        if not actions.beat(key):
            raise _unknown_key()
    finally:
        close_old_connections()
    return 1


def _read(environ: WSGIEnvironment) -> bytes:
    """Return the whole body. A length that is announced too long is refused unread, a stream once it is too long."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced and not re.fullmatch("[0-9]{1,19}", announced):
        raise Answer(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
    if announced and int(announced) > LARGEST_BODY:
        raise _too_large()
    wanted = int(announced) if announced else LARGEST_BODY + 1
    if not announced and not environ.get("wsgi.input_terminated"):
        wanted = 0  # nobody says where the body ends, so there is none (WSGI)
    read = bytearray()
    while len(read) < wanted and (part := environ["wsgi.input"].read(wanted - len(read))):
        read += part
    if len(read) > LARGEST_BODY:
        raise _too_large()
    if announced and len(read) < wanted:
        raise Answer(HTTPStatus.BAD_REQUEST, "The body is shorter than its Content-Length.")
    return bytes(read)


def _parse(body: bytes) -> Any:
    """Return the body as JSON; what RFC 8259 does not know (NaN, other encodings) is none."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except RecursionError:
        raise Answer(HTTPStatus.BAD_REQUEST, "The JSON is nested too deeply.") from None
    except ValueError as error:
        raise Answer(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _too_large() -> Answer:
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {LARGEST_BODY} bytes.")


def _unknown_key() -> Answer:
    return Answer(HTTPStatus.NOT_FOUND, "There is no such address to send alerts to.")


def _problem(start_response: StartResponse, answer: Answer) -> list[bytes]:
    body = {
        "type": "about:blank",
        "title": answer.status.phrase,
        "status": int(answer.status),
        "detail": answer.detail,
    }
    return _json(start_response, answer.status, body, ("Content-Type", "application/problem+json"), *answer.headers)


def _json(
    start_response: StartResponse, status: HTTPStatus, body: dict[str, Any], *headers: tuple[str, str]
) -> list[bytes]:
    content = json.dumps(body).encode()
    start_response(
        f"{status.value} {status.phrase}",
        [
            *headers,
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    return [content]
