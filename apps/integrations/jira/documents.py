"""Texts as Jira keeps them: the Atlassian Document Format, version 1. Source: its public reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Node = dict[str, Any]

#: A text is cut there (characters), well below what Jira takes in one field.
LONGEST = 30_000


def document(blocks: Iterable[Node]) -> Node:
    """A whole text of ``blocks``, in their order."""
    return {"type": "doc", "version": 1, "content": list(blocks)}


def paragraphs(text: str) -> list[Node]:
    """``text`` as people typed it: an empty line begins a paragraph, any other is a line of its own."""
    parts = text[:LONGEST].replace("\r\n", "\n").split("\n\n")
    return [paragraph(_lines(part.strip("\n"))) for part in parts if part.strip()]


def paragraph(content: Sequence[Node]) -> Node:
    """One paragraph."""
    return {"type": "paragraph", "content": list(content)}


def text(words: str, *, strong: bool = False) -> Node:
    """Words that are not empty."""
    return {"type": "text", "text": words, **({"marks": [{"type": "strong"}]} if strong else {})}


def link(words: str, address: str) -> Node:
    """Words that lead to ``address``."""
    return {"type": "text", "text": words, "marks": [{"type": "link", "attrs": {"href": address}}]}


def facts(named: Iterable[tuple[str, str]]) -> list[Node]:
    """One paragraph with a line for each name and what is known of it; what is not known is left out."""
    lines = [[text(f"{name}: ", strong=True), text(known)] for name, known in named if known]
    return [paragraph(_joined(lines))] if lines else []


def _lines(part: str) -> list[Node]:
    return _joined([[text(line)] if line else [] for line in part.split("\n")])


def _joined(lines: Sequence[Sequence[Node]]) -> list[Node]:
    content: list[Node] = []
    for number, line in enumerate(lines):
        content += [{"type": "hardBreak"}] if number else []
        content += line
    return content
