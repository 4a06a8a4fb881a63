"""``/ingest/FORMAT/KEY/``: every format, and the beats of heartbeats (contract, "Ingest")."""

from __future__ import annotations

import re
from http import HTTPStatus
from wsgiref.types import WSGIEnvironment

from django.db import close_old_connections

from apps.alerts import actions
from apps.alerts.doors.base import KEY, Answer, Door, House, Said, UnknownKey, parse, read, require_method
from apps.alerts.formats import FORMATS, SenderFormat
from apps.alerts.keys import Sender
from apps.alerts.models import Format
from apps.core.encrypted import UnreadableText

PREFIX = "/ingest/"
ADDRESS = re.compile(rf"/ingest/(?P<format>[a-z0-9-]{{1,32}})/(?P<key>{KEY.pattern})/?")


class OwnDoor(Door):
    """A body that is JSON is kept, whether it can be understood or not."""

    refuses_as = "application/problem+json"

    def has(self, path: str) -> bool:
        return path.startswith(PREFIX)

    def accept(self, environ: WSGIEnvironment, path: str, house: House) -> Said:
        """Store the body; the answer is how many alerts or changes it holds, 1 for a beat."""
        address = ADDRESS.fullmatch(path)
        if address is None or address["format"] not in Format:
            raise UnknownKey
        sender_format = Format(address["format"])
        if sender_format is Format.HEARTBEAT:
            require_method(environ, "GET", "POST")
            return {"accepted": _take_beat(environ, address["key"])}
        require_method(environ, "POST")
        sender = house.sender(sender_format, address["key"], environ=environ)
        body, form = read(environ), FORMATS[sender_format]
        _require_signature(form, sender, body, environ)
        accepted = form.count(parse(body))
        house.store(sender, body, form.envelope(environ))
        return {"accepted": accepted}

    def refusal(self, answer: Answer) -> tuple[HTTPStatus, Said]:
        """A problem in the form of RFC 9457."""
        return answer.status, {
            "type": "about:blank",
            "title": answer.status.phrase,
            "status": int(answer.status),
            "detail": answer.detail,
        }


def _require_signature(form: SenderFormat, sender: Sender, body: bytes, environ: WSGIEnvironment) -> None:
    """Raise Answer unless the body is signed with the integration's secret, where it has one."""
    if isinstance(sender.secret, UnreadableText):
        raise Answer(HTTPStatus.SERVICE_UNAVAILABLE, "The signature cannot be checked: the secret's key is lost.")
    if sender.secret and not form.is_genuine(body, environ, secret=sender.secret):
        raise Answer(HTTPStatus.UNAUTHORIZED, "The signature is missing or is not that of this body.")


def _take_beat(environ: WSGIEnvironment, key: str) -> int:
    """Take the beat, whatever its body says. Whose key it is is asked with it: one that was revoked counts no more."""
    read(environ)
    # No request of Django's surrounds this, so nothing else ends a connection that broke or grew old.
    close_old_connections()
    try:
        if not actions.beat(key):
            raise UnknownKey
    finally:
        close_old_connections()
    return 1
