"""The report of an incident: the same record in every form, to whoever may see it, and nothing read as markup."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.audit.models import Entry
from apps.incidents import actions
from apps.incidents.models import Incident, Via
from apps.insights import documents, report
from apps.insights.documents import Form
from apps.insights.report import Report
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

HOSTILE = "#panic() *bold* <script>alert(1)</script> | [a](javascript:b) $x$ @ref \\ `code`"


@pytest.fixture
def team(db: None, clock: Any) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def rita(team: Team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


@pytest.fixture
def incident(team: Team, rita: User, clock: Any) -> Incident:
    """Acknowledged in time, resolved too late, with a note and an assessment."""
    incident = declare(team, rita, severity="P0")
    clock.shift(minutes=5)
    actions.acknowledge(incident.pk, by=rita, via=Via.WEB)
    actions.add_note(incident.pk, text=HOSTILE, by=rita)
    actions.assess_impact(incident.pk, by=rita, via=Via.WEB, users_affected=1200, data_integrity="verified")
    return Incident.objects.get(pk=incident.pk)


def text_of(told: Report, form: Form) -> str:
    return documents.render(told, form).decode()


@pytest.mark.parametrize("form", [Form.MARKDOWN, Form.HTML, Form.JSON])
def test_every_form_tells_what_was_recorded(incident: Incident, form: Form) -> None:
    text = text_of(report.of(incident), form).replace("\\", "")
    for told in ("P0", "1,200", "Rita", "Response", "met", "Verified", "version 1.0", "2026-03-02 11:05"):
        assert told in text, told


def test_it_has_its_parts_in_the_order_in_which_one_reads_it(incident: Incident) -> None:
    titles = [section.title for section in report.of(incident).sections]
    assert titles == [
        "Facts", "Clocks", "People", "Impact", "Resolution", "Action items", "Communication", "Timeline",
    ]  # fmt: skip


def test_a_breached_clock_is_told_as_such(incident: Incident) -> None:
    running = incident.clocks.get(name="resolution")
    running.breached_at = running.due_at
    running.save()
    clocks = report.of(incident).sections[1]
    assert [(row[0], row[-1]) for row in clocks.rows][:2] == [("Response", "met"), ("Resolution", "breached")]


def test_what_people_wrote_is_markup_in_no_form(incident: Incident) -> None:
    told = report.of(incident)
    assert "<script>" not in text_of(told, Form.HTML)
    markdown = text_of(told, Form.MARKDOWN)
    assert "<script>" not in markdown
    assert "\\[a\\]\\(javascript:b\\)" in markdown
    assert documents.render(told, Form.PDF).startswith(b"%PDF-")


def test_the_pdf_is_tagged_and_says_so(incident: Incident) -> None:
    content = documents.render(report.of(incident), Form.PDF)
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"pdfuaid:part"):
        assert mark in content, mark


def test_letters_that_no_font_has_hinder_no_report(incident: Incident) -> None:
    incident.title = "\U000e0041 \ufdd0 \u0b95"
    assert documents.render(report.of(incident), Form.PDF).startswith(b"%PDF-")


def test_a_private_one_and_a_drill_are_marked(team: Team, rita: User) -> None:
    told = report.of(declare(team, rita, private=True, drill=True))
    assert told.marks == ["PRIVATE", "DRILL"]
    assert "PRIVATE" in text_of(told, Form.MARKDOWN)


def test_it_is_read_in_a_bounded_number_of_queries(
    incident: Incident, rita: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        actions.add_note(incident.pk, text=f"Note {number}", by=rita)
    with django_assert_max_num_queries(14):
        report.of(Incident.objects.select_related("severity", "team", "procedures").get(pk=incident.pk))


def test_of_a_long_timeline_the_first_and_the_last_are_told_and_how_many_are_left_out(
    incident: Incident, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        actions.add_note(incident.pk, text=f"Note {number}", by=rita)
    whole = report.of(incident).sections[-1].rows
    monkeypatch.setattr(report, "LONGEST_TIMELINE", 4)
    told = report.of(incident).sections[-1].rows
    assert (told[:2], told[3:]) == (whole[:2], whole[-2:])
    assert (
        told[2][1] == f"{len(whole) - 4} entries are left out here; they stand on the timeline of {incident.reference}."
    )


def test_a_process_makes_one_pdf_at_a_time(incident: Incident, rita: User, client: Client) -> None:
    client.force_login(rita)
    address = f"{incident.get_absolute_url()}report.pdf"
    with documents._one_at_a_time():
        page = client.get(address, follow=True)
        assert "Another PDF is made at the moment" in page.content.decode()
        assert client.get(f"/api/v1/incidents/{incident.reference}/report/?as=pdf").status_code == 503
        assert client.get(f"{incident.get_absolute_url()}report.md").status_code == 200
    assert client.get(address).content.startswith(b"%PDF-")


def test_it_is_taken_from_the_page_and_that_is_written_down(incident: Incident, rita: User, client: Client) -> None:
    client.force_login(rita)
    page = client.get(incident.get_absolute_url()).content.decode()
    assert f"{incident.get_absolute_url()}report.pdf" in page
    answer = client.get(f"{incident.get_absolute_url()}report.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="{incident.reference}.pdf"'
    assert Entry.objects.filter(act="exported", text=f"Took away {incident.reference}.pdf").exists()
    assert client.get(f"{incident.get_absolute_url()}report.docx").status_code == 404


def test_a_private_one_is_not_there_for_who_may_not_see_it(team: Team, rita: User, client: Client) -> None:
    private = declare(team, rita, private=True)
    client.force_login(make_person("Ron", team, TeamRole.RESPONDER))
    assert client.get(f"{private.get_absolute_url()}report.md").status_code == 404
    assert client.get(f"/api/v1/incidents/{private.reference}/report/").status_code == 404


def test_who_may_not_see_a_private_one_does_not_read_in_the_record_that_it_was_taken(
    team: Team, rita: User, client: Client
) -> None:
    private = declare(team, rita, private=True)
    client.force_login(rita)
    for address in (f"{private.get_absolute_url()}report.md", f"/api/v1/incidents/{private.reference}/report/?as=md"):
        assert client.get(address).status_code == 200
    entries = Entry.objects.filter(act="exported")
    assert list(entries.values_list("incident", "about_row")) == [(private.pk, str(private.pk))] * 2
    client.force_login(User.objects.create_superuser("root@example.com", name="Root"))
    assert private.reference not in client.get("/audit/").content.decode()


def test_the_api_gives_it_as_data_and_in_the_other_forms(incident: Incident, rita: User, client: Client) -> None:
    client.force_login(rita)
    told = client.get(f"/api/v1/incidents/{incident.reference}/report/").json()
    assert (told["reference"], told["sections"][0]["title"]) == (incident.reference, "Facts")
    assert client.get(f"/api/v1/incidents/{incident.reference}/report/?as=pdf").content.startswith(b"%PDF-")
    assert client.get(f"/api/v1/incidents/{incident.reference}/report/?as=docx").status_code == 400


def test_the_command_writes_it(incident: Incident, tmp_path: Path) -> None:
    out = StringIO()
    call_command("incident_report", incident.reference, "--format", "json", stdout=out)
    assert json.loads(out.getvalue())["reference"] == incident.reference
    file = tmp_path / "report.pdf"
    call_command("incident_report", incident.reference, "--format", "pdf", "--out", str(file), stderr=StringIO())
    assert file.read_bytes().startswith(b"%PDF-")
    with pytest.raises(CommandError, match="There is no incident INC-9999999"):
        call_command("incident_report", "INC-9999999")
