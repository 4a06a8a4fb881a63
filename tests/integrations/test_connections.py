"""Connections in the admin: whose they are, where they lead, and what is typed anew (R33)."""

from __future__ import annotations

import pytest

from apps.core import http
from apps.core.errors import AddressForbidden
from apps.integrations.admin import form_for
from apps.integrations.models import CheckState, Connection, ConnectionCheck
from apps.integrations.steps import checking
from apps.integrations.tools import provider_of

TOLD = {"told_site": "https://a.example.com", "told_email": "a@example.com", "told_project": "OPS"}


def form(team, *, everybodys=False, instance=None, **entered):
    entered = {**TOLD, "told_token": "ATATT-1", "team": team.pk if team else "", "is_active": "on", **entered}
    return form_for(provider_of("jira"), keeps_everybodys=everybodys)(entered, instance=instance)


@pytest.fixture
def connection(team) -> Connection:
    made = form(team)
    assert made.is_valid(), made.errors
    return made.save()


def test_only_administrators_connect_for_every_team(team):
    assert form(None).errors["team"] == ["Only administrators connect for every team: choose yours."]
    assert form(None, everybodys=True).is_valid()


@pytest.mark.parametrize("changed", [{"told_site": "https://b.example.com"}, {"told_email": "b@example.com"}])
def test_a_secret_does_not_follow_to_another_place(connection, team, changed):
    moved = form(team, instance=connection, told_token="", **changed)
    assert "Type it once more" in moved.errors["told_token"][0]
    assert form(team, instance=connection, told_token="ATATT-2", **changed).is_valid()


def test_a_secret_stays_where_it_goes_nowhere_else(connection, team):
    kept = form(team, instance=connection, told_token="", told_project="DEV")
    assert kept.is_valid(), kept.errors
    assert (kept.save().secrets["token"], connection.told["project"]) == ("ATATT-1", "DEV")


@pytest.mark.parametrize(
    "site", ["https://a.example.com:port", "http://a.example.com", "javascript:alert(1)", "a.example.com", "https://"]
)
def test_what_is_no_address_is_refused(team, settings, site):
    settings.OUTBOUND_PRIVATE = ""
    assert list(form(team, told_site=site).errors) == ["told_site"]


def test_one_that_came_in_all_the_same_is_said_to_be_none(connection):
    with pytest.raises(AddressForbidden), http.client("https://a.example.com:port"):
        pass
    Connection.objects.update(told={**connection.told, "site": "https://a.example.com:port"})
    checking.check_later(connection)
    checking.check(connection.pk)
    assert ConnectionCheck.objects.get(connection=connection).state == CheckState.BAD
