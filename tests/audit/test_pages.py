"""The auditors' pages and their API: search, kept views, and an incident as it was at 14:05."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import SavedView
from apps.audit.record.search import Asked, page
from apps.audit.record.told import tell
from apps.engine.runner import run_due
from apps.escalation.models import LevelState, RunLevel
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, ResponseRole, RoleAssignment, Severity
from apps.teams.models import Team, TeamRole, User
from tests.factories.checklists import make_checklist
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team


@pytest.fixture
def team(db: None, clock: Any) -> Team:
    make_procedures()
    make_checklist()
    return make_team()


@pytest.fixture
def audra(team: Team, client: Client) -> User:
    """An auditor, who is signed in."""
    audra = make_person("Audra", None, TeamRole.AUDITOR)
    client.force_login(audra)
    return audra


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_record_is_searched_by_its_form(client: Client, audra: User, rita: User, team: Team):
    incident = declare(team, rita)
    incidents.add_note(incident.pk, text="It is the disk", by=rita)
    shown = text_of(client.get("/audit/", {"q": "disk", "who": rita.email, "verb": "note", "incident": "INC-99999"}))
    assert "There is no such incident." in shown
    shown = text_of(client.get("/audit/", {"q": "disk", "who": rita.email, "incident": incident.reference}))
    assert "It is the disk" in shown
    assert f"/audit/incidents/{incident.reference}/?at=" in shown
    assert "It is the disk" not in text_of(client.get("/audit/", {"q": "gardener"}))


def test_a_time_that_ends_before_it_begins_is_refused_beside_the_field(client: Client, audra: User):
    answer = client.get("/audit/", {"begin": "2026-03-02T10:00:00", "end": "2026-03-01T10:00:00"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"end": ["It is before From."]}
    assert client.get("/audit/", {"begin": "2026-03-02T10:00:00", "end": "2026-03-02T10:00:00"}).status_code == 200


def test_pages_are_turned(client: Client, audra: User, rita: User, team: Team):
    incident = declare(team, rita)
    for number in range(60):
        incidents.add_note(incident.pk, text=f"Note {number}.", by=rita)
    first = client.get("/audit/", {"verb": "note"})
    assert "Note 59." in text_of(first)
    assert "Note 9." not in text_of(first)
    older = client.get(f"/audit/?{first.context['older']}")
    assert "Note 9." in text_of(older)
    assert older.context["older"] == ""
    newer = client.get(f"/audit/?{older.context['newer']}")
    assert [line.text for line in newer.context["lines"]] == [line.text for line in first.context["lines"]]
    assert client.get("/audit/?before=nonsense").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "team=nowhere",
        "begin=yesterday",
        "address=nowhere",
        "what=x",
        "verb=x",
        "row=1%20OR%201",
        "who=nobody@example.com",
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(client: Client, audra: User, query: str):
    answer = client.get(f"/audit/?{query}")
    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_a_search_is_kept_found_again_and_removed(client: Client, audra: User, team: Team):
    client.post("/audit/views/", {"name": "Notes", "query": "verb=note&before=xyz&evil=1&q="})
    kept = SavedView.objects.get()
    assert (kept.person, kept.query) == (audra, "verb=note")
    assert 'href="/audit/?verb=note"' in text_of(client.get("/audit/"))
    client.post("/audit/views/", {"name": "Notes", "query": "verb=added"})
    assert SavedView.objects.get().query == "verb=added"
    assert "Notes is replaced." in text_of(client.get("/audit/"))
    assert "verb=added" not in repr(tell(page(audra, Asked(what="audit.savedview"), size=9).places))

    other = make_person("Otto", None, TeamRole.AUDITOR)
    client.force_login(other)
    assert 'href="/audit/?verb=' not in text_of(client.get("/audit/"))
    assert client.post(f"/audit/views/{kept.pk}/remove/").status_code == 404
    client.force_login(audra)
    client.post(f"/audit/views/{kept.pk}/remove/")
    assert not SavedView.objects.exists()


def test_who_audits_nothing_finds_no_page(client: Client, team: Team, rita: User):
    client.force_login(rita)
    assert client.get("/audit/").status_code == 403
    assert 'href="/audit/"' not in text_of(client.get("/"))


def test_an_incident_is_shown_as_it_was(client: Client, clock: Any, audra: User, rita: User, team: Team):
    clock.set(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    incident = declare(team, rita, severity="P1", title="Payments are slow")
    clock.set(datetime(2026, 3, 2, 14, 4, tzinfo=UTC))
    incidents.acknowledge(incident.pk, by=rita)
    item = incident.checklist.first()
    incidents.tick(item.pk, done=True, by=rita)
    clock.set(datetime(2026, 3, 2, 14, 10, tzinfo=UTC))
    incidents.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="All of them", by=rita)
    incidents.tick(incident.checklist.last().pk, done=True, by=rita)
    incidents.add_note(incident.pk, text="Later", by=rita)

    answer = client.get(f"/audit/incidents/{incident.reference}/", {"at": "2026-03-02T14:05"})
    then = answer.context["then"]
    assert (then.state.severity.code, then.state.status) == ("P1", "acknowledged")
    assert [item.id for item in then.checklist if item.done] == [item.pk]
    assert "Later" not in text_of(answer)
    assert "Payments are slow" in text_of(answer)
    assert then.procedures == incident.procedures

    before = client.get(f"/audit/incidents/{incident.reference}/", {"at": "2026-03-02T13:59"})
    assert before.status_code == 422
    assert "was declared later" in text_of(before)
    now = client.get(f"/audit/incidents/{incident.reference}/")
    assert now.context["then"].state.severity.code == "P0"
    assert client.get(f"/audit/incidents/{incident.reference}/", {"at": "x"}).status_code == 422


def as_it_was(client: Client, incident: Incident, at: str) -> Any:
    return client.get(f"/audit/incidents/{incident.reference}/", {"at": f"2026-03-02T{at}"}).context["then"]


def clocks_of(then: Any) -> dict[str, tuple[str, str]]:
    return {clock.label: (f"{clock.due_at:%H:%M}", clock.state) for clock in then.clocks}


def test_clocks_are_those_that_had_begun_to_run_by_then(
    client: Client, clock: Any, audra: User, rita: User, team: Team
):
    clock.set(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    incident = declare(team, rita, severity="P1")
    clock.set(datetime(2026, 3, 2, 14, 10, tzinfo=UTC))
    incidents.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="All of them", by=rita)
    clock.set(datetime(2026, 3, 2, 14, 40, tzinfo=UTC))
    incidents.acknowledge(incident.pk, by=rita)

    before, after, late = (as_it_was(client, incident, at) for at in ("14:05", "14:12", "14:41"))
    assert clocks_of(before)["Response"] == ("14:30", "running")
    assert clocks_of(after)["Response"] == ("14:15", "running")
    assert clocks_of(as_it_was(client, incident, "14:15"))["Response"] == ("14:15", "ran out")
    assert clocks_of(late)["Response"] == ("14:15", "met late")
    assert [each.label for each in late.clocks].count("Response") == 1


def test_levels_are_those_that_were_planned_by_then(client: Client, clock: Any, audra: User, rita: User, team: Team):
    clock.set(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    make_chain("P1", [rita, rita, audra], minutes=(0, 5, 60))
    incident = declare(team, rita, severity="P1")
    for minute in (0, 5, 10):
        clock.set(datetime(2026, 3, 2, 14, minute, tzinfo=UTC))
        run_due()
    run = incident.escalation_runs.get()
    RunLevel.objects.create(
        run=run, round=2, number=1, name="Again", due_at=clock.now, targets=[], state=LevelState.HELD
    )
    assert [(level.title, level.state) for level in as_it_was(client, incident, "14:06").levels] == [
        ("L1", "Paged"),
        ("L2", "Paged"),
        ("L3", "Not decided"),
    ]
    assert [level.title for level in as_it_was(client, incident, "14:10").levels] == ["L1", "L2", "L3", "L1 of round 2"]


def test_a_private_incident_is_shown_as_it_was_to_whom_it_concerns(client: Client, audra: User, rita: User, team: Team):
    incident = declare(team, rita, private=True)
    assert client.get(f"/audit/incidents/{incident.reference}/").status_code == 404
    client.force_login(rita)
    assert client.get(f"/audit/incidents/{incident.reference}/").status_code == 200


def test_an_incident_as_it_was_costs_the_same_for_much(client: Client, audra: User, rita: User, team: Team):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/audit/incidents/{incident.reference}/")
        return len(queries)

    incident: Incident = declare(team, rita)
    incidents.add_note(incident.pk, text="One", by=rita)
    incidents.tick(incident.checklist.first().pk, done=True, by=rita)
    role, *others = ResponseRole.objects.all()
    RoleAssignment.objects.create(incident=incident, role=role, person=rita, since=incident.declared_at)
    few = cost()
    for number in range(30):
        incidents.add_note(incident.pk, text=str(number), by=make_person(f"Person {number}", team, TeamRole.RESPONDER))
    for item in incident.checklist.all():
        incidents.tick(item.pk, done=True, by=rita)
    for role in others:
        RoleAssignment.objects.create(incident=incident, role=role, person=rita, since=incident.declared_at)
    assert cost() <= few


def test_the_api_answers_pages_that_lead_on(client: Client, clock: Any, audra: User, rita: User, team: Team):
    incident = declare(team, rita)
    for number in range(5):
        clock.shift(seconds=1)
        incidents.add_note(incident.pk, text=str(number), by=rita)
    address, texts = f"/api/v1/audit/?verb=note&who={rita.email}&page_size=2", []
    while address:
        page = client.get(address).json()
        texts += [line["text"] for line in page["results"]]
        address = page["next"]
    assert texts == ["4", "3", "2", "1", "0"]
    previous = client.get(page["previous"]).json()
    assert [line["text"] for line in previous["results"]] == ["2", "1"]
    line = previous["results"][0]
    assert (line["who"]["email"], line["incident"], line["verb"]) == (rita.email, incident.reference, "note")


def test_the_api_refuses_what_it_does_not_understand(client: Client, audra: User, rita: User):
    assert client.get("/api/v1/audit/?begin=soon").json()["errors"].keys() == {"begin"}
    assert client.get("/api/v1/audit/?cursor=before.x").status_code == 404
    assert client.get("/api/v1/audit/?cursor=x").status_code == 404
    client.force_login(rita)
    assert client.get("/api/v1/audit/").status_code == 403


def test_times_are_asked_and_answered_as_one_may_expect(
    client: Client, clock: Any, audra: User, rita: User, team: Team
):
    audra.time_zone = "Europe/Berlin"
    audra.save()
    clock.set(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    incident = declare(team, rita)
    clock.shift(minutes=5)
    incidents.add_note(incident.pk, text="Noted", by=rita)
    asked = {"verb": "note", "begin": "2026-03-02T15:05", "end": "2026-03-02T15:06"}
    assert "Noted" in text_of(client.get("/audit/", asked))
    asked |= {"begin": "2026-03-02T14:05:00Z", "end": (clock.now + timedelta(minutes=1)).isoformat()}
    assert [line["text"] for line in client.get("/api/v1/audit/", asked).json()["results"]] == ["Noted"]


def test_the_way_from_a_line_leads_to_the_incident_as_it_was_at_its_instant(
    client: Client, clock: Any, audra: User, rita: User, team: Team
):
    clock.set(datetime(2026, 3, 2, 14, 0, 5, 250_000, tzinfo=UTC))
    incident = declare(team, rita)
    incidents.add_note(incident.pk, text="Now", by=rita)
    clock.shift(seconds=1)
    incidents.add_note(incident.pk, text="A second later", by=rita)
    (line,) = (line for line in client.get("/audit/", {"verb": "note"}).context["lines"] if line.text == "Now")
    answer = client.get(f"/audit/incidents/{incident.reference}/", {"at": line.at.isoformat()})
    assert "Now" in [event.text for event in answer.context["then"].events]
    assert "A second later" not in text_of(answer)
    assert 'value="2026-03-02T14:00:05"' in text_of(answer)
