"""Whoever leaves is out at once, by whatever way they were switched off, and comes back to nothing that stood open."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.rosters import actions as rosters
from apps.rosters.models import Roster, Shift
from apps.teams import actions as teams
from apps.teams.models import TeamRole, User
from tests.factories.teams import make_person, make_team
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(clock) -> User:
    """A responder on call."""
    team = make_team("platform")
    anna = make_person("Anna", team, TeamRole.RESPONDER)
    roster = Roster.objects.create(slug="p", name="P", team=team, time_zone="UTC", is_primary=True)
    layer_of(roster, [anna])
    rosters.materialise(roster, now=clock.now)
    return anna


@pytest.fixture
def administrators(client, root) -> Client:
    client.force_login(root)
    return client


def form_of(person: User, **changes: str) -> dict[str, object]:
    """The page of a person in the admin, as a browser sends it."""
    form: dict[str, object] = {"email": person.email, "name": person.name, "time_zone": "UTC", "holidays_of": ""}
    for rows in ("memberships", "contact_methods", "notification_rules", "notification_preferences"):
        form |= {f"{rows}-TOTAL_FORMS": 0, f"{rows}-INITIAL_FORMS": 0}
    return form | changes


def test_switching_somebody_off_in_the_admin_ends_sessions_tokens_and_shifts(administrators, clock, anna):
    browser = Client()
    browser.force_login(anna)
    _, secret = teams.create_token(anna, name="laptop")
    changed = administrators.post(f"/admin/teams/user/{anna.pk}/change/", form_of(anna, name="Anna B"))
    assert changed.headers["Location"] == f"/people/{anna.pk}/leaving/"  # who takes over is asked next
    assert not Shift.objects.filter(person=anna, during__endswith__gt=clock.now).exists()
    assert anna.tokens.get().revoked_at == clock.now
    again = administrators.post(f"/admin/teams/user/{anna.pk}/change/", form_of(anna, name="Anna B", is_active="on"))
    assert again.status_code == 302
    anna.refresh_from_db()
    assert (anna.is_active, anna.name) == (True, "Anna B")
    assert browser.get("/profile/").status_code == 302
    assert Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert Shift.objects.filter(person=anna, during__endswith__gt=clock.now).exists(), "layers say so again"


def test_other_peoples_sessions_go_on(anna, root):
    browser = Client()
    browser.force_login(root)
    teams.deactivate(anna)
    assert browser.get("/profile/").status_code == 200


def test_the_last_administrator_cannot_be_switched_off_in_the_admin(administrators, root):
    page = administrators.post(f"/admin/teams/user/{root.pk}/change/", form_of(root, is_superuser="on", is_staff="on"))
    assert "Nobody else administrates the organisation" in page.content.decode()
    root.refresh_from_db()
    assert root.is_active


def test_doing_it_twice_is_doing_it_once(anna):
    for _ in range(2):
        teams.deactivate(anna)
    assert User.history.filter(id=anna.pk, is_active=False).count() == 1
