"""Everybody gets what is held on them: all of it, nothing secret, and nobody else's words."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Entry
from apps.contacts.models import ContactMethod
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed
from apps.identity.models import Invitation
from apps.incidents import actions as incidents
from apps.incidents.models import ChecklistItem, ChecklistPart, Incident
from apps.notifications.models import Notification
from apps.privacy import belongings, inventory
from apps.privacy.exporting import export
from apps.reports import actions as reports
from apps.reports.models import Report
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.audit.conftest import many_states
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.privacy.conftest import ADDRESS, ELSEWHERE, FORMER, NAME, NUMBER, REASON

pytestmark = pytest.mark.django_db(transaction=True)


def taken(person: User, *, by: User | None = None, reason: str = "They asked") -> ZipFile:
    file = BytesIO()
    export(person, file, by=by or person, reason=reason)
    return ZipFile(file)


def lines(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    if f"{name}.jsonl" not in archive.namelist():
        return []
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


def text_of(archive: ZipFile) -> str:
    return "\n".join(archive.read(name).decode() for name in archive.namelist())


def test_every_table_that_leads_to_a_person_is_exported_or_exempt_with_a_reason() -> None:
    models = apps.get_models(include_auto_created=True)
    person = User(pk=1)
    exported = {part.model for part in inventory.parts(person)}
    theirs = {*belongings.GOES, Notification, Invitation}
    leading = [
        model
        for model in models
        if inventory.ways_to_a_person(model)
        or getattr(model, "personal", None) is not None
        or any(field.related_model in theirs for field in model._meta.concrete_fields if field.is_relation)
    ]
    assert len(leading) > 60
    missing = {model._meta.label_lower for model in leading if model not in exported}
    assert missing - set(inventory.EXEMPT) == set()
    assert set(inventory.EXEMPT) <= {model._meta.label_lower for model in models}, "an exemption of what is gone"


def test_all_that_was_put_in_comes_out(canary: User) -> None:
    archive = taken(canary)
    text = text_of(archive)
    assert [trace for trace in (NAME, ADDRESS, NUMBER, FORMER, ELSEWHERE, REASON) if trace not in text] == []
    assert "I looked at the disks." in text
    assert {"teams.user.csv", "contacts.contactmethod.csv", "rosters.absence.csv", "README.txt"} <= set(
        archive.namelist()
    )
    assert [row["email"] for row in lines(archive, "teams.historicaluser")][:2] == [FORMER, ADDRESS]
    assert "Signed in with a password" in {row["text"] for row in lines(archive, "audit.entry")}


def test_nothing_secret_comes_out(canary: User, root: User) -> None:
    teams.reactivate(canary)
    token, shown = teams.create_token(canary, name="ci")
    hook = ContactMethod.objects.create(person=canary, kind="webhook", value="https://hooks.example.com/s3cr3tpath")
    text = text_of(taken(canary))
    assert '"ci"' in text
    for secret in (shown, token.digest, "s3cr3tpath", canary.password):
        assert secret not in text, hook


def test_it_is_for_oneself_or_an_administrator_with_a_reason(canary: User, root: User, team: Team) -> None:
    with pytest.raises(NotAllowed):
        taken(canary, by=make_person("Mona", team, TeamRole.MANAGER))
    with pytest.raises(Invalid):
        taken(canary, by=root, reason=" ")
    taken(canary, by=root)
    entry = Entry.objects.get(act=Act.EXPORTED)
    assert (entry.by, entry.data["reason"], entry.about_row) == (root, "They asked", str(canary.pk))


def test_of_a_private_incident_only_their_own_lines_are_told(canary: User, root: User, team: Team) -> None:
    teams.reactivate(canary)
    teams.add_member(canary, team, TeamRole.RESPONDER)
    private = declare(team, canary, title="Ransom note", private=True)
    incidents.add_note(private.pk, text="I found a letter", by=canary)
    teams.deactivate(canary)
    archive = taken(canary)
    text = text_of(archive)
    assert "I found a letter" in text
    assert "Ransom note" not in text
    assert private.pk in {row["id"] for row in lines(archive, "incidents.incident_hidden")}


def test_others_words_are_not_told(canary: User, root: User, incident: Incident) -> None:
    incidents.add_note(incident.pk, text="Words of somebody else", by=root)
    text = text_of(taken(canary))
    assert "Words of somebody else" not in text
    assert "root@example.com" not in text


def test_no_cell_is_a_formula(canary: User) -> None:
    canary.name = "=HYPERLINK(1)"
    canary.save()
    table = taken(canary).read("teams.user.csv").decode()
    assert ",=HYPERLINK" not in table
    assert "'=HYPERLINK(1)" in table


def test_much_costs_no_more_statements_than_little(canary: User) -> None:
    with CaptureQueriesContext(connection) as little:
        taken(canary)
    many_states(canary, 3_000)
    with CaptureQueriesContext(connection) as much:
        archive = taken(canary)
    assert len(lines(archive, "teams.historicaluser")) > 3_000
    assert len(much) == len(little)


def test_what_they_saw_of_a_private_incident_s_steps_is_theirs(canary: User, root: User, team: Team) -> None:
    teams.reactivate(canary)
    teams.add_member(canary, team, TeamRole.RESPONDER)
    private = declare(team, canary, title="Ransom note", private=True)
    item = ChecklistItem.objects.create(incident=private, part=ChecklistPart.INITIAL, position=1, text="Look around")
    incidents.tick(item.pk, done=True, seen="Three letters under the door", by=canary)
    teams.deactivate(canary)
    archive = taken(canary)
    for name, column in (("incidents.checklistitem", "seen"), ("incidents.timelineevent", "text")):
        assert any("Three letters" in row[column] for row in lines(archive, name)), name
    assert "Ransom note" not in text_of(archive)


def test_reports_that_were_left_with_their_address_are_told_and_go_in_whatever_case(
    canary: User, root: User, settings: Any
) -> None:
    settings.REPORTS_FROM_ANYBODY = True
    left = reports.report(title="Nothing loads", by=None, name="C", email=ADDRESS.title())
    assert left.email == ADDRESS
    Report.objects.filter(pk=left.pk).update(email=ADDRESS.upper())
    assert [row["title"] for row in lines(taken(canary), "reports.report_left")] == ["Nothing loads"]
    belongings.take_away(canary, [ADDRESS])
    left.refresh_from_db()
    assert (left.name, left.email) == ("", "")
