"""What holds once an incident is resolved, closed or merged, and what takes it up again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import RuleViolation
from apps.incidents import actions, queries
from apps.incidents.models import ChecklistPart, Status
from apps.teams.models import TeamRole
from tests.factories.checklists import make_checklist
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock):
    make_procedures()
    make_checklist()
    return make_team()


@pytest.fixture
def cora(team):
    return make_person("Cora", team, TeamRole.COMMANDER)


@pytest.fixture
def incident(team, cora):
    return declare(team, cora)


def close(incident, by):
    for item in incident.checklist.exclude(gates="resolved"):
        actions.tick(item.pk, done=True, by=by)
    return actions.close(incident.pk, by=by)


@pytest.mark.parametrize("wanted", ["declared", "acknowledged", "identified", "monitoring"])
def test_a_resolved_incident_goes_back_to_investigating_only(incident, cora, wanted):
    resolve(incident, cora)
    with pytest.raises(RuleViolation, match="cannot become"):
        actions.transition(incident.pk, to=wanted, by=cora)
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED
    assert actions.transition(incident.pk, to="investigating", by=cora).status == Status.INVESTIGATING


def test_acknowledging_what_is_identified_is_no_step(incident, cora):
    actions.transition(incident.pk, to="identified", by=cora)
    with pytest.raises(RuleViolation):
        actions.transition(incident.pk, to="acknowledged", by=cora)


def test_what_the_resolution_rests_on_stays_settled(incident, cora):
    resolve(incident, cora)
    gating = incident.checklist.filter(gates="resolved").first()
    with pytest.raises(RuleViolation, match="reopen it first"):
        actions.tick(gating.pk, done=False, by=cora)
    with pytest.raises(RuleViolation, match="reopen it first"):
        actions.record_resolution(incident.pk, by=cora, verified=False)
    actions.record_resolution(incident.pk, by=cora, reference="hotfix/7")
    actions.reopen(incident.pk, by=cora)
    actions.tick(gating.pk, done=True, by=cora)
    actions.tick(gating.pk, done=False, by=cora)


def test_what_settles_a_gate_may_become_another_once_resolved(incident, cora):
    gating = incident.checklist.get(gates="resolved")
    actions.waive(gating.pk, reason="There was no time", by=cora)
    actions.record_resolution(incident.pk, by=cora, unverified_reason="No traffic at night")
    actions.resolve(incident.pk, by=cora)
    with pytest.raises(RuleViolation, match="reopen it first"):
        actions.tick(gating.pk, done=False, by=cora)
    assert actions.tick(gating.pk, done=True, by=cora).done
    assert actions.record_resolution(incident.pk, by=cora, verified=True).verified


def test_what_an_alert_resolved_without_its_gates_is_completed_afterwards(team, cora):
    incident = declare(team, severity="P3")
    actions.resolve_by_alert(incident.pk, text="All its alerts are resolved.")
    assert actions.record_resolution(incident.pk, by=cora, reference="hotfix/7").reference == "hotfix/7"
    assert actions.tick(incident.checklist.get(gates="resolved").pk, done=True, by=cora).done


def test_a_reopened_incident_has_its_recovery_and_fix_to_be_checked_anew(incident, cora):
    resolve(incident, cora)
    actions.reopen(incident.pk, by=cora)
    incident.refresh_from_db()
    assert not incident.resolution.verified
    assert not incident.checklist.filter(part=ChecklistPart.IMMEDIATE, done=True).exists()
    with pytest.raises(RuleViolation):
        actions.resolve(incident.pk, by=cora)


def test_until_when_it_goes_on_itself_is_what_the_procedures_say(incident, cora, clock):
    procedures = queries.procedures_in_force()
    procedures.reopen_within = timedelta(hours=2)
    procedures.save()
    resolve(incident, cora)
    clock.shift(hours=2)
    assert actions.reopen(incident.pk, by=cora).pk == incident.pk
    resolve(incident, cora)
    clock.shift(hours=2, seconds=1)
    assert actions.reopen(incident.pk, by=cora).follows == incident


def test_reopening_what_is_closed_twice_makes_one_incident_that_follows(incident, cora):
    close(resolve(incident, cora), cora)
    first = actions.reopen(incident.pk, by=cora, reason="It is back")
    assert actions.reopen(incident.pk, by=cora, reason="It is back").pk == first.pk
    actions.cancel(first.pk, reason="It was not", by=cora)
    assert actions.reopen(incident.pk, by=cora).pk != first.pk


def test_whoever_is_involved_in_what_is_merged_is_involved_in_what_it_became_a_part_of(team, incident, cora):
    outsider = make_person("Otto")
    actions.assign_role(incident.pk, role="technical_lead", person=outsider, by=cora)
    target = declare(team, cora)
    actions.merge(incident.pk, into=target.pk, by=cora)
    assert queries.visible_to(outsider).filter(pk=target.pk).exists()


def test_a_private_incident_becomes_part_of_a_private_one_only(team, cora):
    secret = declare(team, cora, title="Keys were copied", private=True)
    for_all, for_few = declare(team, cora), declare(team, cora, private=True)
    with pytest.raises(RuleViolation, match="is private"):
        actions.merge(secret.pk, into=for_all.pk, by=cora)
    assert not for_all.timeline.filter(text__contains="Keys").exists()
    assert actions.merge(secret.pk, into=for_few.pk, by=cora).status == Status.MERGED


def test_whoever_handed_a_role_over_sees_a_private_incident_no_more_unless_for_another_reason(team, cora):
    secret = declare(team, cora, private=True)
    otto, paul = make_person("Otto"), make_person("Paul")
    actions.assign_role(secret.pk, role="technical_lead", person=otto, by=cora)
    actions.assign_role(secret.pk, role="communications_lead", person=otto, by=cora)
    actions.assign_role(secret.pk, role="technical_lead", person=paul, by=cora)
    assert queries.visible_to(otto).filter(pk=secret.pk).exists()
    actions.assign_role(secret.pk, role="communications_lead", person=paul, by=cora)
    assert not queries.visible_to(otto).filter(pk=secret.pk).exists()
    assert queries.visible_to(paul).filter(pk=secret.pk).exists()


@pytest.mark.parametrize("why", ["declared it", "asked to take Communications Lead", "paged as level 3"])
def test_a_handover_takes_no_other_reason_to_see_a_private_incident_away(team, cora, why):
    secret = declare(team, cora, private=True)
    otto = make_person("Otto")
    actions.assign_role(secret.pk, role="technical_lead", person=otto, by=cora)
    actions.involve(secret, otto, reason=why)
    actions.assign_role(secret.pk, role="technical_lead", person=cora, by=cora)
    assert queries.visible_to(otto).filter(pk=secret.pk).exists()
