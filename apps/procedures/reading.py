"""Reads a procedures file into a Document, or says everything that is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

from apps.core.errors import Invalid
from apps.procedures import checks, schema, source, structure
from apps.procedures.document import Document
from apps.procedures.problems import InvalidDocument, Problem


def load(path: Path) -> Document:
    """Return the document in the file ``path``; ``-`` is standard input.

    Raises InvalidDocument, which lists every problem with file, line, place and what was expected; Invalid if the
    file cannot be read.
    """
    if str(path) == "-":
        return parse(sys.stdin.buffer.read(source.LARGEST_FILE + 1), name="(standard input)")
    try:
        with path.open("rb") as file:
            content = file.read(source.LARGEST_FILE + 1)
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None
    return parse(content, name=str(path))


def parse(content: bytes, *, name: str) -> Document:
    """Return the document that ``content`` holds; ``name`` is what its problems call it. Raises InvalidDocument."""
    read = source.read(content, name=name)
    found = list(schema.violations(read.data))
    if not found:
        document = structure.build(Document, read.data)
        found = list(checks.findings(document))
    if found:
        raise InvalidDocument(name, [Problem(path, read.line_of(path), message) for path, message in found])
    return document
