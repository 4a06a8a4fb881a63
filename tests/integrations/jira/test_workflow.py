"""Which way a ticket goes, in projects that call their statuses as they like."""

from __future__ import annotations

import pytest

from apps.integrations.jira.client import Status, Transition
from apps.integrations.jira.workflow import goal, told_on, way

OPEN, WORKING = Status("Open", "new"), Status("Work in progress", "indeterminate")
PENDING, DONE = Status("Pending", "indeterminate"), Status("Completed", "done")
CANCELED, CLOSED = Status("Canceled", "done"), Status("Closed", "done")
MONITORING, LIVE = Status("monitoring", "indeterminate"), Status("Live", "done")
ASKS = {"assignee": {"required": True}}


def to(status: Status, **fields: object) -> Transition:
    return Transition(ref=status.name, name=f"To {status.name}", to=status, fields=fields)


@pytest.mark.parametrize(
    ("ours", "stands", "ways", "goes"),
    [
        ("acknowledged", OPEN, [PENDING, WORKING], "Work in progress"),
        ("acknowledged", OPEN, [DONE, PENDING], "Pending"),
        ("acknowledged", OPEN, [DONE], None),
        ("identified", PENDING, [WORKING], None),
        ("monitoring", PENDING, [WORKING, MONITORING], "monitoring"),
        ("monitoring", MONITORING, [WORKING, MONITORING], None),
        ("investigating", DONE, [CANCELED, WORKING], "Work in progress"),
        ("resolved", WORKING, [CANCELED, CLOSED, DONE], "Completed"),
        ("resolved", WORKING, [CANCELED], None),
        ("resolved", WORKING, [LIVE], "Live"),
        ("resolved", CLOSED, [DONE], None),
        ("closed", DONE, [WORKING, CLOSED], "Closed"),
        ("closed", DONE, [WORKING], None),
        ("cancelled", OPEN, [DONE, CANCELED], "Canceled"),
        ("merged", OPEN, [DONE], "Completed"),
    ],
)
def test_it_goes_by_name_and_else_by_what_the_status_means(ours, stands, ways, goes):
    taken = way(goal(ours), stands, [to(status) for status in ways])
    assert (taken.ref if taken else None) == goes


def test_a_way_that_asks_for_what_we_do_not_know_is_not_taken():
    assert way(goal("acknowledged"), OPEN, [to(WORKING, **ASKS)]) is None
    known = to(WORKING, assignee={"required": True, "hasDefaultValue": True}, comment={"required": False})
    assert way(goal("acknowledged"), OPEN, [to(WORKING, **ASKS), known]) is known


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"required": True, "allowedValues": [{"name": "Won't do"}, {"name": "Done"}]}, {"name": "Done"}),
        ({"required": True, "allowedValues": [{"name": "Erledigt"}]}, {"name": "Erledigt"}),
        ({"required": True, "allowedValues": []}, None),
        ({"required": False, "allowedValues": [{"name": "Done"}]}, None),
    ],
)
def test_a_resolution_is_told_where_the_way_asks_for_one(asked, told):
    transition = to(DONE, resolution=asked)
    assert way(goal("resolved"), WORKING, [transition]) is transition
    assert told_on(transition) == ({"resolution": told} if told else {})
