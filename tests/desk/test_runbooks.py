"""Runbooks of the procedures, worked through in an incident, and what was found of its cause (R15, R20, R23)."""

from __future__ import annotations

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.incidents import actions, queries, runbooks
from apps.incidents.models import ChecklistItem, EventKind, Incident, Procedures
from apps.teams.models import TeamRole
from tests.factories.teams import make_person

GUIDES = [
    {
        "key": "fix",
        "name": "Implement the fix",
        "phase": "resolution",
        "steps": [{"text": "Start the hotfix", "command": "git checkout -b hotfix"}, {"text": "Deploy"}],
    },
    {
        "key": "data_recovery",
        "name": "Data recovery",
        "phase": "recovery",
        "suggested_by": "data_integrity",
        "steps": [{"text": "List available backups", "command": "ado backup list"}, {"text": "Compare checksums"}],
    },
]


@pytest.fixture(autouse=True)
def _guides(house) -> None:
    procedures = Procedures.objects.get()
    procedures.resources = {
        "guides": GUIDES,
        "references_at": "https://docs.example.com/ops/",
        "references": [
            {"text": "Architecture", "path": "../ARCHITECTURE.md"},
            {"text": "Evil", "path": "javascript:x"},
        ],
    }
    procedures.save()


def part(client, incident: Incident) -> str:
    return " ".join(client.get(f"{incident.get_absolute_url()}parts/runbooks/").content.decode().split())


def progress(incident: Incident, key: str) -> runbooks.Progress:
    found = runbooks.progress_of(incident, queries.procedures_in_force())
    return next(each for each in found if each.key == key)


def test_before_it_is_started_a_runbook_is_there_to_look_up_and_to_copy(incident, rita):
    page = part(rita, incident)
    assert 'data-copy="git checkout -b hotfix"' in page
    assert "Start the runbook" in page
    assert not progress(incident, "fix").is_started


def test_once_it_is_started_its_steps_are_ticked_and_what_was_seen_is_kept(incident, house, rita):
    rita.post(f"{incident.get_absolute_url()}runbooks/data_recovery/start/")
    first = progress(incident, "data_recovery").items[0]
    rita.post(f"{incident.get_absolute_url()}checklist/{first.pk}/seen/", {"seen": "backup-20240129-1200, backlog"})
    rita.post(f"{incident.get_absolute_url()}checklist/{first.pk}/seen/", {"seen": "restored and verified"})
    page = part(rita, incident)
    assert "backup-20240129-1200, backlog restored and verified" in page
    assert "1 of 2" in page
    told = incident.timeline.filter(kind__in=[EventKind.RUNBOOK_STARTED, EventKind.CHECKLIST_TICKED])
    assert [(event.actor, event.text) for event in told] == [
        (house.rita, "Runbook started: Data recovery"),
        (house.rita, "☑ List available backups: backup-20240129-1200, backlog"),
        (house.rita, "☑ List available backups: restored and verified"),
    ]
    assert first.history.first().history_user == house.rita


def test_a_runbook_is_started_once_and_keeps_its_steps(incident, house):
    for _ in range(2):
        actions.start_runbook(incident.pk, key="fix", by=house.rita)
    procedures = Procedures.objects.get()
    procedures.resources = {"guides": []}
    procedures.save()
    assert [item.text for item in progress(incident, "fix").items] == ["Start the hotfix", "Deploy"]


def test_steps_of_runbooks_gate_nothing_and_are_no_part_of_the_checklist(incident, house, rita):
    missing = queries.missing_for(incident, "resolved")
    actions.start_runbook(incident.pk, key="fix", by=house.rita)
    page = rita.get(f"{incident.get_absolute_url()}parts/checklist/").content.decode()
    assert "Do initial" in page
    assert "Start the hotfix" not in page
    assert queries.missing_for(incident, "resolved") == missing


def test_data_that_are_compromised_ask_for_their_recovery(incident, house, rita):
    assert "Data compromised" not in part(rita, incident)
    actions.assess_impact(incident.pk, by=house.rita, data_integrity="compromised")
    assert progress(incident, "data_recovery").is_suggested
    assert "Data compromised" in part(rita, incident)


def test_what_is_open_again_says_nothing_of_what_was_seen(incident, house):
    actions.start_runbook(incident.pk, key="fix", by=house.rita)
    item = progress(incident, "fix").items[0]
    actions.tick(item.pk, done=True, seen="All well", by=house.rita)
    actions.tick(item.pk, done=False, by=house.rita)
    assert ChecklistItem.objects.get(pk=item.pk).seen == ""
    with pytest.raises(Invalid, match="of what is done"):
        actions.tick(item.pk, done=False, seen="All well", by=house.rita)
    with pytest.raises(Invalid, match="2000"):
        actions.tick(item.pk, done=True, seen="x" * 2001, by=house.rita)


def test_what_was_seen_is_added_as_it_is_said_and_stays_who_did_it(incident, house, clock):
    actions.start_runbook(incident.pk, key="fix", by=house.rita)
    item = progress(incident, "fix").items[0]
    actions.tick(item.pk, done=True, seen="Not all well", by=house.rita)
    done_at = clock.now
    clock.shift(minutes=5)
    other = make_person("Ron", incident.team, TeamRole.RESPONDER)
    for _ in range(2):
        actions.tick(item.pk, done=True, seen="well", by=other)
    item.refresh_from_db()
    assert item.seen == "Not all well\nwell"
    assert (item.by, item.at) == (house.rita, done_at)
    assert incident.timeline.filter(kind="checklist_ticked").last().actor == other


def test_only_who_responds_starts_one_that_there_is_while_it_is_not_over(incident, house):
    with pytest.raises(NotAllowed):
        actions.start_runbook(incident.pk, key="fix", by=house.stella)
    with pytest.raises(Invalid, match="no runbook"):
        actions.start_runbook(incident.pk, key="nothing", by=house.rita)
    actions.cancel(incident.pk, reason="A false alarm", by=house.rita)
    with pytest.raises(RuleViolation):
        actions.start_runbook(incident.pk, key="fix", by=house.rita)


def test_further_reading_is_linked_where_it_lies_on_the_web(incident, rita):
    page = part(rita, incident)
    assert 'href="https://docs.example.com/ARCHITECTURE.md"' in page
    assert "javascript:" not in page


def test_what_was_found_of_the_cause_is_a_note_of_its_own(incident, house, rita):
    rita.post(f"{incident.get_absolute_url()}causes/", {"about": "errors", "text": "Timeouts since 09:40"})
    event = incident.timeline.last()
    assert (event.kind, event.actor, event.data) == (
        "cause_noted",
        house.rita,
        {"about": "errors", "text": "Timeouts since 09:40"},
    )
    page = " ".join(rita.get(f"{incident.get_absolute_url()}parts/looking/").content.decode().split())
    assert '<span class="strong">Error patterns</span> Timeouts since 09:40' in page


@pytest.mark.parametrize("wrong", [{"about": "stars"}, {"text": " "}])
def test_a_cause_says_where_it_was_looked_and_what_was_found(incident, house, wrong):
    with pytest.raises(Invalid):
        actions.note_cause(incident.pk, by=house.rita, **{"about": "errors", "text": "Timeouts", **wrong})
