"""What is written after /incident, and how it is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.integrations.slack.commands import Verb, Wish, read


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("ack INC-12", Wish(Verb.ACKNOWLEDGE, number=12)),
        ("  ACK   12 ", Wish(Verb.ACKNOWLEDGE, number=12)),
        ("acknowledge", Wish(Verb.ACKNOWLEDGE)),
        ("resolve inc-7", Wish(Verb.RESOLVE, number=7)),
        ("note INC-7 Disk is full", Wish(Verb.NOTE, "Disk is full", number=7)),
        ("note 7 disks are full", Wish(Verb.NOTE, "7 disks are full")),
        ("note Disk is full", Wish(Verb.NOTE, "Disk is full")),
        ("who", Wish(Verb.WHO)),
        ("who agents", Wish(Verb.WHO, "agents")),
        ("declare p1 The pipeline  fails", Wish(Verb.DECLARE, "The pipeline fails", severity="P1")),
        (
            "declare P0 service=Agents --private Token leaked --drill",
            Wish(
                Verb.DECLARE, "Token leaked", severity="P0",
                options={"service": "agents", "private": "private", "drill": "drill"},
            ),
        ),
        ("declare P0 Why team=x is empty", Wish(Verb.DECLARE, "Why team=x is empty", severity="P0")),
        ("declare", Wish(Verb.DECLARE)),
        ("ack INC-0", Wish(Verb.ACKNOWLEDGE, "INC-0")),
        ("ack INC-٣", Wish(Verb.ACKNOWLEDGE, "INC-٣")),
        ("", Wish(Verb.HELP)),
        ("please help", Wish(Verb.HELP, "help")),
    ],
)  # fmt: skip
def test_a_command_is_understood(text: str, wish: Wish):
    assert read(text) == wish


@given(st.text(max_size=300))
def test_whatever_is_written_is_a_wish(text: str):
    wish = read(text)
    assert wish.number is None or 0 < wish.number < 10**18
    assert wish.text == wish.text.strip()
