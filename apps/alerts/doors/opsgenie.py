"""``/v2/alerts`` and what is done with one of them, as Opsgenie answers (contract, "Ingest")."""

from __future__ import annotations

import re
import time
import uuid
from http import HTTPStatus
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from apps.alerts.doors.base import KEY, Answer, Door, House, Said, UnknownKey, parse, read, require_method
from apps.alerts.formats import FORMATS, Unreadable
from apps.alerts.formats.base import text
from apps.alerts.formats.opsgenie import ACTION, ACTIONS, ALIAS, LONGEST_ALIAS
from apps.alerts.models import Format

ALERTS = "/v2/alerts"
DEED = re.compile(rf"{ALERTS}/(?P<alias>.+)/(?P<action>{'|'.join(ACTIONS)})/?", re.DOTALL)


class OpsgenieDoor(Door):
    """The key comes in a header, and what is done with an alert stands in the address: both come before the body."""

    def has(self, path: str) -> bool:
        return path.removesuffix("/") == ALERTS or path.startswith(f"{ALERTS}/")

    def accept(self, environ: WSGIEnvironment, path: str, house: House) -> Said:
        """Store the alert, or what is done with it; the vendor takes requests in and handles them afterwards."""
        began = time.monotonic()
        sender = house.sender(Format.OPSGENIE, _key(environ))
        require_method(environ, "POST")
        envelope = _envelope(path, environ.get("QUERY_STRING", ""))
        body = read(environ) or b"{}"
        try:
            FORMATS[Format.OPSGENIE].read(parse(body), envelope)
        except Unreadable as problem:
            raise Answer(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
        house.store(sender, body, envelope)
        return {"result": "Request will be processed"} | _signed(time.monotonic() - began)

    def refusal(self, answer: Answer) -> tuple[HTTPStatus, Said]:
        """An unknown key is one that could not be authenticated."""
        if isinstance(answer, UnknownKey):
            return HTTPStatus.UNAUTHORIZED, {"message": "Could not authenticate"} | _signed(0)
        return answer.status, {"message": answer.detail} | _signed(0)


def _key(environ: WSGIEnvironment) -> str:
    scheme, _, key = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "geniekey" or not KEY.fullmatch(key.strip()):
        raise UnknownKey
    return key.strip()


def _envelope(path: str, query: str) -> dict[str, str]:
    """What is done with which alert; nothing where one is created. Raises Answer for what is not known here."""
    if path.removesuffix("/") == ALERTS:
        return {}
    deed = DEED.fullmatch(path)
    if deed is None:
        raise Answer(HTTPStatus.NOT_FOUND, f"Of an alert only {' and '.join(ACTIONS)} are known here.")
    if parse_qs(query).get("identifierType") != ["alias"]:
        raise Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "Alerts are known by their alias here: identifierType=alias.")
    alias = deed["alias"].encode("latin-1", "replace").decode(errors="replace")  # how WSGI spells a path
    if len(alias) > LONGEST_ALIAS:
        raise Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"An alias has at most {LONGEST_ALIAS} characters.")
    return {ACTION: deed["action"], ALIAS: text(alias)}


def _signed(took: float) -> Said:
    return {"took": round(took, 3), "requestId": str(uuid.uuid4())}
