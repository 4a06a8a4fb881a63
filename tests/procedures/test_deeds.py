"""What people do in a simulation, as one writes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.procedures.deeds import TAKES, Deed, DeedError, Word, parse


@pytest.mark.parametrize(
    ("text", "deed"),
    [
        ("10m acknowledge", Deed(timedelta(minutes=10), Word.ACKNOWLEDGE)),
        ("  0m   note ", Deed(timedelta(0), Word.NOTE)),
        ("12m decline by tom@example.com", Deed(timedelta(minutes=12), Word.DECLINE, by="tom@example.com")),
        ("20m escalate", Deed(timedelta(minutes=20), Word.ESCALATE)),
        ("20m escalate L3", Deed(timedelta(minutes=20), Word.ESCALATE, ("L3",))),
        ("20m escalate cause_unclear", Deed(timedelta(minutes=20), Word.ESCALATE, ("cause_unclear",))),
        ("5m hold 30m", Deed(timedelta(minutes=5), Word.HOLD, ("30m",))),
        ("8m reassign e@x.org t@x.org", Deed(timedelta(minutes=8), Word.REASSIGN, ("e@x.org", "t@x.org"))),
        ("8m reassign chain 12 by t@x.org", Deed(timedelta(minutes=8), Word.REASSIGN, ("chain", "12"), "t@x.org")),
        ("35m go-on", Deed(timedelta(minutes=35), Word.GO_ON)),
        ("1h ask e@x.org", Deed(timedelta(hours=1), Word.ASK, ("e@x.org",))),
        ("3m impact security media", Deed(timedelta(minutes=3), Word.IMPACT, ("security", "media"))),
        ("2m take commander by t@x.org", Deed(timedelta(minutes=2), Word.TAKE, ("commander",), "t@x.org")),
        ("1d severity P1", Deed(timedelta(days=1), Word.SEVERITY, ("P1",))),
        ("90s resolve", Deed(timedelta(seconds=90), Word.RESOLVE)),
    ],
)
def test_a_deed_says_after_how_long_what_and_by_whom_and_is_written_as_it_is_read(text, deed):
    assert parse(text) == deed
    assert parse(str(deed)) == deed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a duration such as 15m, 2h or 5d, got ''; what is done is written as \"12m decline by tom@e"),
        ("decline 12m", "expected a duration such as 15m, 2h or 5d, got 'decline'"),
        ("-5m note", "expected a duration such as 15m, 2h or 5d, got '-5m'"),
        ("12m", "expected what is done after 12m, one of acknowledge, decline, escalate, hold, go-on, reassign, ask, "),
        ("12m snooze", "expected one of acknowledge, decline, escalate, hold, .*, cancel; got 'snooze'"),
        ("12m note now", "note takes nothing; got 'now'"),
        ("12m decline tom@example.com", "decline takes nothing; got 'tom@example.com'"),
        ("12m decline by", "expected one address at the end, after by; got nothing"),
        ("12m decline by Tom", "expected one address at the end, after by; got 'Tom'"),
        ("12m decline by a@x.org by b@x.org", "expected one address at the end, after by; got 'a@x.org by b@x.org'"),
        ("12m escalate L3 L4", "escalate takes a level such as L3, or the key of a trigger; .*; got 'L3 L4'"),
        ("12m hold", "hold takes for how long, such as 30m; got nothing"),
        ("12m hold long", "hold: expected a duration such as 15m, 2h or 5d, got 'long'"),
        ("12m reassign", "reassign takes one or more addresses, or chain and the number of a policy; got nothing"),
        ("12m reassign Emma", "reassign takes one or more addresses, or chain and the number of a policy; got 'Emma'"),
        ("12m reassign chain", "chain takes the number of a policy, as in its address /policies/12/; got nothing"),
        ("12m reassign chain P0", "chain takes the number of a policy, as in its address /policies/12/; got 'P0'"),
        ("12m impact", "impact takes one or more facts, such as security; got nothing"),
        ("12m take a b", "take takes the key of a response role; got 'a b'"),
    ],
)
def test_what_is_not_understood_says_what_was_expected_and_what_was_found(text, said):
    with pytest.raises(DeedError, match=said):
        parse(text)


def test_every_word_says_what_it_takes():
    assert TAKES.keys() == set(Word)
