"""What each status lets one do and what it refuses, and what a step does besides (R4, R13, R21, R22, R28)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid, RuleViolation
from apps.engine.runner import run_due
from apps.incidents import actions, queries
from apps.incidents.models import Clock, EventKind, Incident, Severity, Status
from apps.teams.models import TeamRole
from tests.factories.checklists import make_checklist
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

ENDED = ("resolved", "closed", "cancelled", "merged")
SETTLED = ("closed", "cancelled", "merged")


@pytest.fixture
def team(clock):
    make_procedures()
    make_checklist()
    return make_team()


@pytest.fixture
def cora(team):
    return make_person("Cora", team, TeamRole.COMMANDER)


@pytest.fixture
def incident(team) -> Incident:
    """A P0 that an alert declared: nobody has answered it."""
    return declare(team)


def bring_to(status: str, incident: Incident, by) -> Incident:
    """The incident, brought to ``status`` by ``by``."""
    match status:
        case "resolved":
            resolve(incident, by)
        case "closed":
            bring_to("resolved", incident, by)
            actions.tick(item(incident, "long_term").pk, done=True, by=by)
            actions.close(incident.pk, by=by)
        case "cancelled":
            actions.cancel(incident.pk, reason="A false alarm", by=by)
        case "merged":
            actions.merge(incident.pk, into=declare(incident.team).pk, by=by)
        case "declared":
            pass
        case _:
            actions.transition(incident.pk, to=status, by=by)
    incident.refresh_from_db()
    assert incident.status == status
    return incident


def item(incident, part):
    return incident.checklist.get(part=part)


def latest(incident, name) -> Clock:
    return incident.clocks.filter(name=name).last()


def refused(match: str = ""):
    return pytest.raises(RuleViolation, match=match)


@pytest.mark.parametrize("status", ["acknowledged", "investigating", "identified", "monitoring"])
def test_any_step_forward_acknowledges(incident, cora, clock, status):
    clock.shift(minutes=4)
    moved = actions.transition(incident.pk, to=status, by=cora)
    assert (moved.status, moved.acknowledged_at, moved.acknowledged_by) == (status, clock.now, cora)
    assert latest(incident, "response").met_at == clock.now
    [event] = incident.timeline.filter(kind=EventKind.ACKNOWLEDGED)
    assert (event.actor, event.text) == (cora, "Acknowledged by Cora after 4 min.")


def test_resolving_acknowledges(incident, cora, clock):
    clock.shift(minutes=4)
    resolve(incident, cora)
    incident.refresh_from_db()
    assert (incident.acknowledged_at, incident.acknowledged_by) == (clock.now, cora)
    assert latest(incident, "response").met_at == clock.now


def test_only_the_first_of_several_steps_acknowledges(incident, cora, clock):
    first = clock.now
    actions.transition(incident.pk, to="investigating", by=cora)
    clock.shift(minutes=4)
    olga = make_person("Olga", incident.team, TeamRole.RESPONDER)
    actions.transition(incident.pk, to="identified", by=olga)
    moved = actions.acknowledge(incident.pk, by=olga)
    assert (moved.status, moved.acknowledged_at, moved.acknowledged_by) == ("identified", first, cora)
    assert incident.timeline.filter(kind=EventKind.ACKNOWLEDGED).count() == 1


def test_an_alert_acknowledges_nothing(team):
    """It is a person who answers: what an alert moves waits for one, what an alert resolves was never answered."""
    moved, over = declare(team, severity="P0"), declare(team, severity="P3")
    for each in (moved, over):
        actions.resolve_by_alert(each.pk, text="The alert is over.")
        each.refresh_from_db()
        assert each.acknowledged_at is None
        assert latest(each, "response").met_at is None
    assert (moved.status, latest(moved, "response").is_running) == ("monitoring", True)
    assert (over.status, latest(over, "response").is_running) == ("resolved", False)


@pytest.mark.parametrize("status", ["cancelled", "merged"])
def test_ending_it_without_a_fix_acknowledges_nothing(incident, cora, status):
    bring_to(status, incident, cora)
    assert incident.acknowledged_at is None
    assert latest(incident, "response").met_at is None


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_is_not_acknowledged(incident, cora, status):
    bring_to(status, incident, cora)
    events = incident.timeline.count()
    with refused("there is nothing to acknowledge"):
        actions.acknowledge(incident.pk, by=cora)
    assert incident.timeline.count() == events


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_keeps_its_severity_and_its_clocks(incident, cora, status):
    bring_to(status, incident, cora)
    clocks = list(incident.clocks.values_list())
    with refused("its severity is settled"):
        actions.change_severity(incident.pk, severity=Severity.objects.get(code="P2"), reason="One is down", by=cora)
    incident.refresh_from_db()
    assert incident.severity.code == "P0"
    assert list(incident.clocks.values_list()) == clocks


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_is_not_made_worse_by_an_alert(team, cora, status):
    incident = bring_to(status, declare(team, severity="P2"), cora)
    actions.raise_severity_by_alert(incident.pk, severity=Severity.objects.get(code="P0"), text="All are down")
    incident.refresh_from_db()
    assert incident.severity.code == "P2"


@pytest.mark.parametrize("status", ENDED)
def test_nothing_is_merged_into_what_has_ended(team, incident, cora, status):
    open_one = declare(team)
    bring_to(status, incident, cora)
    with refused("nothing can be merged into it"):
        actions.merge(open_one.pk, into=incident.pk, by=cora)
    open_one.refresh_from_db()
    assert (open_one.status, open_one.merged_into) == (Status.DECLARED, None)


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_is_neither_merged_nor_cancelled(team, incident, cora, status):
    open_one = declare(team)
    bring_to(status, incident, cora)
    before = incident.merged_into
    with refused("cannot become merged"):
        actions.merge(incident.pk, into=open_one.pk, by=cora)
    with refused("cannot become cancelled"):
        actions.cancel(incident.pk, reason="A false alarm", by=cora)
    incident.refresh_from_db()
    assert (incident.status, incident.merged_into) == (status, before)


@pytest.mark.parametrize("status", SETTLED)
def test_the_checklist_of_what_is_settled_stands(incident, cora, status):
    bring_to(status, incident, cora)
    before = list(incident.checklist.values_list())
    for part in ("initial", "long_term"):
        for done in (True, False):
            with refused("its checklist is settled"):
                actions.tick(item(incident, part).pk, done=done, by=cora)
        with refused("its checklist is settled"):
            actions.waive(item(incident, part).pk, reason="Nobody needs it", by=cora)
    assert list(incident.checklist.values_list()) == before


@pytest.mark.parametrize("status", SETTLED)
def test_what_is_settled_has_no_role_to_give(incident, cora, status):
    bring_to(status, incident, cora)
    with refused("its roles are settled"):
        actions.assign_role(incident.pk, role="commander", person=cora, by=cora)
    assert not incident.role_assignments.exists()


@pytest.mark.parametrize("status", SETTLED)
def test_what_is_settled_keeps_its_words_and_its_fix_and_takes_notes(incident, cora, status):
    bring_to(status, incident, cora)
    with refused("its description is settled"):
        actions.describe(incident.pk, title="Another", by=cora)
    with refused("its fix is settled"):
        actions.record_resolution(incident.pk, reference="hotfix/7", by=cora)
    actions.add_note(incident.pk, text="Told the customers", by=cora)
    assert incident.timeline.last().text == "Told the customers"


@pytest.mark.parametrize("status", ["declared", "acknowledged", "monitoring", "cancelled", "merged"])
def test_what_was_not_resolved_is_neither_reopened_nor_closed_nor_confirmed(incident, cora, status):
    bring_to(status, incident, cora)
    with refused("cannot be reopened"):
        actions.reopen(incident.pk, by=cora)
    with refused("cannot become closed"):
        actions.close(incident.pk, by=cora)
    with refused("no closure to confirm"):
        actions.confirm_closure(incident.pk, by=cora)
    assert Incident.objects.filter(follows=incident).count() == 0


def test_what_is_resolved_still_has_roles_to_give_and_the_rest_of_its_recovery_to_do(incident, cora):
    resolve(incident, cora)
    actions.assign_role(incident.pk, role="commander", person=cora, by=cora)
    assert queries.holder_of(incident, "commander") == cora
    assert actions.tick(item(incident, "short_term").pk, done=True, by=cora).done
    assert actions.waive(item(incident, "long_term").pk, reason="It is retired", by=cora).is_settled


def test_it_is_closed_once_its_long_term_part_is_settled_and_not_before(incident, cora, clock):
    resolve(incident, cora)
    with refused("Do long_term") as gate:
        actions.close(incident.pk, by=cora)
    assert [missing.item_id for missing in gate.value.missing] == [item(incident, "long_term").pk]
    actions.tick(item(incident, "long_term").pk, done=True, by=cora)
    closed = actions.close(incident.pk, by=cora)
    assert (closed.status, closed.closed_at) == ("closed", clock.now)


def test_its_closure_is_confirmed_once(incident, cora, clock):
    resolve(incident, cora)
    confirmed = actions.confirm_closure(incident.pk, by=cora)
    assert (confirmed.closure_confirmed_at, confirmed.closure_confirmed_by) == (clock.now, cora)
    first = clock.now
    clock.shift(hours=1)
    olga = make_person("Olga", incident.team, TeamRole.RESPONDER)
    again = actions.confirm_closure(incident.pk, by=olga)
    assert (again.closure_confirmed_at, again.closure_confirmed_by) == (first, cora)
    assert incident.timeline.filter(kind=EventKind.CLOSURE_CONFIRMED).count() == 1


def test_it_is_not_resolved_before_its_immediate_recovery_and_a_verified_fix(incident, cora):
    with refused("cannot be resolved yet") as gate:
        actions.resolve(incident.pk, by=cora)
    assert [missing.gate for missing in gate.value.missing] == ["immediate", "verification"]
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_at) == (Status.DECLARED, None)


def test_a_waiver_and_the_reason_why_the_fix_cannot_be_verified_are_enough_to_resolve(incident, cora):
    actions.waive(item(incident, "immediate").pk, reason="No customer is left", by=cora)
    actions.record_resolution(incident.pk, unverified_reason="It is gone for good", by=cora)
    assert actions.resolve(incident.pk, by=cora).status == Status.RESOLVED


def test_what_is_reopened_has_a_new_response_clock_and_goes_on_with_its_resolution_clock(incident, cora, clock):
    clock.shift(minutes=10)
    resolve(incident, cora)
    clock.shift(minutes=30)
    again = actions.reopen(incident.pk, by=cora, reason="It is back")
    assert (again.pk, again.status) == (incident.pk, Status.INVESTIGATING)
    assert (again.acknowledged_at, again.acknowledged_by, again.resolved_at) == (None, None, None)
    response, resolution = latest(again, "response"), latest(again, "resolution")
    assert (response.started_at, response.due_at) == (clock.now, clock.now + timedelta(minutes=15))
    assert (resolution.started_at, resolution.due_at) == (
        incident.declared_at,
        incident.declared_at + timedelta(hours=2),
    )
    assert response.is_running
    assert resolution.is_running


def test_what_is_reopened_waits_for_an_answer_anew(incident, cora, clock):
    resolve(incident, cora)
    actions.reopen(incident.pk, by=cora)
    clock.shift(minutes=3)
    answered = actions.acknowledge(incident.pk, by=cora)
    assert (answered.status, answered.acknowledged_at) == (Status.INVESTIGATING, clock.now)
    assert latest(incident, "response").met_at == clock.now


def test_what_is_reopened_breaks_its_new_response_target_when_nobody_answers(incident, cora, clock):
    resolve(incident, cora)
    actions.reopen(incident.pk, by=cora)
    clock.shift(minutes=15)
    run_due()
    assert latest(incident, "response").breached_at == clock.now


def test_of_what_is_reopened_the_immediate_recovery_and_the_fix_are_checked_anew_and_nothing_else(incident, cora):
    for part in ("initial", "short_term"):
        actions.tick(item(incident, part).pk, done=True, by=cora)
    actions.waive(item(incident, "immediate").pk, reason="No customer is left", by=cora)
    actions.record_resolution(incident.pk, reference="hotfix/7", unverified_reason="It is gone", by=cora)
    actions.resolve(incident.pk, by=cora)
    actions.waive(item(incident, "long_term").pk, reason="It is retired", by=cora)
    actions.reopen(incident.pk, by=cora)
    assert {row.part for row in incident.checklist.all() if row.is_settled} == {
        "initial",
        "short_term",
        "long_term",
    }
    incident.refresh_from_db()
    assert (incident.resolution.reference, incident.resolution.is_verified_or_explained) == ("hotfix/7", False)
    with refused("cannot be resolved yet") as gate:
        actions.resolve(incident.pk, by=cora)
    assert [missing.gate for missing in gate.value.missing] == ["immediate", "verification"]


def test_what_is_reopened_has_its_closure_to_be_confirmed_anew(incident, cora, clock):
    resolve(incident, cora)
    actions.confirm_closure(incident.pk, by=cora)
    actions.reopen(incident.pk, by=cora)
    resolve(incident, cora)
    clock.shift(hours=1)
    assert actions.confirm_closure(incident.pk, by=cora).closure_confirmed_at == clock.now


@pytest.mark.parametrize(("within", "later"), [(timedelta(hours=48), 47), (timedelta(hours=1), 2)])
def test_it_is_the_same_incident_for_as_long_as_the_procedures_say(incident, cora, clock, within, later):
    procedures = queries.procedures_in_force()
    procedures.reopen_within = within
    procedures.save()
    resolve(incident, cora)
    clock.shift(hours=later)
    again = actions.reopen(incident.pk, by=cora)
    assert (again.pk == incident.pk) == (timedelta(hours=later) <= within)
    assert again.follows == (None if again.pk == incident.pk else incident)


def test_what_is_closed_is_followed_by_another(incident, cora):
    bring_to("closed", incident, cora)
    again = actions.reopen(incident.pk, by=cora, reason="It is back")
    assert (again.follows, again.status, again.severity) == (incident, Status.DECLARED, incident.severity)
    incident.refresh_from_db()
    assert incident.status == Status.CLOSED


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_what_needs_a_reason_says_so_at_its_field(incident, cora, reason):
    with pytest.raises(Invalid) as nameless:
        actions.change_severity(incident.pk, severity=Severity.objects.get(code="P2"), reason=reason, by=cora)
    assert nameless.value.field == "reason"
    with pytest.raises(Invalid) as nameless:
        actions.cancel(incident.pk, reason=reason, by=cora)
    assert nameless.value.field == "reason"
    with pytest.raises(Invalid) as nameless:
        actions.waive(item(incident, "immediate").pk, reason=reason, by=cora)
    assert nameless.value.field == "waived_reason"


def test_the_severity_that_it_has_changes_nothing(incident, cora, clock):
    before = (incident.timeline.count(), incident.clocks.count())
    clock.shift(minutes=3)
    actions.change_severity(incident.pk, severity=incident.severity, reason="To be sure", by=cora)
    assert (incident.timeline.count(), incident.clocks.count()) == before


def test_an_alert_never_makes_it_milder(incident):
    actions.raise_severity_by_alert(incident.pk, severity=Severity.objects.get(code="P2"), text="It is better")
    incident.refresh_from_db()
    assert incident.severity.code == "P0"


def test_an_incident_is_not_merged_into_itself(incident, cora):
    with pytest.raises(Invalid) as refusal:
        actions.merge(incident.pk, into=incident.pk, by=cora)
    assert refusal.value.field == "into"


def test_merging_by_a_transition_asks_into_which(incident, cora):
    with refused("into which incident"):
        actions.transition(incident.pk, to="merged", by=cora)


def test_saying_what_is_ticked_already_records_nothing(incident, cora, clock):
    first = actions.tick(item(incident, "initial").pk, done=True, by=cora)
    clock.shift(minutes=3)
    events = incident.timeline.count()
    again = actions.tick(first.pk, done=True, by=make_person("Olga", incident.team, TeamRole.RESPONDER))
    assert (again.by, again.at, incident.timeline.count()) == (cora, first.at, events)
