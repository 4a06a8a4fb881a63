"""Reads TwiML, the XML in which the product answers calls and messages."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True)
class Say:
    """Words to speak, or a sound to play."""

    text: str


@dataclass(frozen=True)
class Pause:
    """Silence, in seconds."""

    length: float


@dataclass(frozen=True)
class Gather:
    """Wait for keys while and after ``says`` is spoken; then go on at ``action``, the same document when empty."""

    says: tuple[Say | Pause, ...]
    digits: int | None
    action: str
    method: str
    timeout: float
    finish: str


@dataclass(frozen=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True)
class Hangup:
    """End the call."""


Verb = Say | Pause | Gather | Redirect | Hangup


def verbs(document: str) -> tuple[Verb, ...]:
    """The verbs of a call's document, in their order. Raises ValueError for anything but TwiML."""
    return tuple(_verb(element) for element in _response(document))


def replies(document: str) -> tuple[str, ...]:
    """The texts with which a document answers a message; none for an empty body. Raises ValueError."""
    if not document.strip():
        return ()
    found = _response(document).findall("Message")
    return tuple("".join((each.find("Body") if each.find("Body") is not None else each).itertext()) for each in found)  # type: ignore[union-attr]


def _response(document: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(document.strip())  # noqa: S314  (the product's own answer, on loopback)
    except ElementTree.ParseError as error:
        raise ValueError(f"This is no XML: {error}.") from error
    if root.tag != "Response":
        raise ValueError(f"The document is a <{root.tag}>, not a <Response>.")
    return root


def _verb(element: ElementTree.Element) -> Verb:
    text = " ".join("".join(element.itertext()).split())
    match element.tag:
        case "Say":
            return Say(text)
        case "Play":
            return Say(f"♪ {text}")
        case "Pause":
            return Pause(float(element.get("length", "1")))
        case "Gather":
            return _gather(element)
        case "Redirect":
            return Redirect(text, element.get("method", "POST"))
        case "Hangup" | "Reject":
            return Hangup()
        case other:
            raise ValueError(f"<{other}> is a verb that the sandbox does not know.")


def _gather(element: ElementTree.Element) -> Gather:
    inner = tuple(_verb(child) for child in element)
    digits = element.get("numDigits")
    return Gather(
        says=tuple(verb for verb in inner if isinstance(verb, Say | Pause)),
        digits=int(digits) if digits else None,
        action=element.get("action", ""),
        method=element.get("method", "POST"),
        timeout=float(element.get("timeout", "5")),
        finish=element.get("finishOnKey", "#"),
    )
