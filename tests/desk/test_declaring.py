"""The declare form (R1 to R3)."""

from __future__ import annotations

import pytest

from apps.incidents.models import Incident, Severity
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.factories.teams import make_person


@pytest.fixture
def known(house):
    return {"title": "CLI is down", "severity": Severity.objects.get(code="P1").pk, "detection": "user_report"}


def test_the_form_shows_what_each_severity_means_and_how_fast_it_is_answered(house, rita):
    Severity.objects.filter(code="P0").update(impact="Complete system outage", examples=["Credential exposure"])
    page = rita.get("/incidents/new/").content.decode()
    assert "Complete system outage" in page
    assert "Credential exposure" in page
    assert "Answer within <b>15 min</b>" in page
    assert "Resolve within <b>72 h</b>" in page


def test_declaring_leads_to_the_page_of_the_new_incident(house, rita, known):
    answer = rita.post("/incidents/new/", {**known, "services": [house.api.pk], "summary": "Exit code 1"})
    incident = Incident.objects.get()
    assert answer["Location"] == f"/incidents/{incident.reference}/"
    assert (incident.title, incident.severity.code, incident.summary) == ("CLI is down", "P1", "Exit code 1")
    assert (incident.team, list(incident.services.all())) == (house.platform, [house.api])
    assert (incident.detection, incident.declared_by) == ("user_report", house.rita)


def test_without_a_service_or_team_the_persons_only_team_has_it(house, rita, known):
    rita.post("/incidents/new/", known)
    assert Incident.objects.get().team == house.platform


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_is_kept(house, rita, known):
    answer = rita.post("/incidents/new/", {**known, "title": "", "summary": "Half a report"})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert "Half a report" in answer.content.decode()
    assert not Incident.objects.exists()


def auditor_of(house):
    return make_person("Aurel", None, TeamRole.AUDITOR)


def stakeholder_of(house):
    return house.stella


@pytest.mark.parametrize("reader", [stakeholder_of, auditor_of])
def test_whoever_responds_for_no_team_is_offered_no_button_and_told_instead_of_given_the_form(
    house, signed_in, known, reader
):
    client = signed_in(reader(house))
    assert "/incidents/new/" not in client.get("/").content.decode()
    page = client.get("/incidents/new/").content.decode()
    assert "you cannot declare an incident" in page
    assert "<textarea" not in page
    answer = client.post("/incidents/new/", {**known, "services": [house.api.pk]})
    assert answer.status_code == 403
    assert not Incident.objects.exists()


def test_whoever_responds_for_a_team_is_offered_the_button(house, rita):
    assert rita.get("/").content.decode().count('href="/incidents/new/"') == 2


def test_only_teams_that_one_may_declare_for_are_offered(house, known, signed_in):
    add_member(house.ella, house.platform, TeamRole.STAKEHOLDER)
    client = signed_in(house.ella)
    page = client.get("/incidents/new/").content.decode()
    assert f'<option value="{house.ai.pk}">' in page
    assert f'<option value="{house.platform.pk}">' not in page
    answer = client.post("/incidents/new/", {**known, "services": [house.api.pk]})
    assert answer.status_code == 422
    assert "for which you may not declare" in str(answer.context["form"].errors["team"])
    client.post("/incidents/new/", {**known, "services": [house.api.pk], "team": house.ai.pk})
    assert Incident.objects.get().team == house.ai
