"""Acknowledged, and then nobody does anything: it asks again, and after a second span the chain goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation import proof
from apps.escalation.models import OutsideHours, Policy
from apps.incidents import actions
from apps.incidents.models import EventKind, Severity, Via
from apps.notifications import answers
from apps.notifications.models import Notification, NotificationKind
from tests.escalation.building import asks_again, chain, cut_off, make_level, paged, repeat, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve

SPAN = timedelta(minutes=30)


@pytest.fixture
def incident(house, clock):
    """A P0 that Olga acknowledged after five minutes; its chain asks again after half an hour of silence."""
    asks_again(chain("P0", house.olga, house.tom, house.emma, house.carl, minutes=(0, 15, 600, 720)))
    found = declare(house.team)
    let_pass(clock, clock.now + timedelta(minutes=5))
    actions.acknowledge(found.pk, by=house.olga)
    return found


def asked(incident) -> list[Notification]:
    return list(Notification.objects.filter(incident=incident, step__startswith="silence:").order_by("pk"))


def test_it_asks_whoever_acknowledged_after_the_policy_s_time(incident, house, clock):
    let_pass(clock, clock.now + SPAN - timedelta(seconds=1))
    assert asked(incident) == []
    let_pass(clock, clock.now + timedelta(seconds=2))
    (page,) = asked(incident)
    assert (page.person, page.kind, page.level, page.urgency) == (house.olga, NotificationKind.PAGE, None, "high")
    assert "still on it?" in page.subject
    assert texts(incident, EventKind.ASKED_AGAIN) == [
        "Nobody did anything for 30 min: Olga asked whether they are still on it."
    ]


def test_the_commander_is_asked_too_and_nobody_twice(incident, house, clock):
    actions.assign_role(incident.pk, role="commander", person=house.tom, by=house.olga)
    let_pass(clock, clock.now + SPAN)
    assert [page.person for page in asked(incident)] == [house.olga, house.tom]


def test_any_activity_of_a_person_starts_the_span_anew(incident, house, clock):
    let_pass(clock, clock.now + timedelta(minutes=29))
    actions.add_note(incident.pk, text="Looking at the disk", by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=29))
    assert asked(incident) == []
    let_pass(clock, clock.now + timedelta(minutes=1))
    assert len(asked(incident)) == 1


@pytest.mark.parametrize("way", ["note", "page", "colleague"])
def test_what_was_asked_stops_at_the_next_activity(incident, house, clock, way):
    let_pass(clock, clock.now + SPAN)
    (page,) = asked(incident)
    if way == "page":
        assert answers.acknowledge(page, via=Via.SMS).done
    else:
        by = house.olga if way == "note" else house.carl
        actions.involve(incident, by, reason="paged as level 4")
        actions.add_note(incident.pk, text="Yes", by=by)
    page.refresh_from_db()
    assert page.stopped_at is not None
    assert (page.acknowledged_at is not None) == (way != "colleague")
    let_pass(clock, clock.now + SPAN - timedelta(seconds=1))
    assert len(asked(incident)) == 1
    let_pass(clock, clock.now + timedelta(seconds=2))
    assert len(asked(incident)) == 2


def test_after_a_second_silent_span_the_next_level_is_paged_although_it_is_acknowledged(incident, house, clock):
    let_pass(clock, clock.now + 2 * SPAN)
    assert paged(incident, 2) == [house.tom]
    assert "Nobody did anything for 1 h." in texts(incident, EventKind.LEVEL_FIRED)[-1]
    let_pass(clock, clock.now + SPAN)
    assert paged(incident, 3) == [house.emma]


def test_at_the_end_of_the_chain_it_asks_again_for_as_long_as_nobody_acts(incident, house, clock):
    let_pass(clock, clock.now + 4 * SPAN)
    assert states(incident) == {1: "fired", 2: "fired", 3: "fired", 4: "fired"}
    let_pass(clock, clock.now + 2 * SPAN)
    assert len(texts(incident, EventKind.ASKED_AGAIN)) == 3


def test_where_whoever_acknowledged_has_left_the_chain_goes_on_at_once(incident, house, clock):
    house.olga.is_active = False
    house.olga.save()
    let_pass(clock, clock.now + SPAN)
    assert (asked(incident), paged(incident, 2)) == ([], [house.tom])


def test_whoever_did_something_last_is_asked_not_who_acknowledged_first(incident, house, clock):
    let_pass(clock, clock.now + timedelta(minutes=5))
    actions.involve(incident, house.carl, reason="paged as level 4")
    actions.add_note(incident.pk, text="I look at the disk", by=house.carl)
    let_pass(clock, clock.now + SPAN)
    assert [page.person for page in asked(incident)] == [house.carl]


def test_whom_nothing_reaches_counts_as_not_asked(incident, house, clock):
    cut_off(house.olga)
    let_pass(clock, clock.now + SPAN)
    assert (asked(incident), paged(incident, 2)) == ([], [house.tom])


def test_what_rings_because_of_the_silence_stops_as_soon_as_somebody_acts(incident, house, clock):
    let_pass(clock, clock.now + 3 * SPAN)
    early = Notification.objects.filter(incident=incident, level__in=(2, 3))
    assert [page.stopped_at for page in early] == [None, None]
    actions.add_note(incident.pk, text="I am on it", by=house.olga)
    assert None not in [page.stopped_at for page in early.all()]


def test_a_level_that_enforces_the_resolution_rings_on_when_somebody_acts(house, clock):
    asks_again(chain("P0", house.olga, house.tom, house.emma, minutes=(0, 15, 60)))
    incident = declare(house.team)
    let_pass(clock, clock.now + timedelta(minutes=5))
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=56))
    actions.add_note(incident.pk, text="I am on it", by=house.olga)
    assert Notification.objects.get(incident=incident, level=3).stopped_at is None


def test_a_page_that_a_person_called_for_rings_on_when_somebody_writes_a_note(incident, house, clock):
    escalation.escalate(incident.pk, level=3, reason="Stuck", by=house.olga)
    a_moment_later = clock.now + timedelta(milliseconds=1)  # as any page is of what a person did
    incident.escalation_runs.get().levels.filter(number=3).update(at=a_moment_later)
    Notification.objects.filter(incident=incident, level=3).update(created_at=a_moment_later)
    let_pass(clock, clock.now + SPAN)
    assert len(asked(incident)) == 1
    actions.involve(incident, house.carl, reason="paged as level 4")
    actions.add_note(incident.pk, text="Me too", by=house.carl)
    assert asked(incident)[0].stopped_at is not None
    assert Notification.objects.get(incident=incident, level=3).stopped_at is None


def test_a_round_that_fires_at_its_time_rings_on_when_silence_fired_the_one_before(house, clock):
    policy = asks_again(chain("P0", house.tom, minutes=(90,)))
    policy.levels.update(unless="resolved")
    repeat(policy, times=1, every=timedelta(hours=2))
    incident = declare(house.team)
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=211))
    first, second = Notification.objects.filter(incident=incident, level=1).order_by("pk")
    assert first.created_at == incident.declared_at + 2 * SPAN
    assert second.created_at == incident.declared_at + timedelta(minutes=210)
    actions.add_note(incident.pk, text="I am on it", by=house.olga)
    for page in (first, second):
        page.refresh_from_db()
    assert (first.stopped_at is None, second.stopped_at is None) == (False, True)


def test_whoever_is_asked_and_declines_is_not_waited_for(incident, house, clock):
    let_pass(clock, clock.now + SPAN)
    assert answers.decline(asked(incident)[0], via=Via.SMS).done
    assert paged(incident, 2) == [house.tom]
    assert "still on it declined" in texts(incident, EventKind.LEVEL_FIRED)[-1]


def test_without_such_a_time_nobody_is_asked(house, clock):
    chain("P0", house.olga, house.tom)
    quiet = declare(house.team)
    actions.acknowledge(quiet.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(days=1))
    assert asked(quiet) == []
    assert not Timer.objects.filter(kind="escalation.silence").exists()


def test_a_run_keeps_the_time_it_began_with(incident, clock):
    asks_again(Policy.objects.get(), None)
    let_pass(clock, clock.now + SPAN)
    assert len(asked(incident)) == 1


def test_before_anybody_acknowledged_nobody_is_asked(house, clock):
    asks_again(chain("P0", house.olga, minutes=(0,)))
    untouched = declare(house.team)
    let_pass(clock, clock.now + 4 * SPAN)
    assert asked(untouched) == []


def test_a_hold_is_respected(incident, house, clock):
    let_pass(clock, clock.now + SPAN)
    escalation.hold(incident.pk, minutes=120, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=119))
    assert len(asked(incident)) == 1
    let_pass(clock, clock.now + timedelta(minutes=2))
    assert len(asked(incident)) == 2


def test_what_is_resolved_is_asked_no_more_and_when_it_comes_back_only_once_it_is_acknowledged(incident, house, clock):
    let_pass(clock, clock.now + SPAN)
    resolve(incident, house.olga)
    assert asked(incident)[0].stopped_at is not None
    let_pass(clock, clock.now + SPAN)
    actions.reopen(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=10))
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + SPAN - timedelta(minutes=1))
    assert len(asked(incident)) == 1
    let_pass(clock, clock.now + timedelta(minutes=2))
    assert len(asked(incident)) == 2


def test_by_another_severity_its_own_time_holds(incident, house, clock):
    asks_again(chain("P1", house.olga, house.tom), timedelta(minutes=10))
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="One is up", by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=10))
    assert len(asked(incident)) == 1


def test_an_alert_that_raises_the_severity_is_no_sign_of_a_person(house, clock):
    for severity in ("P0", "P1"):
        asks_again(chain(severity, house.olga, house.tom))
    incident = declare(house.team, severity="P1")
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + SPAN)
    actions.raise_severity_by_alert(incident.pk, severity=Severity.objects.get(code="P0"), text="Worse")
    let_pass(clock, clock.now + SPAN)
    assert len(asked(incident)) == 1
    assert paged(incident, 2) == [house.tom]


def test_the_proof_finds_a_run_that_should_ask_and_has_no_timer(incident, clock):
    assert proof.gaps() == []
    Timer.objects.filter(kind="escalation.silence").delete()
    assert [gap.text for gap in proof.gaps()] == [
        f"Whoever took {incident} on, or held it, would not have been asked whether they are still on it."
    ]
    escalation.prove()
    assert Timer.objects.get(kind="escalation.silence", state=State.PENDING).due_at == clock.now + SPAN
    assert proof.gaps() == []


def test_what_was_due_while_its_timer_was_gone_is_asked_when_the_proof_finds_it(incident, clock):
    Timer.objects.filter(kind="escalation.silence").delete()
    clock.shift(minutes=40)
    escalation.prove()
    assert len(asked(incident)) == 1
    assert proof.gaps() == []


def test_nothing_is_missing_at_any_time(incident, clock):
    for _ in range(20):
        assert proof.gaps() == []
        let_pass(clock, clock.now + timedelta(minutes=10))


def test_a_level_that_waits_for_working_hours_wakes_nobody_at_night_and_whoever_took_it_on_is_asked_again(house, clock):
    clock.set(clock.now.replace(hour=1))
    policy = asks_again(chain("P0", house.olga, house.tom))
    make_level(policy, 2, outside_hours=OutsideHours.WAIT)
    incident = declare(house.team)
    let_pass(clock, clock.now)
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + 2 * SPAN)
    assert (len(asked(incident)), paged(incident, 2)) == (2, [])
