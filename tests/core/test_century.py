"""What people enter lies within the century, however near to its ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from rest_framework.exceptions import ValidationError

from apps.core.api_fields import EnteredInstant, Instant
from apps.core.century import FIRST_MOMENT, LAST_MOMENT, check_moments
from apps.core.errors import Invalid

A_SECOND = timedelta(seconds=1)
BEYOND = [FIRST_MOMENT - A_SECOND, LAST_MOMENT + A_SECOND, datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))]


@pytest.mark.parametrize("moment", [None, FIRST_MOMENT, LAST_MOMENT, datetime(2026, 3, 2, tzinfo=UTC)], ids=str)
def test_what_lies_within_is_taken(moment):
    check_moments(start=moment)
    if moment is not None:
        assert EnteredInstant().run_validation(moment.isoformat()) == moment


@pytest.mark.parametrize("moment", BEYOND, ids=str)
def test_what_lies_beyond_is_told_by_its_field(moment):
    with pytest.raises(Invalid, match="Expected a day") as refused:
        check_moments(start=FIRST_MOMENT, end=moment)
    assert refused.value.field == "end"


@pytest.mark.parametrize("said", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00-01:00", "9999-12-31T23:59:59-12:00"])
def test_over_the_api_what_is_kept_lies_within_and_what_is_asked_about_may_lie_beyond(said):
    with pytest.raises(ValidationError):
        EnteredInstant().run_validation(said)
    if not said.startswith("9999"):  # no moment in UTC
        assert Instant().run_validation(said) == datetime.fromisoformat(said)
