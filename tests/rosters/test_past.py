"""No edit of the future ever changes the past: random deeds at moving times, looked at after each of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core.errors import HouseError
from apps.rosters.models import Roster, Shift
from tests.rosters.agreement import behind, check_agreement
from tests.rosters.building import layer_of
from tests.rosters.deeds import DEEDS, STARTS, ZONES, Story, read_a_calendar

pytestmark = pytest.mark.django_db

SHORT_HORIZON = timedelta(days=12)
deeds = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes)) | st.just(timedelta()),
        st.integers(0, 5),
        st.integers(0, 119),
        st.integers(0, 70),
    ),
    min_size=5,
    max_size=14,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@example(STARTS[0], "Europe/Berlin", 1, [(read_a_calendar, timedelta(hours=40), 0, 3, 11)])
@given(st.sampled_from(STARTS), st.sampled_from(ZONES), st.sampled_from([1, 2]), deeds)
def test_whatever_is_done_the_past_stays_and_the_future_is_what_the_roster_says(
    clock, team, manager, people, responder, start, zone, at_once, deeds
):
    with transaction.atomic(), override_settings(ROSTER_HORIZON=SHORT_HORIZON):
        clock.set(start)
        roster = Roster.objects.create(slug="first", name="First", team=team, time_zone=zone, is_primary=True)
        layer_of(roster, people, at_once=at_once, starts_on=start.date() - timedelta(days=2))
        story = Story([*people, responder], manager, [roster])
        story.fill(roster)
        for deed, span, *numbers in deeds:
            clock.set(clock.now + span)
            past = {each: behind(each, clock.now) for each in story.rosters}
            _do(deed, story, numbers)
            for each in story.rosters:
                assert behind(each, clock.now) == past.get(each, []), deed.__name__
                check_agreement(each, until=max(story.filled[each.pk], clock.now + timedelta(minutes=1)))
        transaction.set_rollback(True)


def _do(deed, story: Story, numbers: list[int]) -> None:
    """Do it as a request does: all of it, or, where the house refuses it, nothing."""
    known, rows = list(story.rosters), list(Shift.objects.order_by("pk").values())
    try:
        with transaction.atomic():
            deed(story, *numbers)
    except HouseError:
        story.rosters = known
        assert list(Shift.objects.order_by("pk").values()) == rows
