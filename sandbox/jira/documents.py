"""The Atlassian Document Format, as far as it is checked and read here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

BLOCKS = frozenset({"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel", "rule"})


def is_document(given: object) -> bool:
    """Whether Jira would take it: a document of blocks, whose texts say something."""
    if not isinstance(given, dict) or given.get("type") != "doc" or given.get("version") != 1:
        return False
    content = given.get("content")
    if not isinstance(content, list) or any(_kind(block) not in BLOCKS for block in content):
        return False
    return all(isinstance(node.get("text"), str) and node["text"] for node in _nodes(given) if node["type"] == "text")


def of_text(text: str) -> Node:
    """A document of plain text, a paragraph a line, as the API's version 2 takes it."""
    lines = [line for line in text.splitlines() if line.strip()]
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines],
    }


def plain(document: Node) -> str:
    """What a person reads, a block a line."""
    return "\n".join(_words(block) for block in document["content"])


def links(document: Node) -> list[tuple[str, str]]:
    """The links in it, each with its words."""
    return [
        (node["text"], mark["attrs"]["href"])
        for node in _nodes(document)
        for mark in node.get("marks") or []
        if mark.get("type") == "link"
    ]


def _words(block: Node) -> str:
    return "".join("\n" if node["type"] == "hardBreak" else str(node.get("text", "")) for node in _nodes(block))


def _nodes(node: object) -> Iterator[Node]:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return
    yield node
    content = node.get("content")
    for each in content if isinstance(content, list) else []:
        yield from _nodes(each)


def _kind(block: object) -> object:
    return block.get("type") if isinstance(block, dict) else None
