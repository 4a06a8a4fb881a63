"""How a clock is shown (R4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.desk import clock_faces
from apps.incidents.models import Clock, ClockName

HOUR = timedelta(hours=1)


@pytest.fixture
def target(clock):
    """A clock of an hour that warns after 40 minutes, begun now."""
    return Clock(
        name=ClockName.RESPONSE,
        started_at=clock.now,
        due_at=clock.now + HOUR,
        warn_at=clock.now + timedelta(minutes=40),
    )


@pytest.mark.parametrize(("after", "state"), [(0, "ok"), (39, "ok"), (40, "warn"), (59, "warn"), (60, "overdue")])
def test_a_running_clock_warns_before_it_breaks(clock, target, after, state):
    clock.shift(minutes=after)
    face = clock_faces.face_of(target)
    assert (face.state, face.running) == (state, True)


def test_a_clock_without_a_warning_goes_straight_from_fine_to_overdue(clock, target):
    target.warn_at = None
    clock.shift(minutes=59)
    assert clock_faces.face_of(target).state == "ok"


@pytest.mark.parametrize(
    ("after", "state", "verdict"),
    [(12, "met", "after 12 min"), (60, "met", "after 1 h"), (75, "breached", "15 min late")],
)
def test_an_answered_clock_says_when_or_how_late(target, after, state, verdict):
    target.met_at = target.started_at + timedelta(minutes=after)
    face = clock_faces.face_of(target)
    assert (face.state, face.verdict, face.running) == (state, verdict, False)


def test_a_clock_that_was_stopped_unbroken_is_not_shown(target):
    target.stopped_at = target.started_at
    assert clock_faces.faces([target]) == []


def test_a_clock_that_was_stopped_after_it_broke_stays_visible(target):
    target.breached_at, target.stopped_at = target.due_at, target.due_at + HOUR
    assert [face.verdict for face in clock_faces.faces([target])] == ["breached"]


def test_the_most_urgent_clock_is_the_running_one_that_is_due_first(target):
    later = Clock(name=ClockName.RESOLUTION, started_at=target.started_at, due_at=target.due_at + HOUR)
    answered = Clock(
        name=ClockName.UPDATE, started_at=target.started_at, due_at=target.started_at, met_at=target.started_at
    )
    face = clock_faces.most_urgent([later, answered, target])
    assert face is not None
    assert face.name is ClockName.RESPONSE
