"""What was changed because of an incident links back to it, and it to that (R32)."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.models import LinkKind, Service, ServiceLink
from apps.core.errors import Invalid, NotAllowed
from apps.engine.runner import run_due
from apps.incidents.models import ProceduresRevision
from apps.postmortems import actions
from apps.postmortems.models import Improvement
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

pytestmark = pytest.mark.django_db(transaction=True)

RUNBOOK = "https://docs.example.com/runbooks/disks"
PROCEDURES = Path("procedures/ado.yml")


@pytest.fixture
def ann(team):
    return make_person("Ann", team, TeamRole.COMMANDER)


@pytest.fixture
def incident(team, ann):
    found = declare(team, ann, title="Disks full")
    resolve(found, ann)
    run_due()
    return found


@pytest.fixture
def signed_in(client, ann):
    client.force_login(ann, backend="apps.teams.backends.PeopleBackend")
    return client


def test_a_runbook_links_back_from_its_service_and_the_review_to_it(signed_in, incident, team):
    service = Service.objects.create(slug="agents", name="Agents", team=team)
    ServiceLink.objects.create(service=service, kind=LinkKind.RUNBOOK, title="Disks", url=RUNBOOK)
    told = {"title": "How disks are cleaned", "kind": "runbook", "url": RUNBOOK, "revision": ""}
    assert signed_in.post(f"/postmortems/{incident}/improvements/", told).status_code == 302
    review = signed_in.get(f"/postmortems/{incident}/").content.decode()
    assert f'<a href="{RUNBOOK}" rel="noreferrer">How disks are cleaned</a>' in review
    services = signed_in.get("/services/").content.decode()
    assert f'href="/postmortems/{incident}/">changed because of {incident}</a>' in services


def test_a_revision_of_the_procedures_says_because_of_which_incident(signed_in, incident, ann):
    revision = ProceduresRevision.objects.first()
    actions.record_improvement(incident.pk, kind="procedures", title="P1 pages sooner", revision=revision, by=ann)
    page = " ".join(signed_in.get("/procedures/").content.decode().split())
    assert f'Because of <a class="mono" href="/postmortems/{incident}/">{incident}</a>: P1 pages sooner' in page
    assert f'href="/procedures/{revision.pk}/"' in signed_in.get(f"/postmortems/{incident}/").content.decode()


def test_of_an_incident_that_one_may_not_see_nothing_is_said(client, team, ann):
    secret = declare(team, ann, private=True, title="Payroll leaked")
    revision = ProceduresRevision.objects.first()
    actions.record_improvement(secret.pk, kind="procedures", title="Canary", revision=revision, by=ann)
    viewer = make_person("Vic", team, TeamRole.STAKEHOLDER)
    client.force_login(viewer, backend="apps.teams.backends.PeopleBackend")
    assert "Canary" not in client.get("/procedures/").content.decode()
    assert client.get("/api/v1/improvements/").json()["results"] == []


def test_by_the_api_it_is_recorded_listed_and_taken_back(signed_in, incident, ann):
    told = {"incident": str(incident), "kind": "training", "title": "Course on disks", "url": RUNBOOK}
    made = signed_in.post("/api/v1/improvements/", told, content_type="application/json")
    assert (made.status_code, made.json()["made_by"]["email"]) == (201, ann.email)
    (listed,) = signed_in.get("/api/v1/improvements/?kind=training").json()["results"]
    assert listed == made.json()
    assert signed_in.delete(f"/api/v1/improvements/{listed['id']}/").status_code == 204
    assert not Improvement.objects.exists()
    assert Improvement.history.get(history_type="-").history_user == ann  # type: ignore[attr-defined]


def test_applying_procedures_because_of_an_incident_links_them(incident, tmp_path):
    changed = tmp_path / "ado.yml"
    changed.write_text(PROCEDURES.read_text(encoding="utf-8").replace('version: "1.0"', 'version: "1.1"'))
    call_command("procedures", "apply", str(changed), "--because", str(incident), "--force", stdout=StringIO())
    improvement = Improvement.objects.get()
    assert (improvement.incident, improvement.kind) == (incident, "procedures")
    assert improvement.revision == ProceduresRevision.objects.first()
    assert improvement.revision.version == "1.1"
    call_command("procedures", "apply", str(changed), "--because", str(incident), stdout=StringIO())
    assert Improvement.objects.count() == 1
    with pytest.raises(CommandError, match="There is no incident INC-999"):
        call_command("procedures", "apply", str(changed), "--because", "INC-999", stdout=StringIO())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"title": " "}, "title"),
        ({"kind": "miracle"}, "kind"),
    ],
)
def test_what_leads_nowhere_is_refused(incident, ann, wrong, field):
    with pytest.raises(Invalid) as refused:
        actions.record_improvement(
            incident.pk, **{"kind": "runbook", "title": "Disks", "url": RUNBOOK, "by": ann, **wrong}
        )
    assert refused.value.field == field


def test_who_only_reads_records_nothing(incident, team):
    viewer = make_person("Vic", team, TeamRole.STAKEHOLDER)
    with pytest.raises(NotAllowed):
        actions.record_improvement(incident.pk, kind="runbook", title="Disks", url=RUNBOOK, by=viewer)
