"""The page of requirements lists every one, and what it names as proof exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "requirements.md").read_text(encoding="utf-8")
ROWS = {match[1]: match[2] for match in re.finditer(r"^\| ([RP]\d+) \| (.+) \|$", PAGE, re.MULTILINE)}


def test_every_requirement_is_listed_once():
    assert [row for row in ROWS if row.startswith("R")] == [f"R{number}" for number in range(1, 37)]


@pytest.mark.parametrize("number", ROWS)
def test_what_is_named_as_proof_exists(number):
    named = re.findall(r"`(tests/[^`]+)`", ROWS[number])
    assert named or "not yet" in ROWS[number]
    for proof in named:
        path, _, name = proof.partition("::")
        tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
        tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name.startswith("test_"), f"{proof} names no test"
        assert name in tests, f"{path} has no {name}"
