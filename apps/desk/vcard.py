"""The house as a contact for a phone: whose calls and messages may break through its do-not-disturb (vCard 4.0)."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings

from apps.contacts import phones

NAME = "ADO Incidents"
#: A line is folded before it is longer than so many octets (RFC 6350, 3.2).
LONGEST_LINE = 75


def numbers() -> list[tuple[str, list[str]]]:
    """The numbers that text and call, each once, with what they do (``text``, ``voice``); as a network writes them."""
    does: dict[str, list[str]] = {}
    for setting, what in (("TWILIO_SMS_FROM", "text"), ("TWILIO_VOICE_FROM", "voice")):
        number = str(getattr(settings, setting, ""))
        if number:
            does.setdefault(phones.e164(number) or number, []).append(what)
    return list(does.items())


def pager() -> str:
    """The contact, ready to be saved in a phone: every number and address that pages come from (RFC 6350)."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:org",
        f"FN:{_escaped(NAME)}",
        f"ORG:{_escaped(NAME)}",
        *(_telephone(number, does) for number, does in numbers()),
        f"EMAIL:{_escaped(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])}",
        f"URL:{settings.SITE_URL}/",
        f"NOTE:{_escaped('Pages come from here. Let this contact through when the phone is silent.')}",
        "END:VCARD",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _telephone(number: str, does: list[str]) -> str:
    types = ",".join(does)
    kind = f'TYPE="{types}"' if len(does) > 1 else f"TYPE={types}"
    if phones.is_dialable(number):
        return f"TEL;VALUE=uri;{kind}:tel:{number}"
    return f"TEL;VALUE=text;{kind}:{_escaped(number)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> str:
    """``line`` in pieces of at most LONGEST_LINE octets, never within a character."""
    pieces: list[str] = []
    piece = ""
    for character in line:
        room = LONGEST_LINE - (1 if pieces else 0)
        if len((piece + character).encode()) > room:
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece])
