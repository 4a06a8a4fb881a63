"""A team works by its own calendar; what it does not say itself is as the procedures say."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from apps.incidents import queries
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_team

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def team(clock):
    make_procedures()
    return make_team()


def berlin(*instant: int) -> datetime:
    return datetime(*instant, tzinfo=BERLIN)


def end_of_next_business_day(team, *instant: int) -> datetime:
    return queries.calendar_of(team).end_of_next_business_day(berlin(*instant))


def test_without_a_calendar_of_its_own_it_has_the_procedures_hours_and_holidays_by_its_own_clock(team):
    assert end_of_next_business_day(team, 2026, 7, 2, 12) == berlin(2026, 7, 6, 17)  # 3 July is free in the USA
    assert queries.calendar_of(team).is_business_day(date(2026, 10, 3)) is False  # a Saturday


def test_with_one_of_its_own_its_days_hours_and_holidays_count(team):
    team.holidays_of, team.work_begins, team.work_ends = "DE", time(8), time(16, 30)
    team.working_days = ["mon", "tue", "wed", "thu"]
    assert end_of_next_business_day(team, 2026, 7, 2, 12) == berlin(2026, 7, 6, 16, 30)
    assert end_of_next_business_day(team, 2026, 4, 2, 12) == berlin(2026, 4, 7, 16, 30)  # Easter Monday is free


@pytest.mark.parametrize(
    ("field", "value"),
    [("holidays_of", "XX"), ("work_ends", time(0, 0)), ("time_zone", "Mars/Olympus"), ("working_days", ["fun"])],
)
def test_a_calendar_that_cannot_be_is_refused_at_its_field(team, field, value):
    setattr(team, field, value)
    with pytest.raises(ValidationError) as refused:
        team.full_clean()
    assert list(refused.value.message_dict) == [field]
