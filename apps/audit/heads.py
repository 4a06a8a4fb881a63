"""Takes the head of the chain out of the house: into a file, by mail and to webhooks.

Whoever owns the database can make the whole chain anew; not so what others have kept of it. A head is a line: the
seal's number, its hash, and when it was made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage

from apps.audit.models import Seal
from apps.core import http
from apps.core.errors import Invalid, ProviderError

HEADERS = {"X-ADO-Kind": "other", "Auto-Submitted": "auto-generated"}

_KEPT = re.compile(r"(?P<hash>[0-9a-f]{64})(?::(?P<number>\d{1,18}))?")
_LINE = re.compile(r"(?P<number>\d{1,18}) (?P<hash>[0-9a-f]{64})( .*)?")


def line_of(seal: Seal) -> str:
    """The head as it is kept: number, hash and time."""
    return f"{seal.number} {seal.digest} {seal.told['at']}"


def destinations() -> list[tuple[str, int]]:
    """Where heads go: the way, and which of its places in the settings."""
    file = [settings.AUDIT_HEADS_FILE] if settings.AUDIT_HEADS_FILE else []
    ways = {"file": file, "mail": settings.AUDIT_HEADS_TO, "webhook": settings.AUDIT_HEADS_WEBHOOKS}
    return [(way, place) for way, places in ways.items() for place in range(len(places))]


def send(way: str, place: int) -> None:
    """Send the newest head to one of the destinations; nothing where there is none, or the place was taken away.

    Raises ProviderError, and what the mail server or the file system raises.
    """
    seal = Seal.objects.order_by("-number").first()
    if seal is None or (way, place) not in destinations():
        return
    {"file": _to_file, "mail": _to_mail, "webhook": _to_webhook}[way](seal, place)


def kept(texts: Iterable[str]) -> dict[str, int | None]:
    """Heads as a person names them: HASH or HASH:NUMBER. Raises Invalid."""
    heads: dict[str, int | None] = {}
    for text in texts:
        found = _KEPT.fullmatch(text.strip().lower())
        if found is None:
            raise Invalid(f"{text} is no head: expected 64 hexadecimal digits, or these and :NUMBER.")
        heads[found["hash"]] = int(found["number"]) if found["number"] else None
    return heads


def kept_in(path: Path) -> dict[str, int | None]:
    """The heads of a file as ``send`` writes it. Raises Invalid."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from error
    heads: dict[str, int | None] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise Invalid(f"{path}, line {number} is no head: expected the seal's number, its hash and a time.")
            heads[found["hash"]] = int(found["number"])
    return heads


def _to_file(seal: Seal, place: int) -> None:
    with Path(settings.AUDIT_HEADS_FILE).open("a", encoding="utf-8") as file:
        file.write(line_of(seal) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _to_mail(seal: Seal, place: int) -> None:
    body = (
        f"{line_of(seal)}\n\nThis is the head of the chain of seals over the record of {settings.SITE_URL}/ . Keep this"
        " mail: with it can be shown later that the record up to then was not rewritten (manage.py audit verify --head"
        f" {seal.digest}:{seal.number}).\n"
    )
    to = [settings.AUDIT_HEADS_TO[place]]
    try:
        EmailMessage(f"ADO Incidents: seal {seal.number}", body, to=to, headers=HEADERS).send()
    except OSError as error:
        raise ProviderError(f"The mail server did not take the head: {error}") from error


def _to_webhook(seal: Seal, place: int) -> None:
    head = {"number": seal.number, "hash": seal.digest, "at": seal.told["at"]}
    with http.client() as opened:
        http.send(opened, "POST", settings.AUDIT_HEADS_WEBHOOKS[place], json=head)
