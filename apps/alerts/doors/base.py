"""What every door has in common: how a body is taken in, and how a sender is answered."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from apps.alerts.keys import Sender
from apps.alerts.models import Format

LARGEST_BODY = 1024 * 1024
RETRY_AFTER = 5  # seconds
KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")

Said = dict[str, Any]


class Answer(Exception):
    """Ends a request early: with a problem, which each door words in its vendor's form."""

    def __init__(self, status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class UnknownKey(Answer):
    """No active integration of that format has the key."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "There is no such address to send alerts to.")


class House(Protocol):
    """What a door needs of the house behind it."""

    def sender(self, sender_format: Format, key: str, *, environ: WSGIEnvironment | None = None) -> Sender:
        """Whose ``key`` it is; ``environ`` where a token may come with it. Raises UnknownKey."""
        ...

    def store(self, sender: Sender, body: bytes, envelope: Mapping[str, str]) -> None:
        """Return once the body is stored durably."""
        ...


class Door(ABC):
    """One kind of address that senders post to."""

    #: The content type of what is refused.
    refuses_as: ClassVar[str] = "application/json"

    @abstractmethod
    def has(self, path: str) -> bool:
        """Whether ``path`` is an address of this door, known or not."""

    @abstractmethod
    def accept(self, environ: WSGIEnvironment, path: str, house: House) -> Said:
        """Store the body and return what its sender is told with the 202. Raises Answer if it was not stored."""

    @abstractmethod
    def refusal(self, answer: Answer) -> tuple[HTTPStatus, Said]:
        """How the sender is told of ``answer``."""


def require_method(environ: WSGIEnvironment, *allowed: str) -> None:
    """Raise Answer (405) for a request by another method."""
    if environ["REQUEST_METHOD"] not in allowed:
        detail = f"This address takes {' and '.join(allowed)}."
        raise Answer(HTTPStatus.METHOD_NOT_ALLOWED, detail, ("Allow", ", ".join(allowed)))


def read(environ: WSGIEnvironment) -> bytes:
    """Return the whole body. A length that is announced too long is refused unread, a stream once it is too long."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced and not re.fullmatch("[0-9]{1,19}", announced):
        raise Answer(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
    if announced and int(announced) > LARGEST_BODY:
        raise _too_large()
    wanted = int(announced) if announced else LARGEST_BODY + 1
    if not announced and not environ.get("wsgi.input_terminated"):
        wanted = 0  # nobody says where the body ends, so there is none (WSGI)
    found = bytearray()
    while len(found) < wanted and (part := environ["wsgi.input"].read(wanted - len(found))):
        found += part
    if len(found) > LARGEST_BODY:
        raise _too_large()
    if announced and len(found) < wanted:
        raise Answer(HTTPStatus.BAD_REQUEST, "The body is shorter than its Content-Length.")
    return bytes(found)


def parse(body: bytes) -> Any:
    """Return the body as JSON; what RFC 8259 does not know (NaN, other encodings) is none."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except RecursionError:
        raise Answer(HTTPStatus.BAD_REQUEST, "The JSON is nested too deeply.") from None
    except ValueError as error:
        raise Answer(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from None


def reply(
    start_response: StartResponse, status: HTTPStatus, said: Said, content_type: str, *headers: tuple[str, str]
) -> list[bytes]:
    """Answer ``said`` as JSON, which nobody keeps and nothing takes for something else."""
    content = json.dumps(said).encode()
    start_response(
        f"{status.value} {status.phrase}",
        [
            ("Content-Type", content_type),
            *headers,
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    return [content]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _too_large() -> Answer:
    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {LARGEST_BODY} bytes.")
