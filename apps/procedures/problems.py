"""What is wrong with a procedures file, and where: the words that a person who edits it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.errors import Invalid

Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """Return ``path`` as people write it: ``escalation.P0[2].after``; the document itself is ``(document)``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "(document)"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. ``line`` counts from 1."""

    path: Path
    line: int
    message: str

    def within(self, name: str) -> str:
        """Return it as ``file:line: where: what was expected``, in the file ``name``."""
        return f"{name}:{self.line}: {dotted(self.path)}: {self.message}"


class InvalidDocument(Invalid):
    """The file is not a procedures document. ``problems`` lists everything found, by line, not only the first."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return each problem as ``file:line: where: what was expected``."""
        return [problem.within(self.name) for problem in self.problems]
