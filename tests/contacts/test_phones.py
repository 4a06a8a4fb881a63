from __future__ import annotations

import pytest

from apps.contacts.phones import is_dialable


@pytest.mark.parametrize("written", ["+1-877-448-4820", "+1-206-266-4064", "+49 30 901820", "+1 (415) 555-0100"])
def test_a_whole_international_number_can_be_dialled(written):
    assert is_dialable(written)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("+1-555-ONCALL", id="letters"),
        pytest.param("+1-800-FLOWERS", id="letters that a keypad would take"),
        pytest.param("+1-555-0101", id="no area code"),
        pytest.param("877-448-4820", id="no country"),
        pytest.param("+1-877-448-4820 ext. 12", id="an extension"),
        pytest.param("+1", id="country only"),
        pytest.param("+999 123 456 789", id="no such country"),
        pytest.param("", id="nothing"),
        pytest.param("+" + "1" * 300, id="far too long"),
    ],
)
def test_what_a_network_cannot_reach_is_told_apart(written):
    assert not is_dialable(written)
