"""The filters of the lists in the admin tell no manager what other teams have."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.alerts.models import Format, Integration
from apps.rosters.models import Roster
from apps.teams.models import TeamRole
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_filters_of_a_list_name_nothing_of_other_teams(client, model):
    make_procedures()
    own, other = make_team("platform"), make_team("elsewhere")
    for team in (own, other):
        Roster.objects.create(slug=team.slug, name=f"Roster of {team.name}", team=team)
        Integration.objects.create(
            team=team, name=f"Sender of {team.name}", format=Format.GENERIC, key_digest=team.slug
        )
    manager = make_person("Mona", own, TeamRole.MANAGER)
    manager.is_staff = True
    manager.save()
    client.force_login(manager)
    page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert page.status_code in (200, 403)
    assert other.name not in page.content.decode()
