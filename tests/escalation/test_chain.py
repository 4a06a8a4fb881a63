"""The chain by the numbers of the procedures file: change a number there, and these still hold (R9, R12, R13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import Min

from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation import queries
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident, Severity, Via
from apps.notifications.models import Notification, NotificationKind
from tests.factories.incidents import resolve

SEVERITIES = ("P0", "P1", "P2", "P3")


def declare(team, severity, by=None) -> Incident:
    return actions.declare(
        title="ADO CLI does not answer", severity=Severity.objects.get(code=severity), team=team, by=by, via=Via.API
    )


def let_pass(clock, until):
    """Let time pass to ``until``, stopping wherever the engine has something to do."""
    run_due()
    while clock.now < until:
        waiting = Timer.objects.filter(state=State.PENDING, due_at__gt=clock.now, due_at__lt=until)
        clock.set(waiting.aggregate(next=Min("due_at"))["next"] or until)
        run_due()


def pages(incident) -> list[tuple[int, timedelta]]:
    """Every page of the chain that left the house: its level and when, since the declaration."""
    sent = Notification.objects.filter(
        incident=incident, kind=NotificationKind.PAGE, level__isnull=False,
        deliveries__channel="email", deliveries__state="sent",
    )  # fmt: skip
    found = sent.values_list("level", "deliveries__sent_at").distinct()
    return sorted({(level, at - incident.declared_at) for level, at in found})


def levels_of(document, severity) -> dict[int, timedelta]:
    return {level.level: level.after for level in document.escalation[severity]}


@pytest.mark.parametrize("severity", SEVERITIES)
def test_an_incident_that_nobody_touches_climbs_the_chain_of_the_file(document, team, engineer, clock, severity):
    wanted = levels_of(document, severity)
    incident = declare(team, severity)
    let_pass(clock, incident.declared_at + max(wanted.values()) + timedelta(minutes=10))
    assert pages(incident) == sorted(wanted.items())


def test_the_file_has_the_times_of_the_source_document(document):
    def minutes(severity):
        return {number: after.total_seconds() / 60 for number, after in levels_of(document, severity).items()}

    assert minutes("P0") == {1: 0, 2: 15, 3: 60, 4: 120, 5: 240}
    assert minutes("P1") == {1: 0, 2: 30, 3: 120, 4: 240, 5: 480}
    assert minutes("P2") == {1: 0, 2: 120, 3: 480}
    assert minutes("P3") == {1: 0, 2: 480}


@pytest.mark.parametrize("severity", SEVERITIES)
def test_acknowledged_in_time_skips_level_2_and_still_climbs_to_what_enforces_the_resolution(
    document, team, engineer, clock, severity
):
    wanted = levels_of(document, severity)
    incident = declare(team, severity)
    let_pass(clock, incident.declared_at + wanted[2] - timedelta(minutes=1))
    actions.acknowledge(incident.pk, by=engineer)
    let_pass(clock, incident.declared_at + max(wanted.values()) + timedelta(minutes=10))
    assert pages(incident) == sorted((number, after) for number, after in wanted.items() if number != 2)
    skipped = incident.timeline.get(kind=EventKind.LEVEL_SKIPPED)
    assert skipped.data["level"] == 2
    assert skipped.text.startswith("Level 2 skipped: acknowledged after")


@pytest.mark.parametrize("severity", ["P0", "P1", "P2"])
def test_resolved_before_level_3_pages_nobody_more(document, team, engineer, clock, severity):
    wanted = levels_of(document, severity)
    incident = declare(team, severity)
    let_pass(clock, incident.declared_at + wanted[3] - timedelta(minutes=1))
    resolve(incident, engineer)
    let_pass(clock, incident.declared_at + max(wanted.values()) + timedelta(minutes=10))
    assert [level for level, _ in pages(incident)] == [1, 2]


def test_a_level_raised_by_hand_fires_once_and_those_above_keep_their_times(document, team, engineer, clock):
    wanted = levels_of(document, "P0")
    incident = declare(team, "P0")
    let_pass(clock, incident.declared_at + timedelta(minutes=5))
    escalation.escalate(incident.pk, trigger="security", reason="a token leaked", by=engineer)
    let_pass(clock, incident.declared_at + wanted[5])
    assert pages(incident) == [
        (1, timedelta(0)), (3, timedelta(minutes=5)), (4, wanted[4]), (5, wanted[5])
    ]  # fmt: skip
    assert incident.timeline.get(kind=EventKind.LEVEL_PASSED).data["level"] == 2


def test_a_hold_lets_due_levels_wait_and_fires_them_at_its_end(document, team, engineer, clock):
    incident = declare(team, "P0")
    let_pass(clock, incident.declared_at + timedelta(minutes=10))
    escalation.hold(incident.pk, minutes=20, by=engineer)
    let_pass(clock, incident.declared_at + timedelta(minutes=40))
    assert pages(incident) == [(1, timedelta(0)), (2, timedelta(minutes=30))]


def test_an_empty_level_hands_over_to_the_next_which_is_then_spent(document, team, clock):
    incident = declare(team, "P0")
    let_pass(clock, incident.declared_at + timedelta(minutes=59))
    assert pages(incident) == [(2, timedelta(0))]
    assert "nobody could be paged" in incident.timeline.get(kind=EventKind.LEVEL_SKIPPED).text


def test_a_worse_severity_fires_the_highest_level_that_is_past_and_no_level_twice(document, team, engineer, clock):
    incident = declare(team, "P2", by=engineer)
    let_pass(clock, incident.declared_at + timedelta(minutes=70))
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="all of it", by=engineer)
    let_pass(clock, incident.declared_at + timedelta(minutes=125))
    assert [level for level, _ in pages(incident)] == [1, 3, 4]
    response = incident.clocks.filter(name="response").last()
    assert response.due_at == incident.declared_at + timedelta(minutes=15)
    assert response.breached_at == response.due_at


def test_reopened_begins_a_new_chain_and_a_new_response_clock(document, team, engineer, clock):
    incident = declare(team, "P0")
    let_pass(clock, incident.declared_at + timedelta(minutes=5))
    resolve(incident, engineer)
    let_pass(clock, clock.now + timedelta(hours=3))
    reopened_at = clock.now
    again = actions.reopen(incident.pk, by=engineer, reason="the fix did not hold")
    assert again.pk == incident.pk
    let_pass(clock, reopened_at + timedelta(minutes=16))
    again.refresh_from_db()
    assert [level for level, at in pages(again) if at >= reopened_at - again.declared_at] == [1, 2]
    assert again.clocks.filter(name="response").last().due_at == reopened_at + timedelta(minutes=15)
    assert again.clocks.filter(name="resolution").last().due_at == again.declared_at + timedelta(hours=2)


def test_after_a_day_it_is_a_new_incident_that_follows(document, team, engineer, clock):
    incident = declare(team, "P3")
    resolve(incident, engineer)
    clock.shift(hours=25)
    again = actions.reopen(incident.pk, by=engineer)
    assert again.pk != incident.pk
    assert again.follows_id == incident.pk


def test_a_policy_edited_meanwhile_does_not_touch_a_running_incident(document, team, engineer, clock):
    incident = declare(team, "P0")
    policy = queries.policy_for(incident.severity, team)
    level = policy.levels.get(number=2)
    level.after = timedelta(minutes=3)
    level.save()
    let_pass(clock, incident.declared_at + timedelta(minutes=14))
    assert pages(incident) == [(1, timedelta(0))]


def test_everyone_on_a_level_is_paged_once_by_one_mail(document, team, engineer, clock):
    incident = declare(team, "P0")
    let_pass(clock, incident.declared_at + timedelta(minutes=20))
    paged = [message.to[0] for message in mail.outbox if message.extra_headers.get("X-ADO-Kind") == "page"]
    assert len(paged) == len(set(paged)) == 3, "the engineer, the technical lead and the commander"
