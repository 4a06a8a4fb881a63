"""A report as Markdown (CommonMark with tables). What people wrote stays text: its signs are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.insights.report import Report, Section

#: What could be read as markup, HTML among it.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def render(report: Report) -> str:
    """The report as one document."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {_text(report.heading)}"
    yield ""
    if report.marks:
        yield f"**{' · '.join(report.marks)}**"
        yield ""
    yield f"Incident report of {report.made}; times are of {report.zone.replace('_', ' ')}."
    yield ""
    if report.summary:
        yield _text(report.summary)
        yield ""
    for section in report.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield f"## {_text(section.title)}"
    yield ""
    if section.is_empty:
        yield section.nothing
    for name, text in section.facts:
        yield f"- **{_text(name)}**{'' if name.endswith('?') else ':'} {_text(text)}"
    if section.rows:
        yield _row(section.columns)
        yield _row(["---"] * len(section.columns), escaped=False)
        for cells in section.rows:
            yield _row(cells)
    yield ""


def _row(cells: list[str], *, escaped: bool = True) -> str:
    return f"| {' | '.join(_text(cell) if escaped else cell for cell in cells)} |"


def _text(text: str) -> str:
    """On one line: a new one would end a cell or an entry of a list."""
    return "<br>".join(_SIGNS.sub(r"\\\1", line) for line in text.splitlines() if line.strip())
