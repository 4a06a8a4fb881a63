from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.communications.models import MessageTemplate
from apps.engine.runner import run_due
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person


@pytest.fixture
def client():
    administrator = make_person("Ada", None, TeamRole.ADMIN)
    administrator.is_staff = True
    administrator.save()
    client = Client()
    client.force_login(administrator)
    return client


def test_an_unknown_placeholder_is_said_at_its_field(client):
    form = {"audience": "external", "phase": "initial", "subject": "Sorry", "body": "{secret}"}
    answer = client.post(reverse("admin:communications_messagetemplate_add"), form)
    assert answer.status_code == 200
    assert "Nobody fills {secret}." in answer.context["adminform"].form.errors["body"][0]
    assert not MessageTemplate.objects.filter(subject="Sorry").exists()


def test_what_was_sent_is_read_and_never_edited(clock, team, client):
    declare(team)
    clock.shift(seconds=2)
    run_due()
    sent = team.incidents.get().updates.get()
    page = reverse("admin:communications_update_change", args=[sent.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"message": "Something else"}).status_code == 403


def test_messages_of_private_incidents_stay_hidden_from_administrators(clock, team, commander, client):
    declare(team, commander, private=True, title="A leaked key")
    clock.shift(seconds=2)
    run_due()
    assert "A leaked key" not in client.get(reverse("admin:communications_update_changelist")).content.decode()
