from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from apps.communications import actions, queries
from apps.communications.models import Audience, MessageTemplate, Phase, Update, UpdateSchedule
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Severity
from apps.notifications.models import Notification, NotificationKind
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person, make_team


def told(update):
    notified = Notification.objects.filter(kind=NotificationKind.UPDATE, step=f"update:{update.pk}")
    return {notification.person for notification in notified}


def send(incident, by, **known):
    known = {"audience": Audience.INTERNAL, "message": "Still at it.", **known}
    return actions.send_update(incident.pk, by=by, **known)


def test_the_response_team_and_the_stakeholders_are_told_what_was_written(
    clock, team, responder, commander, stakeholder
):
    incident = declare(team)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    update = send(incident, responder, message="  We restart the broker.\n")
    assert told(update) == {commander, stakeholder}
    assert Notification.objects.get(person=stakeholder).text == "We restart the broker."
    event = incident.timeline.get(kind=EventKind.UPDATE_SENT)
    assert (event.actor, event.data["people"]) == (responder, [commander.pk, stakeholder.pk])


def test_stakeholders_are_not_told_of_a_private_incident(clock, team, commander, stakeholder):
    incident = declare(team, commander, private=True)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    assert told(send(incident, commander)) == {commander}


def test_an_update_for_customers_is_kept_and_on_the_timeline_and_sent_to_nobody(clock, team, responder, stakeholder):
    incident = declare(team)
    update = send(incident, responder, audience=Audience.EXTERNAL)
    assert told(update) == set()
    assert incident.timeline.get(kind=EventKind.UPDATE_SENT).data["audience"] == Audience.EXTERNAL


def test_an_empty_update_is_refused(clock, team, responder):
    incident = declare(team)
    with pytest.raises(Invalid) as refused:
        send(incident, responder, message=" \n")
    assert refused.value.field == "message"


def test_a_stakeholder_reads_and_does_not_send(clock, team, stakeholder):
    incident = declare(team)
    with pytest.raises(NotAllowed):
        send(incident, stakeholder)


def test_a_closed_incident_has_no_more_updates(clock, team, responder):
    incident = incidents.close(resolve(declare(team), responder).pk, by=responder)
    with pytest.raises(RuleViolation):
        send(incident, responder)


def test_what_was_sent_cannot_be_rewritten(clock, team, responder):
    update = send(declare(team), responder)
    with pytest.raises(Exception, match="Cannot update"):
        Update.objects.filter(pk=update.pk).update(message="something else")


def test_the_message_of_the_system_is_what_the_template_says(clock, team, stakeholder):
    incident = declare(team)
    clock.shift(seconds=2)
    run_due()
    update = queries.updates_of(incident).get()
    assert update.subject == f"[P0 Critical] {incident} initial: Agent pipeline down"
    assert update.message == "Status: declared\nCommander: nobody yet\nNext update: 2026-03-02 11:30 CET"
    assert told(update) == {stakeholder}


def test_without_a_template_the_system_tells_the_title_and_the_summary(clock, team):
    MessageTemplate.objects.all().delete()
    incident = declare(team, summary="Every run fails.")
    clock.shift(seconds=2)
    run_due()
    assert queries.updates_of(incident).get().message == "Agent pipeline down\n\nEvery run fails."


def test_the_update_of_a_drill_says_so(clock, team):
    incident = declare(team, drill=True)
    clock.shift(seconds=2)
    run_due()
    assert queries.updates_of(incident).get().subject.startswith("DRILL ")


def test_the_form_begins_from_the_template_of_what_comes_next(clock, team, responder, commander):
    incident = declare(team, severity="P1")
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    expected = "Status: declared\nCommander: Carla\nNext update: 2026-03-02 12:00 CET"
    assert queries.prefilled(incident, Audience.INTERNAL) == expected
    assert queries.next_phase(incident, Audience.INTERNAL) == Phase.INITIAL
    send(incident, responder)
    assert queries.next_phase(incident, Audience.INTERNAL) == Phase.UPDATE
    assert queries.next_phase(incident, Audience.EXTERNAL) == Phase.INITIAL
    assert queries.prefilled(incident, Audience.EXTERNAL) == ""


def test_the_template_of_a_severity_goes_before_the_general_one(clock, team):
    MessageTemplate.objects.create(
        severity=Severity.objects.get(code="P0"),
        audience=Audience.INTERNAL,
        phase=Phase.INITIAL,
        subject="s",
        body="All hands.",
    )
    assert queries.prefilled(declare(team, severity="P0"), Audience.INTERNAL) == "All hands."
    assert queries.prefilled(declare(team, severity="P1"), Audience.INTERNAL) != "All hands."


def test_customers_read_what_the_severity_means_and_no_figures(clock, team, responder):
    for audience, phase in ((Audience.INTERNAL, Phase.UPDATE), (Audience.EXTERNAL, Phase.INITIAL)):
        MessageTemplate.objects.update_or_create(
            severity=None, audience=audience, phase=phase, defaults={"subject": "s", "body": "{impact}"}
        )
    incident = declare(team)
    clock.shift(seconds=2)
    run_due()
    incidents.assess_impact(incident.pk, by=responder, users_affected=120, revenue_impact="2500.00")
    assert queries.prefilled(incident, Audience.INTERNAL) == "120 users affected, estimated revenue impact 2500.00"
    assert queries.prefilled(incident, Audience.EXTERNAL) == "Critical impact"


def test_a_template_with_an_unknown_placeholder_is_refused_whichever_way_it_comes():
    template = MessageTemplate.objects.first()
    template.body = "{password}"
    with pytest.raises(Invalid) as refused:
        template.save()
    assert refused.value.field == "body"
    with pytest.raises(ValidationError) as refused_by_form:
        template.full_clean()
    assert set(refused_by_form.value.message_dict) == {"body"}


@pytest.mark.parametrize(
    ("field", "text"), [("initial", "soon"), ("every", "immediately"), ("resolution", "15 minutes")]
)
def test_a_schedule_of_what_is_no_delay_is_refused(field, text):
    schedule = UpdateSchedule.objects.first()
    setattr(schedule, field, text)
    with pytest.raises(ValidationError) as refused:
        schedule.full_clean()
    assert set(refused.value.message_dict) == {field}


def test_a_deactivated_stakeholder_is_told_nothing(clock, team, responder, stakeholder):
    stakeholder.is_active = False
    stakeholder.save()
    assert told(send(declare(team), responder)) == set()


def test_who_holds_a_role_and_is_a_stakeholder_is_told_once(clock, team, responder, stakeholder):
    add_member(stakeholder, make_team("product"), TeamRole.RESPONDER)
    incident = declare(team)
    incidents.assign_role(incident.pk, role="communications_lead", person=stakeholder, by=responder)
    update = send(incident, responder)
    assert Notification.objects.filter(step=f"update:{update.pk}").count() == 1


def test_who_is_reminded_while_no_role_is_filled_is_nobody_without_a_roster(clock, team):
    assert queries.who_communicates(declare(team)) == []


def test_a_stranger_is_told_nothing(clock, team, responder):
    stranger = make_person("Sid")
    assert stranger not in told(send(declare(team), responder))
