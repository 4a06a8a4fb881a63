"""Serves ``/emergency/`` in front of Django: no session, no middleware, no database (R8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import parse_cookie
from django.template.loader import render_to_string

from apps.operation.emergency import keeping, passes
from apps.operation.emergency.passes import Readers
from apps.operation.emergency.sheet import LINK

ADDRESS = re.compile(r"/emergency/(?:(?P<token>[A-Za-z0-9:_-]{1,400})/)?")
PREFIX = "/emergency"

_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "private, no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'",
    ),
]


class EmergencyDoor:
    """WSGI application: answers ``/emergency/`` itself and hands everything else to ``application``."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return self._application(environ, start_response)
        status, text, *more = _answer(environ, path)
        content = text.encode()
        headers = [*_HEADERS, *more, ("Content-Length", str(len(content)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def _answer(environ: WSGIEnvironment, path: str) -> tuple[HTTPStatus, str, *tuple[tuple[str, str], ...]]:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        text = _refusal("This page can only be read.")
        return HTTPStatus.METHOD_NOT_ALLOWED, text, ("Allow", "GET, HEAD")
    if path == PREFIX:
        return HTTPStatus.MOVED_PERMANENTLY, "", ("Location", f"{PREFIX}/")
    address = ADDRESS.fullmatch(path)
    if address is None:
        return HTTPStatus.NOT_FOUND, _refusal("There is no such page.")
    written = keeping.read()
    if written is None:
        text = _refusal("The emergency sheet was not written yet; the engine does it within a minute.")
        return HTTPStatus.SERVICE_UNAVAILABLE, text, ("Retry-After", "60")
    page, readers = written
    reader = passes.reader_by_link(address["token"], readers) if address["token"] else _by_cookie(environ, readers)
    if reader is None:
        return HTTPStatus.FORBIDDEN, _refusal(
            "This page is for people of the organisation: sign in, or use your printed link."
        )
    token = address["token"] or passes.link_for(reader, readers[reader])  # a link gives none that lasts longer
    return HTTPStatus.OK, page.replace(LINK, escape(f"{settings.SITE_URL}{PREFIX}/{token}/"))


def _by_cookie(environ: WSGIEnvironment, readers: Readers) -> str | None:
    cookie = parse_cookie(environ.get("HTTP_COOKIE", "")).get(passes.cookie_name())
    return passes.reader_by_cookie(cookie, readers) if cookie else None


def _refusal(text: str) -> str:
    return render_to_string("operation/emergency_refused.html", {"text": text})
