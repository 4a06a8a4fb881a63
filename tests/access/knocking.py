"""Knocks at doors: every request is undone, and its answer is told apart by what it means to whoever knocked."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.errors import NotAllowed
from tests.access.asking import Verdict

#: Tables and columns in which signing in, and coming with a token, leaves its trace.
_OF_SIGNING_IN = (
    "django_session", "axes_accesslog", "identity_remembered", "teams_apitoken", "last_login", "audit_entry",
)  # fmt: skip
#: What an answer may be where the right holds: done, or not for another reason.
LET_IN = (200, 201, 202, 204, 302, 304, 400, 409, 410, 422)


@dataclass(frozen=True)
class Route:
    """A pattern of the house's addresses."""

    path: str
    name: str
    arguments: frozenset[str]
    callback: Any

    @property
    def api_methods(self) -> list[str]:
        """The methods that a viewset maps and allows."""
        actions = getattr(self.callback, "actions", None) or {}
        allowed = getattr(self.callback.cls, "http_method_names", ())
        return [method for method in actions if method in allowed and method != "head"]


def routes() -> Iterator[Route]:
    """Every pattern, in the order in which they are tried."""
    yield from _below(get_resolver(), "", frozenset())


def _below(resolver: URLResolver, path: str, arguments: frozenset[str], space: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        named = arguments | {*pattern.pattern.converters, *pattern.pattern.regex.groupindex}
        if isinstance(pattern, URLPattern):
            yield Route(here, f"{space}{pattern.name or ''}", named, pattern.callback)
        else:
            yield from _below(pattern, here, named, f"{pattern.namespace}:" if pattern.namespace else space)


@contextmanager
def refusals() -> Iterator[list[str]]:
    """The words of everything that was not allowed meanwhile."""
    told: list[str] = []
    begin = NotAllowed.__init__

    def noted(error: NotAllowed, *args: Any, **known: Any) -> None:
        begin(error, *args, **known)
        told.append(str(error))

    with mock.patch.object(NotAllowed, "__init__", noted):
        yield told


@contextmanager
def writings() -> Iterator[list[str]]:
    """The statements that wrote something meanwhile and were not taken back, but for who is signed in and how."""
    told: list[str] = []
    marks: dict[str, int] = {}

    def noted(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        words = str(sql).split()
        if words[0] == "SAVEPOINT":
            marks[words[1]] = len(told)
        elif words[:2] == ["ROLLBACK", "TO"]:
            del told[marks[words[3]] :]
        elif words[0] in ("INSERT", "UPDATE", "DELETE") and not any(table in sql for table in _OF_SIGNING_IN):
            told.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        yield told


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written within is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True)
class Answer:
    """What somebody was answered, what it means (a text for what no door may answer), and what was written."""

    meaning: Verdict | str
    response: HttpResponse
    written: list[str]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return b"".join(self.response).decode(errors="replace")


def knock(client: Client, method: str, path: str, body: Any, *, also: int | None = None, sends: str = "") -> Answer:
    """Ask at ``path``, and take everything back that came of it."""
    client.cookies = copy.deepcopy(cookies := client.cookies)
    with undone(), refusals() as refused, writings() as written:
        options = {"content_type": sends} if sends and method != "get" else {}
        answer = getattr(client, method)(path, body, **options)
        client.cookies = cookies
        return Answer(_meaning(answer, refused, also=also), answer, list(written))


def _meaning(answer: HttpResponse, refused: list[str], *, also: int | None) -> Verdict | str:
    status = answer.status_code
    if status == 401 or (status == 302 and answer["Location"].split("?")[0] in ("/login/", "/admin/login/")):
        return Verdict.SIGN_IN
    if status == 404:
        return Verdict.GONE
    if status == 403:
        return Verdict.REFUSED
    if status not in (*LET_IN, also):
        return f"the status {status}"
    request = getattr(answer, "wsgi_request", None)
    told = [str(message) for message in get_messages(request)] if request is not None else []
    if any(message == words for message in told for words in refused):
        return Verdict.REFUSED
    return Verdict.DONE
