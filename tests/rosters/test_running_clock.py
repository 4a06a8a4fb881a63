"""A roster that covers all the time is saved without being asked about the moments that saving it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from apps.rosters.models import Roster
from apps.rosters.rules import Window, outside
from tests.rosters.admin_forms import ADD_ROSTER, form_of, signed_in
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import ROSTERS, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def yesterday(clock) -> str:
    clock.release()
    return f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"


def holes(roster: Roster) -> list[Window]:
    """When nobody is on call, but for what lies beyond the instant up to which shifts were filled."""
    now = datetime.now(UTC)
    filled = settings.ROSTER_HORIZON - timedelta(minutes=5)
    held = [Window(shift.start, shift.end) for shift in roster.shifts.order_by("during")]
    return list(outside([Window(now, now + filled)], held))


def test_in_the_admin(yesterday, team, manager, people):
    form = form_of(team, people) | {"is_primary": "on", "layers-0-starts_on": yesterday}
    assert signed_in(manager).post(ADD_ROSTER, form).status_code == 302
    made = Roster.objects.get()
    assert (made.is_primary, holes(made)) == (True, [])


def test_over_the_api(yesterday, team, manager, people):
    layer = {"name": "Days", "starts_on": yesterday, "people": [person.email for person in people]}
    body = {"slug": "nights", "name": "Nights", "team": "platform", "is_primary": True, "layers": [layer]}
    client = client_of(manager)
    assert send(client, "post", ROSTERS, body).status_code == 201
    made = Roster.objects.get()
    assert (made.is_primary, holes(made)) == (True, [])
    weekly = set(made.shifts.values_list("during", flat=True))
    assert send(client, "patch", f"{ROSTERS}nights/", {"layers": [layer | {"rotation": "days"}]}).status_code == 200
    assert made.layers.get().rotation == "days"
    assert len(set(made.shifts.values_list("during", flat=True)) - weekly) > 100
    assert holes(made) == []
