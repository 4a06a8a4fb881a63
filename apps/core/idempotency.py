"""One effect for a POST that is sent twice: its answer is remembered under its Idempotency-Key (contract)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.errors import Conflict, Invalid
from apps.core.models import RememberedAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255
KEPT_FOR = timedelta(hours=24)
MAY_BE_REMEMBERED = range(200, 400)


class ShownOnce(Response):
    """An answer that holds a secret which is stored nowhere: it is given once, and not remembered either."""


def answer_once(request: Request, answer: Callable[[], Response]) -> HttpResponseBase:
    """The answer to ``request``: ``answer()``, or what it was when the same key and body came before.

    From the same person with the same credential: a token that reaches less than a session is not told what that was.

    The effect of ``answer`` and the memory of it are one transaction, and two requests with one key run one after the
    other. An answer that is an error is not remembered and leaves no effect. What is remembered is kept for KEPT_FOR.
    Raises Invalid for a key that is none, Conflict where the key came with another method, address or body, and where
    the answer was one that is ShownOnce.
    """
    mine: dict[str, Any] = {
        "person_id": request.user.pk,
        "credential": _credential_of(request),
        "key": _key_of(request),
    }
    digest = _digest(request)
    with transaction.atomic():
        _wait_for_its_turn(mine)
        remembered = RememberedAnswer.objects.filter(**mine).first()
        if remembered is not None and remembered.created_at > clock.now() - KEPT_FOR:
            return _again(remembered, digest)
        response = answer()
        if response.status_code in MAY_BE_REMEMBERED:
            RememberedAnswer.objects.update_or_create(
                **mine,
                defaults={
                    "request_digest": digest,
                    "status": response.status_code,
                    "body": None if isinstance(response, ShownOnce) else JSONRenderer().render(response.data).decode(),
                    "created_at": clock.now(),
                },
            )
        else:
            transaction.set_rollback(True)
        return response


def _key_of(request: Request) -> str:
    key: str = request.headers[HEADER]
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Invalid(f"{HEADER} is 1 to {LONGEST_KEY} printable ASCII characters.", field=HEADER)
    return key


def _digest(request: Request) -> str:
    sent = json.dumps([request.method, request.get_full_path(), request.data], sort_keys=True, default=_of_file)
    return hashlib.sha256(sent.encode()).hexdigest()


def _of_file(sent: UploadedFile[bytes]) -> list[str]:
    """What makes a file that is sent the same as another: its name and all that is in it."""
    digest = hashlib.sha256()
    for chunk in sent.chunks():
        digest.update(chunk)
    return [sent.name or "", digest.hexdigest()]


def _credential_of(request: Request) -> str:
    """By what the person came: the token's number, or nothing for a session."""
    return "" if request.auth is None else f"token:{request.auth.pk}"


def _wait_for_its_turn(mine: Mapping[str, object]) -> None:
    # A row cannot be locked before it exists; the advisory lock lasts until the transaction ends, and a collision of
    # hashes costs a wait and nothing else.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [HEADER, ":".join(map(str, mine.values()))]
        )


def _again(remembered: RememberedAnswer, digest: str) -> HttpResponse:
    if remembered.request_digest != digest:
        raise Conflict(f"This {HEADER} was used for another request.")
    if remembered.body is None:
        raise Conflict("It was done, and the answer held a secret that is shown once: revoke it, and make another.")
    return HttpResponse(
        remembered.body, status=remembered.status, content_type="application/json", headers={REPLAYED: "true"}
    )
