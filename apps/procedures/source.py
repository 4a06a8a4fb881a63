"""Reads YAML into plain data and remembers the line of each part, refusing what a procedures file never needs.

Anchors, aliases and tags are refused (a few bytes of them can expand to gigabytes or to objects), as are keys that
stand twice, of which YAML would silently drop one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from apps.procedures.problems import InvalidDocument, Path, Problem

LARGEST_FILE = 1024 * 1024
DEEPEST_NESTING = 12

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass
class Source:
    """A YAML file as plain data. Dates stay text, as written."""

    name: str
    data: Any = None
    _lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """Return the line on which ``path`` stands, or the nearest part around it that stands anywhere."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def read(content: bytes, *, name: str) -> Source:
    """Return ``content`` as plain data with line numbers.

    Raises InvalidDocument if it is not UTF-8 or YAML, larger than 1 MiB, or holds what is refused here.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidDocument(name, [Problem((), 1, f"expected at most 1 MiB, got {len(content):,} bytes")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidDocument(name, [Problem((), line, "expected UTF-8 text")]) from None
    source = Source(name)
    try:
        problems = list(_refused(text))
        if not problems:
            node = YAML(typ="safe", pure=True).compose(text)
            source.data = _plain(node, (), source._lines, problems) if node else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InvalidDocument(name, [Problem((), line, f"not valid YAML: {error.problem or error.context}")]) from None
    except YAMLError as error:
        raise InvalidDocument(name, [Problem((), 1, f"not valid YAML: {error}")]) from None
    if problems:
        raise InvalidDocument(name, problems)
    return source


def _refused(text: str) -> Iterator[Problem]:
    """Yield what is refused, from the flat stream of events: nothing is expanded or nested yet."""
    depth = documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield Problem((), line, "expected one document, got a second one after ---")
                return
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            yield Problem((), line, f"anchors and aliases are not allowed, write it out instead of {event.anchor!r}")
        elif tag := getattr(event, "tag", None):
            yield Problem((), line, f"tags are not allowed, got {str(tag)!r}")
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEEPEST_NESTING:
                yield Problem((), line, f"nested deeper than {DEEPEST_NESTING} levels")
                return
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def _plain(node: Node, path: Path, lines: dict[Path, int], problems: list[Problem]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, index), lines, problems) for index, item in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, path, lines, problems)
    return _scalar(node, path, problems)


def _mapping(node: MappingNode, path: Path, lines: dict[Path, int], problems: list[Problem]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            problems.append(Problem(path, line, "expected a plain text as key"))
            continue
        key, place = key_node.value, (*path, key_node.value)
        if key in content:
            problems.append(Problem(place, line, f"stands twice, first on line {lines[place]}"))
            continue
        lines[place] = line
        content[key] = _plain(value_node, place, lines, problems)
    return content


def _scalar(node: Node, path: Path, problems: list[Problem]) -> Any:
    tag, text = str(node.tag), str(node.value)
    if _UNSTORABLE.search(text):
        problems.append(Problem(path, node.start_mark.line + 1, "holds a character that no database stores"))
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() == "true"
    if tag == _INT and _WHOLE.fullmatch(text):
        return int(text)
    if tag == _FLOAT and _DECIMAL.fullmatch(text):
        return float(text)
    return text
