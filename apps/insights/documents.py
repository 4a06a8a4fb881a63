"""A report as a document: Markdown, HTML, PDF or JSON, all of the same text."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Literal

import structlog
import typst
from django.template.loader import render_to_string

from apps.core.errors import Busy, Invalid
from apps.insights import markdown
from apps.insights.report import Report

log = structlog.get_logger(__name__)

Standard = Literal["ua-1"]

_turn = threading.Lock()
_TEMPLATE = Path(__file__).with_name("report.typ")


class Form(StrEnum):
    """In which form a report is wanted; also how its file's name ends."""

    MARKDOWN = "md"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"


CONTENT_TYPES = {
    Form.MARKDOWN: "text/markdown; charset=utf-8",
    Form.HTML: "text/html; charset=utf-8",
    Form.PDF: "application/pdf",
    Form.JSON: "application/json",
}


def form_of(text: str) -> Form:
    """The form that is meant. Raises Invalid."""
    try:
        return Form(text)
    except ValueError as error:
        raise Invalid(f'There is no form "{text}"; there are: {", ".join(Form)}.', field="as") from error


def render(report: Report, form: Form) -> bytes:
    """The report in that form. HTML needs nothing but itself; PDF is tagged, PDF/UA-1 where there are fonts for it.

    Raises Busy for a PDF while this process makes another one: its other threads answer pages.
    """
    match form:
        case Form.MARKDOWN:
            return markdown.render(report).encode()
        case Form.HTML:
            return render_to_string("insights/report.html", {"report": report}).encode()
        case Form.JSON:
            return json.dumps(report.as_json(), indent=2, ensure_ascii=False).encode()
        case Form.PDF:
            with _one_at_a_time():
                return _pdf(report)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    if not _turn.acquire(blocking=False):
        raise Busy("Another PDF is made at the moment; try again in a few seconds.")
    try:
        yield
    finally:
        _turn.release()


def _pdf(report: Report) -> bytes:
    """What people wrote reaches the typesetter as data alone: none of it is read as its markup.

    PDF/UA refuses what no font of this machine can show; the report is then tagged all the same, without the claim.
    """
    try:
        return _set(report, "ua-1")
    except typst.TypstError as error:
        log.warning("report_is_not_pdf_ua", incident=report.reference, error=error.message)
        return _set(report, None)


def _set(report: Report, standard: Standard | None) -> bytes:
    told = json.dumps(report.as_json())
    made = typst.compile(
        _TEMPLATE, format="pdf", sys_inputs={"report": told}, pdf_standards=standard,
        timestamp=int(report.made_at.timestamp()),
    )  # fmt: skip
    return bytes(made)
