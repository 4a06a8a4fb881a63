"""The lifecycle as a table: from where to where, and no other way (R13, R21, R22)."""

from __future__ import annotations

import pytest

from apps.core.errors import Invalid, RuleViolation
from apps.incidents import rules
from apps.incidents.models import Status

ENDED = {"cancelled", "merged"}
FOLLOWING = {
    "declared": {"acknowledged", "investigating", "identified", "monitoring", "resolved"} | ENDED,
    "acknowledged": {"investigating", "identified", "monitoring", "resolved"} | ENDED,
    "investigating": {"identified", "monitoring", "resolved"} | ENDED,
    "identified": {"monitoring", "resolved"} | ENDED,
    "monitoring": {"investigating", "resolved"} | ENDED,
    "resolved": {"investigating", "closed"},
    "closed": set(),
    "cancelled": set(),
    "merged": set(),
}


@pytest.mark.parametrize("wanted", Status.values)
@pytest.mark.parametrize("current", Status.values)
def test_every_step_is_allowed_or_refused_as_the_table_says(current, wanted):
    if wanted in FOLLOWING[current]:
        rules.check_transition(current, wanted)
        return
    with pytest.raises(RuleViolation) as refused:
        rules.check_transition(current, wanted)
    assert str(refused.value) == (
        f"An incident that is {Status(current).label.lower()} cannot become {Status(wanted).label.lower()}."
    )


def test_what_is_offered_is_what_is_allowed():
    for current in Status.values:
        assert {status.value for status in rules.following(current)} == FOLLOWING[current]


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e\u200f", "\u200d \ufeff"])
def test_what_is_not_seen_is_no_title(unseen):
    with pytest.raises(Invalid):
        rules.title(unseen)


def test_a_title_keeps_no_mark_that_turns_what_is_written_after_it_and_keeps_what_scripts_are_joined_by():
    assert rules.title("Queue \u202e is \u2066down") == "Queue is down"
    assert rules.title("\U0001f469\u200d\U0001f692 is down") == "\U0001f469\u200d\U0001f692 is down"


def test_a_title_is_one_line_of_at_most_200_characters():
    assert rules.title("  It is \n down ") == "It is down"
    assert len(rules.title("x" * 500)) == 200
    with pytest.raises(Invalid) as refused:
        rules.title(" \n ")
    assert refused.value.field == "title"
