"""A roster that covers all the time is saved without being asked about the moments that saving it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.rosters.models import Roster
from tests.rosters.admin_forms import ADD_ROSTER, form_of, signed_in
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import ROSTERS, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def yesterday(clock) -> str:
    clock.release()
    return f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"


def test_in_the_admin(yesterday, team, manager, people):
    form = form_of(team, people) | {"is_primary": "on", "layers-0-starts_on": yesterday}
    assert signed_in(manager).post(ADD_ROSTER, form).status_code == 302
    assert Roster.objects.get().is_primary


def test_over_the_api(yesterday, team, manager, people):
    layer = {"name": "Days", "starts_on": yesterday, "people": [person.email for person in people]}
    body = {"slug": "nights", "name": "Nights", "team": "platform", "is_primary": True, "layers": [layer]}
    client = client_of(manager)
    assert send(client, "post", ROSTERS, body).status_code == 201
    assert send(client, "patch", f"{ROSTERS}nights/", {"layers": [layer | {"rotation": "days"}]}).status_code == 200
