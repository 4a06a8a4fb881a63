"""What the address of an admin page may ask for: nonsense is no fault of the house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.rosters.models import Roster
from apps.teams.models import TeamRole
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
NONSENSE = ("abc", "[1", "9" * 30, "2026-03-02T09:00:00Z")


@pytest.fixture
def administrator(db, client):
    make_procedures()
    person = make_person("Ada", None, TeamRole.ADMIN)
    person.is_staff = person.is_superuser = True
    person.save()
    client.force_login(person)
    return person


def page_of(model, name: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}")


def asked_by(filters: Any) -> Iterator[str]:
    """What an address can ask a list by these filters, and besides."""
    yield from ("q", "o", "p")
    for each in filters:
        if isinstance(each, type):
            yield each.parameter_name
        else:
            name = each if isinstance(each, str) else each[0]
            yield from (name, f"{name}__exact", f"{name}__id__exact")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_that_is_asked_for_what_no_text_holds_is_no_fault(administrator, client, model):
    for name in asked_by(admin.site._registry[model].list_filter):
        assert client.get(page_of(model, "changelist"), {name: "a\x00"}).status_code == 400, name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_page_to_add_one_that_begins_with_nonsense_is_no_fault(administrator, client, rf, model):
    request = rf.get("/")
    request.user = administrator
    page = admin.site._registry[model]
    if not page.has_add_permission(request):
        assert client.get(page_of(model, "add")).status_code == 403
        return
    for value in NONSENSE:
        begun = dict.fromkeys(page.get_form(request).base_fields, value)
        assert client.get(page_of(model, "add"), begun).status_code == 200, value


def test_what_the_address_says_of_a_new_row_stands_on_its_page(administrator, client):
    team = make_team("platform")
    said = {"name": "Holidays", "team": team.pk, "frozen_until": "2026-03-09T09:00:00Z"}
    page = client.get(page_of(Roster, "add"), said).content.decode()
    assert 'value="Holidays"' in page
    assert f'<option value="{team.pk}" selected>' in page
    assert 'value="09/03/2026"' in page
