"""Earlier versions of a roster: read, and brought back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import (
    form_on,
    revert_page,
    saying_yes,
    signed_in,
)
from tests.rosters.building import member, shown

pytestmark = pytest.mark.django_db


def test_the_history_of_a_roster_is_readable(roster, manager):
    roster.name = "Platform, day and night"
    roster.save()
    page = signed_in(manager).get(reverse("admin:rosters_roster_history", args=[roster.pk]))
    assert page.status_code == 200
    assert "Platform, day and night" in page.content.decode()


def test_a_version_that_is_brought_back_fills_the_shifts(roster, clock, manager):
    before = shown(roster)
    clock.shift(hours=1)
    roster.time_zone = "America/New_York"
    roster.save()
    actions.materialise(roster)
    assert shown(roster) != before
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    assert client.post(revert_page(roster), form).status_code == 302
    roster.refresh_from_db()
    assert (roster.time_zone, roster.history.first().history_user) == ("Europe/Berlin", manager)
    assert shown(roster, 2) == [
        ("anna", "03-02 10:00", "03-02 11:00", "layer"), ("anna", "03-02 11:00", "03-03 08:00", "layer"),
    ]  # fmt: skip
    assert shown(roster)[2:80] == before[1:79]


def test_a_version_that_makes_a_gap_asks_before_it_is_brought_back(roster, clock, manager, people):
    layer = roster.layers.get()
    layer.starts_on = clock.now.date()
    layer.handoff_time = "20:00"
    layer.save()
    Roster.objects.filter(pk=roster.pk).update(time_zone="Asia/Tokyo")
    actions.materialise(Roster.objects.get(pk=roster.pk))
    clock.shift(minutes=30)
    roster.refresh_from_db()
    before = shown(roster)
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    asked = client.post(revert_page(roster), form)
    assert asked.status_code == 200
    assert "Nobody would be on call for Platform from" in asked.content.decode()
    assert "was changed successfully" not in asked.content.decode()
    assert shown(roster) == before
    assert client.post(revert_page(roster), saying_yes(asked, form)).status_code == 302
    roster.refresh_from_db()
    assert roster.time_zone == "Europe/Berlin"
    assert shown(roster) != before


def test_a_frozen_roster_is_not_brought_back_and_a_retired_one_stays_retired(roster, clock, manager):
    client = signed_in(manager)
    form = form_on(client.get(revert_page(roster)))
    roster.time_zone, roster.frozen_until = "Asia/Tokyo", clock.now + timedelta(days=1)
    roster.save()
    answer = client.post(revert_page(roster), form, follow=True)
    assert "Platform is frozen" in answer.content.decode()
    clock.shift(days=2)
    actions.retire(roster, by=manager)
    form = form_on(client.get(revert_page(roster)))
    assert client.post(revert_page(roster), form).status_code == 302
    roster.refresh_from_db()
    assert (roster.time_zone, roster.retired_at) == ("Europe/Berlin", clock.now)
    assert not roster.shifts.filter(during__endswith__gt=clock.now).exists()


def test_a_manager_of_another_team_and_an_auditor_bring_nothing_back(roster, clock, manager):
    form = form_on(signed_in(manager).get(revert_page(roster)))
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    for person, status in ((stranger, 404), (auditor, 403)):
        assert signed_in(person).post(revert_page(roster), form).status_code == status
