"""Putting procedures in force: what is written, what is kept, and who is asked before an edit is overwritten."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.contacts.models import ContactGroup, EmergencyContact
from apps.contacts.queries import reachable_methods
from apps.core.errors import Invalid
from apps.engine.runner import run_due
from apps.escalation.models import Level, Trigger
from apps.incidents.models import Procedures, ProceduresOrigin, ProceduresRevision, Severity
from apps.procedures import current, export, reading, structure
from apps.procedures.apply import EditedMeanwhile, apply, plan
from apps.procedures.document import Document
from apps.teams.models import User
from tests.factories.procedures import FILE, put_in_force

pytestmark = pytest.mark.django_db


def with_edits(*edits: tuple[str, str]):
    text = FILE.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, f"{old!r} is not in the file any more"
        text = text.replace(old, new, 1)
    return reading.parse(text.encode(), name="edited.yml")


@pytest.fixture
def in_force():
    return put_in_force()


def history_rows() -> int:
    return sum(model.history.count() for model in (Severity, Level, Trigger, EmergencyContact, Procedures))


def test_what_is_in_force_is_what_the_file_says(in_force):
    assert current.document() == in_force


def test_applying_twice_changes_nothing_and_leaves_no_history(in_force):
    before = history_rows()
    again = apply(reading.load(FILE))
    assert (again.changes, again.revision) == ((), None)
    assert history_rows() == before
    assert ProceduresRevision.objects.count() == 1


def test_what_was_exported_applies_without_a_change(in_force):
    exported = reading.parse(export.to_yaml(current.document()).encode(), name="export")
    assert apply(exported).changes == ()
    assert ProceduresRevision.objects.count() == 1


def test_a_change_is_shown_before_it_is_made_and_makes_a_revision(in_force):
    document = with_edits(("after: 15m", "after: 10m"))
    assert [str(change) for change in plan(document).changes] == ['~ escalation.P0[1].after: "15m" → "10m"']
    assert current.document() == in_force
    revision = apply(document).revision
    assert Level.objects.get(policy__severity__code="P0", number=2).after == timedelta(minutes=10)
    assert revision.origin == ProceduresOrigin.FILE
    assert revision.document["escalation"]["P0"][1]["after"] == "10m"
    assert ProceduresRevision.objects.count() == 2


def test_only_the_rows_that_change_get_history_with_reason_and_person(in_force):
    person = User.objects.create_user("sam@example.com", name="Sam")
    before = history_rows()
    apply(with_edits(("after: 15m", "after: 10m")), by=person)
    assert history_rows() == before + 1
    record = Level.objects.get(policy__severity__code="P0", number=2).history.first()
    assert (record.history_user, record.history_change_reason) == (person, "procedures 1.0 applied")


def test_an_edit_in_the_admin_is_not_overwritten_unless_forced(in_force):
    level = Level.objects.get(policy__severity__code="P0", number=2)
    level.after = timedelta(minutes=12)
    level.save()
    with pytest.raises(EditedMeanwhile) as caught:
        apply(reading.load(FILE))
    assert [change.where for change in caught.value.overwritten] == ["escalation.P0[1].after"]
    level.refresh_from_db()
    assert level.after == timedelta(minutes=12)
    apply(reading.load(FILE), force=True)
    level.refresh_from_db()
    assert level.after == timedelta(minutes=15)


def test_an_edit_in_the_admin_does_not_stand_in_the_way_of_a_change_elsewhere(in_force):
    level = Level.objects.get(policy__severity__code="P0", number=2)
    level.after = timedelta(minutes=12)
    level.save()
    document = with_edits(("after: 15m", "after: 12m"), ("response: 30m", "response: 25m"))
    assert [change.where for change in apply(document).changes] == ["severities.P1.response"]
    assert current.document() == document


def test_a_contact_that_pages_has_a_reachable_person_behind_it(in_force):
    contact = EmergencyContact.objects.get(group=ContactGroup.ESCALATION, key="cto")
    assert contact.person.email == "cto@terragon.com"
    assert not contact.person.has_usable_password()
    assert [method.value for method in reachable_methods(contact.person)] == ["cto@terragon.com"]


def test_what_the_file_no_longer_has_is_retired_and_comes_back(in_force):
    text = FILE.read_text(encoding="utf-8")
    media = text[text.index("  media:\n") : text.index("  cause_unclear:\n")]
    apply(with_edits((media, "")))
    assert Trigger.objects.get(key="media").is_active is False
    assert "media" not in current.document().triggers
    apply(in_force)
    assert Trigger.objects.get(key="media").is_active is True
    assert current.document() == in_force


def test_a_level_that_is_gone_from_the_file_is_gone_from_the_chain(in_force):
    text = FILE.read_text(encoding="utf-8")
    ceo = text[text.index("    - level: 5\n") : text.index("  P1:\n    - level: 1")]
    document = with_edits((ceo, ""))
    apply(document)
    assert current.document() == document
    apply(in_force)
    assert current.document() == in_force


def test_a_severity_that_is_gone_from_the_file_is_kept_for_the_incidents_that_had_it(in_force):
    plain = structure.plain(in_force)
    for part in (plain["severities"], plain["escalation"], plain["communication"]["schedule"]):
        del part["P3"]
    del plain["communication"]["templates"]["internal"]["initial"]["P3"]
    plain["alerts"] |= {"severity_rules": plain["alerts"]["severity_rules"][1:4], "opsgenie_priorities": {}}
    document = structure.build(Document, plain)
    apply(document)
    assert current.document() == document
    assert Severity.objects.get(code="P3").is_active is False
    apply(in_force)
    assert current.document() == in_force


def test_unknown_people_and_rosters_are_named_together_and_nothing_is_applied(in_force):
    document = with_edits(
        ("- title: Senior Developer", "- title: Senior Developer\n        person: nobody@example.com"),
        ("- oncall: team", "- roster: nowhere"),
        ("after: 15m", "after: 10m"),
    )
    with pytest.raises(Invalid) as caught:
        apply(document)
    assert str(caught.value).splitlines() == [
        "escalation.P0[0].targets[0].roster: there is no roster nowhere",
        "roles.commander.candidates[1].person: nobody has the address nobody@example.com",
    ]
    assert current.document() == in_force


def test_an_edit_in_the_admin_makes_one_revision(in_force, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        severity = Severity.objects.get(code="P0")
        severity.response_time = timedelta(minutes=14)
        severity.save()
        severity.label = "Very critical"
        severity.save()
    assert len(callbacks) == 1
    revision = ProceduresRevision.objects.first()
    assert revision.origin == ProceduresOrigin.ADMIN
    assert revision.document["severities"]["P0"]["response"] == "14m"
    assert ProceduresRevision.objects.count() == 2


def test_an_edit_whose_process_ended_right_after_its_commit_is_a_revision_too(in_force, clock):
    severity = Severity.objects.get(code="P0")
    severity.label = "Very critical"
    severity.save()
    assert ProceduresRevision.objects.count() == 1
    clock.shift(minutes=1)
    run_due()
    assert ProceduresRevision.objects.count() == 2
    assert ProceduresRevision.objects.first().document["severities"]["P0"]["label"] == "Very critical"


def test_the_number_of_queries_does_not_grow_with_the_document(in_force, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        current.document()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("procedures", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_checks_shows_applies_and_exports(tmp_path):
    copy = tmp_path / "ours.yml"
    assert run("check", str(FILE)).endswith("valid, version 1.0 of 2024-01-29\n")
    assert "+ severities: " in run("diff", str(FILE))
    assert not Procedures.objects.exists()
    assert "In force: ADO incident response procedures, version 1.0, revision " in run("apply", str(FILE))
    assert run("diff", str(FILE)) == "Nothing changes.\n"
    run("export", str(copy))
    assert run("apply", str(copy)) == "Nothing changes.\n"
    assert run("export", "-") == copy.read_text(encoding="utf-8")


def test_the_command_prints_json(in_force, tmp_path):
    copy = tmp_path / "ours.yml"
    copy.write_text(FILE.read_text(encoding="utf-8").replace("after: 15m", "after: 10m", 1), encoding="utf-8")
    assert json.loads(run("diff", str(copy), "--json")) == {
        "changes": [{"path": "escalation.P0[1].after", "before": "15m", "after": "10m"}],
        "overwrites": [],
    }
    applied = json.loads(run("apply", str(copy), "--json"))
    assert applied["revision"] == ProceduresRevision.objects.first().pk
    assert json.loads(run("export", "-", "--json"))["escalation"]["P0"][1]["after"] == "10m"


def test_the_command_fails_with_every_problem_of_the_file(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(FILE.read_text(encoding="utf-8").replace("15m", "soon"), encoding="utf-8")
    with pytest.raises(CommandError, match=r"broken\.yml:\d+: severities\.P0\.response: expected a duration") as caught:
        run("check", str(broken))
    assert caught.value.returncode == 1
    assert len(str(caught.value).splitlines()) == 4


def test_the_command_has_nothing_to_export_before_the_first_apply():
    with pytest.raises(CommandError, match="no procedures in force yet"):
        run("export", "-")


def test_what_was_exported_after_an_edit_and_applied_is_what_later_files_are_compared_to(in_force):
    severity = Severity.objects.get(code="P0")
    severity.label = "Very critical"
    severity.save()
    exported = reading.parse(export.to_yaml(current.document()).encode(), name="exported.yml")
    assert apply(exported).revision.origin == ProceduresOrigin.FILE
    assert apply(exported).revision is None
    changed = export.to_yaml(current.document()).replace("Very critical", "Worst")
    apply(reading.parse(changed.encode(), name="changed.yml"))
    assert Severity.objects.get(code="P0").label == "Worst"
