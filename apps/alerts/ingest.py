"""Where alerts are posted: a thin WSGI function in front of Django (contract, "Ingest").

``202`` means that the body is committed to the inbox; until then nothing was promised. It is kept out of Django's
middleware so that a storm of alerts costs as little as storing it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error as DatabaseFailure

from apps.alerts.doors import Answer, Door, UnknownKey, door_of, reply
from apps.alerts.doors.base import RETRY_AFTER, Said
from apps.alerts.flusher import Flusher, NotStored, Revoked
from apps.alerts.keys import KeyTable, Sender, is_number
from apps.alerts.models import Format
from apps.core import origins
from apps.teams import token_shape

log = structlog.get_logger(__name__)


class Ingest:
    """WSGI application: answers senders at their doors itself and hands everything else to ``application``."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._keys = KeyTable()
        self._flusher = Flusher()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        door = door_of(path)
        if door is None:
            return self._application(environ, start_response)
        try:
            said = self._accept(door, environ, path)
        except Answer as answer:
            status, refusal = door.refusal(answer)
            return reply(start_response, status, refusal, door.refuses_as, *answer.headers)
        return reply(start_response, HTTPStatus.ACCEPTED, said, "application/json")

    def close(self) -> None:
        """Store what waits and let go of thread and connection; the next request takes new ones."""
        self._flusher.close()

    def sender(self, sender_format: Format, key: str, *, environ: WSGIEnvironment | None = None) -> Sender:
        """Whose the key is; where it is a number, the integration that a token may send alerts of. Raises UnknownKey.

        A sender with a key may well come by a gateway that adds a bearer of its own.
        """
        token = _token(environ) if environ is not None and is_number(key) else ""
        if environ is None or not token:
            found = self._keys.sender(key)
        else:
            with origins.within(origins.Origin(origins.address_of(WSGIRequest(environ)))):
                found = self._keys.sender(key, token=token)
        if found is None or found.format != sender_format:
            raise UnknownKey
        return found

    def store(self, sender: Sender, body: bytes, envelope: Mapping[str, str]) -> None:
        """Return once the body is committed. Raises UnknownKey if the integration was switched off meanwhile."""
        try:
            self._flusher.store(sender.integration_id, body, envelope)
        except Revoked:
            raise UnknownKey from None

    def _accept(self, door: Door, environ: WSGIEnvironment, path: str) -> Said:
        try:
            return door.accept(environ, path, self)
        except (NotStored, DatabaseFailure) as error:
            log.warning("ingest_unavailable", error=str(error))
            detail = "It could not be stored; send it again."
            raise Answer(HTTPStatus.SERVICE_UNAVAILABLE, detail, ("Retry-After", str(RETRY_AFTER))) from error


def _token(environ: WSGIEnvironment) -> str:
    """The bearer's secret, if it can be one of the house's tokens; else nothing."""
    scheme, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    is_one = scheme.lower() == "bearer" and token_shape.can_be_one(secret.strip())
    return secret.strip() if is_one else ""
