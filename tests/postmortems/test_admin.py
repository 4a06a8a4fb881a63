from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.engine.runner import run_due
from apps.postmortems import actions
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person


@pytest.fixture
def client():
    administrator = make_person("Ada", None, TeamRole.ADMIN)
    administrator.is_staff = True
    administrator.save()
    client = Client()
    client.force_login(administrator)
    return client


def reviewed(team, by, **known):
    incident = resolve(declare(team, by, **known), by)
    run_due()
    return incident.postmortem


def test_an_administrator_reads_a_review_and_who_wrote_it(clock, team, commander, client):
    review = reviewed(team, commander)
    actions.edit(review.pk, by=commander, summary="The disk was full.")
    read = client.get(reverse("admin:postmortems_postmortem_change", args=[review.pk]))
    assert "The disk was full." in read.content.decode()
    history = client.get(reverse("admin:postmortems_postmortem_history", args=[review.pk]))
    assert "Carla" in history.content.decode()


@pytest.mark.parametrize("page", ["change", "history"])
def test_a_private_review_stays_hidden_from_administrators(clock, team, commander, client, page):
    review = reviewed(team, commander, private=True, title="A leaked key")
    listed = client.get(reverse("admin:postmortems_postmortem_changelist"))
    answer = client.get(reverse(f"admin:postmortems_postmortem_{page}", args=[review.pk]))
    assert answer.status_code != 200
    assert str(review.incident) not in listed.content.decode()
