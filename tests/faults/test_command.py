"""``make faults`` fails loudly where a page is lost, and each line says what was done in the form that ran."""

from __future__ import annotations

import string
import subprocess
import sys
from pathlib import Path

import pytest

from faults.cases import all_of_them
from faults.forms import FULL, SHORT
from faults.verdict import Line, last_words

PROJECT = Path(__file__).resolve().parents[2]
CASES = all_of_them()


@pytest.mark.processes
@pytest.mark.xdist_group("house")
def test_a_planted_loss_makes_the_command_fail_and_name_its_case():
    done = subprocess.run(
        [sys.executable, "-m", "faults", "--short", "planted loss"],
        check=False, capture_output=True, text=True, cwd=PROJECT,
    )  # fmt: skip
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    assert "3 expected = 2 sent, 1 lost" in done.stdout
    assert "1 lost, as ('INC-2', 1, 'team-001@example.com')" in done.stdout
    assert done.stdout.endswith("1 of 1 cases NOT AS EXPECTED: planted loss\n")


def test_the_last_words_name_what_is_not_as_expected_and_what_all_of_it_took():
    lines = [Line("beat gone", True, 12.0), Line("poison", False, 30.0)]
    said = last_words(lines, SHORT, 90.0)
    assert "2 cases in the short form took 1.5 min, the longest poison (30 s), beat gone (12 s)" in said
    assert said.endswith("1 of 2 cases NOT AS EXPECTED: poison")
    assert last_words(lines[:1], FULL, 12.0).endswith("All 1 cases as expected.")


@pytest.mark.parametrize("name", CASES)
def test_each_number_of_a_case_is_said_in_its_line(name):
    case = CASES[name]
    named = {field.split(":")[0] for _, field, _, _ in string.Formatter().parse(case.done) if field}
    assert named == case.numbers.keys()
    for form in (FULL, SHORT):
        for number in form.numbers(case.numbers).values():
            assert f"{number:,}" in case.done_in(form) or str(number) in case.done_in(form)


def test_only_the_planted_case_is_left_out_where_all_are_carried_out():
    assert [name for name, case in CASES.items() if case.by_name_only] == ["planted loss"]
