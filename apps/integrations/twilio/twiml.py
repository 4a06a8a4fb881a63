"""What Twilio is told to do next: the few verbs of its markup that a page needs."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import HttpResponse

VOICE = "en-GB"
#: For how long a key is waited for after the last word, in seconds.
PATIENCE = 8


def answer(response: Element) -> HttpResponse:
    """The markup as an answer to Twilio."""
    return HttpResponse(b'<?xml version="1.0" encoding="UTF-8"?>' + tostring(response), content_type="text/xml")


def reply(text: str) -> HttpResponse:
    """Answer a text message; without ``text`` nothing is answered."""
    response = Element("Response")
    if text:
        SubElement(response, "Message").text = text
    return answer(response)


def say(sentences: Sequence[str]) -> HttpResponse:
    """Say something, and hang up."""
    response = Element("Response")
    _say(response, sentences)
    SubElement(response, "Hangup")
    return answer(response)


def ask(sentences: Sequence[str], *, action: str, otherwise: str) -> HttpResponse:
    """Say something twice and wait for one key, which is told to ``action``; after that say ``otherwise``."""
    response = Element("Response")
    gather = SubElement(
        response, "Gather", input="dtmf", numDigits="1", timeout=str(PATIENCE), action=action, method="POST"
    )
    _say(gather, sentences)
    SubElement(gather, "Pause", length="2")
    _say(gather, sentences)
    _say(response, [otherwise])
    SubElement(response, "Hangup")
    return answer(response)


def _say(parent: Element, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        SubElement(parent, "Say", language=VOICE).text = _printable(sentence)


def _printable(text: str) -> str:
    """Without the signs that XML does not know."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
