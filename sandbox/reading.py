"""Reads a mail as its receiver's mail program would."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from sandbox.origin import Origin, read_origin

_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True)
class Letter:
    """The parts of a mail that somebody sees, and what the product says about it in its headers."""

    subject: str
    text: str
    html: str
    links: tuple[str, ...]
    origin: Origin


def links_of(text: str) -> tuple[str, ...]:
    """The addresses in a plain text, each once, in their order, without the punctuation that ends a sentence."""
    return tuple(dict.fromkeys(link.rstrip(".,;:!?)") for link in _LINK.findall(text)))


def read(raw: bytes) -> Letter:
    """Read a raw mail. Without a text part its text is the HTML's; unknown or missing headers are "other" and None."""
    message = email.message_from_bytes(raw, policy=default)
    html = _part(message, "html")
    page = _Page(html)
    text = _part(message, "plain") or page.text
    return Letter(
        subject=str(message["Subject"] or ""),
        text=text,
        html=html,
        links=tuple(dict.fromkeys([*links_of(text), *page.links])),
        origin=read_origin(lambda name: message[name]),
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    return str(part.get_content()).strip() if part is not None else ""


class _Page(HTMLParser):
    """The links of an HTML part and what it says as plain text."""

    HIDDEN = ("style", "script", "title")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self._words: list[str] = []
        self._hidden = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN
        address = dict(attrs).get("href") if tag == "a" else None
        if address and address.startswith(("http://", "https://")):
            self.links.append(address)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)
