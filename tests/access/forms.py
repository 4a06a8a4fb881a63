"""The forms of a page as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse


@dataclass
class PageForm:
    """A form: where it sends, what it is called, and its fields as they are filled in."""

    action: str
    name: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    #: What somebody can write text into.
    written: list[str] = field(default_factory=list)

    def sent(self, **entered: str) -> dict[str, Any]:
        """What it sends once ``entered`` is typed."""
        return {**self.fields, **entered}


class _Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._select = self._area = ""
        self._first: str | None = None
        self._awaits = False
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = PageForm(known.get("action", ""), known.get("id", ""), known.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None or "disabled" in known:
            return
        elif tag == "input" and known.get("name"):
            self._read_input(known)
        elif tag == "select":
            self._select = known.get("name", "")
            self._first, self._awaits = None, "multiple" not in known
        elif tag == "option" and self._select:
            self._read_option(known)
        elif tag == "textarea":
            self._area, self._text = known.get("name", ""), []

    def _read_input(self, known: dict[str, str]) -> None:
        assert self._form is not None
        kind = known.get("type", "text")
        if kind in ("submit", "button", "file", "image", "reset"):
            return
        if kind in ("checkbox", "radio") and "checked" not in known:
            return
        self._put(known["name"], known.get("value", "on" if kind == "checkbox" else ""))
        if kind in ("text", "search"):
            self._form.written.append(known["name"])

    def _read_option(self, known: dict[str, str]) -> None:
        """What is chosen; of what shows one option, the first where none is."""
        assert self._form is not None
        if "selected" in known:
            self._put(self._select, known.get("value", ""))
        elif self._awaits:
            self._first, self._awaits = known.get("value", ""), False

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            if self._first is not None and self._form is not None and self._select not in self._form.fields:
                self._put(self._select, self._first)
            self._select = ""
        elif tag == "textarea" and self._area:
            self._put(self._area, "".join(self._text).removeprefix("\n"))
            if self._form is not None:
                self._form.written.append(self._area)
            self._area = ""

    def _put(self, name: str, value: str) -> None:
        assert self._form is not None
        self._form.fields.setdefault(name, []).append(value)


def forms_of(answer: HttpResponse) -> list[PageForm]:
    """Every form of the page."""
    reader = _Reader()
    reader.feed(b"".join(answer).decode())
    return reader.forms


def form_at(answer: HttpResponse, *, action: str = "", name: str = "") -> PageForm:
    """The form that sends to ``action``, or is called ``name``."""
    found = [each for each in forms_of(answer) if each.method == "post"]
    return next(each for each in found if (each.name == name if name else each.action == action))
