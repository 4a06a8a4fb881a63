"""Reads a procedures file into a Document, or says everything that is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from apps.core.errors import Invalid
from apps.procedures import checks, schema, source, structure
from apps.procedures.document import Document
from apps.procedures.problems import InvalidDocument, Problem


@dataclass(frozen=True)
class Checked:
    """A document that is in order, and what its author may not have meant, by line; ``name`` is what they call it."""

    document: Document
    name: str
    warnings: tuple[Problem, ...]

    def lines(self) -> list[str]:
        """Return each warning as ``file:line: where: what was expected``."""
        return [warning.within(self.name) for warning in self.warnings]


def load(path: Path) -> Document:
    """Return the document in the file ``path``; raises what ``check`` raises."""
    return check(path).document


def check(path: Path) -> Checked:
    """Return the document in the file ``path``, ``-`` for standard input, and what is odd about it.

    Raises InvalidDocument, which lists every problem with file, line, place and what was expected; Invalid if the
    file cannot be read.
    """
    if str(path) == "-":
        return _checked(sys.stdin.buffer.read(source.LARGEST_FILE + 1), name="(standard input)")
    try:
        with path.open("rb") as file:
            content = file.read(source.LARGEST_FILE + 1)
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None
    return _checked(content, name=str(path))


def parse(content: bytes, *, name: str) -> Document:
    """Return the document that ``content`` holds; ``name`` is what its problems call it. Raises InvalidDocument."""
    return _checked(content, name=name).document


def _checked(content: bytes, *, name: str) -> Checked:
    read = source.read(content, name=name)
    found = list(schema.violations(read.data))
    if not found:
        document = structure.build(Document, read.data)
        found = list(checks.findings(document))
    if found:
        raise InvalidDocument(name, _located(found, read))
    return Checked(document, name, tuple(_located(checks.oddities(document), read)))


def _located(found: Iterable[checks.Finding], read: source.Source) -> list[Problem]:
    return [Problem(path, read.line_of(path), message) for path, message in found]
