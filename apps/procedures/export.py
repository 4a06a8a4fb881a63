"""Writes a document as a procedures file that says the same."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from apps.procedures import structure
from apps.procedures.document import Document

_HEADER = "# yaml-language-server: $schema=schema.json\n"
_WIDTH = 120


def to_yaml(document: Document) -> str:
    """Return ``document`` as YAML in the order of the schema; ``reading.parse`` makes the same document of it."""
    writer = YAML()
    writer.width = _WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    writer.dump(_readable(structure.plain(document)), text)
    return _HEADER + text.getvalue()


def _readable(value: Any) -> Any:
    """Return plain data in which texts of several lines are written as such."""
    if isinstance(value, dict):
        return {key: _readable(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_readable(content) for content in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
