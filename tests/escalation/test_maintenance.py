"""While the services of an incident are under maintenance its chain stands still, unless a person calls (R34)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog import actions as catalog
from apps.catalog.models import MaintenanceWindow, Service
from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation import outlook, proof, proof_of_maintenance, queries
from apps.escalation.models import OutsideHours, Proof
from apps.incidents import actions, maintenance
from apps.incidents.models import EventKind, Incident, ResponseRole, RoleCandidate, Severity, Via
from apps.notifications.models import Notification, NotificationKind
from apps.procedures.simulation import simulate
from tests.escalation.building import House, chain, cut_off, level_of, make_level, repeat, states, texts
from tests.escalation.test_chain import let_pass
from tests.escalation.test_declining import decline
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def api(house: House) -> Service:
    return Service.objects.create(slug="api", name="API", team=house.team)


@pytest.fixture
def cli(house: House) -> Service:
    return Service.objects.create(slug="cli", name="CLI", team=house.team)


@pytest.fixture
def policy(house: House):
    """Olga at once, Tom after 15 minutes, Emma after an hour unless it is resolved."""
    return chain("P0", house.olga, house.tom, house.emma)


def under(*services: Service, hours: float = 1, **known: object) -> MaintenanceWindow:
    """Maintenance by the house itself, from now on for so many hours."""
    window = catalog.plan_maintenance(by=None, services=services, message="Moving the database", **known)
    return catalog.change_maintenance(window.pk, ends_at=window.starts_at + timedelta(hours=hours), by=None)


def alert(house: House, *services: Service, severity: str = "P0") -> Incident:
    return declare(house.team, severity=severity, via=Via.ALERT, services=services)


def pages(incident: Incident) -> list[tuple[str, float]]:
    """Who was paged by the chain, and how many minutes after the declaration."""
    sent = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE, level__isnull=False)
    return [
        (str(page.person), (page.created_at - incident.declared_at) / timedelta(minutes=1))
        for page in sent.order_by("created_at", "pk")
    ]


def test_an_alert_during_maintenance_pages_nobody_and_says_why(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=59))
    assert pages(incident) == []
    assert states(incident) == {1: "held", 2: "planned", 3: "planned"}
    why = "Maintenance until 2026-03-02 11:00 UTC: Moving the database"
    assert level_of(incident, 1).reason == why
    assert texts(incident, EventKind.ESCALATION_HELD) == [f"Level 1 waits: {why}"]


def test_at_its_end_the_chain_goes_on_level_by_level(house, policy, api, clock):
    under(api)
    clock.shift(minutes=10)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 50), ("Tom", 65), ("Emma", 110)]
    assert level_of(incident, 1).reason == "Maintenance is over: after 50 min the incident is not acknowledged."


def test_ended_early_it_is_paged_at_once(house, policy, api, clock):
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    catalog.end_maintenance(window.pk, by=None)
    let_pass(clock, clock.now)
    assert pages(incident) == [("Olga", 20)]
    let_pass(clock, clock.now + timedelta(hours=1))
    assert pages(incident) == [("Olga", 20), ("Tom", 35), ("Emma", 80)]


def test_who_answers_meanwhile_is_not_paged_afterwards(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Emma", 120)]
    assert states(incident) == {1: "skipped", 2: "skipped", 3: "fired"}


def test_resolved_meanwhile_it_pages_nobody(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    resolve(incident, house.olga)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == []


def test_what_a_person_declares_pages_at_once_and_the_page_says_that_maintenance_is_on(house, policy, api, clock):
    under(api)
    incident = declare(house.team, house.olga, services=[api])
    let_pass(clock, clock.now + timedelta(minutes=16))
    assert pages(incident) == [("Olga", 0), ("Tom", 15)]
    page = Notification.objects.get(incident=incident, person=house.tom, level=2)
    assert "Maintenance is on: Moving the database until 2026-03-02 11:00 UTC." in page.text


def test_what_the_house_itself_raises_pages_at_once(house, policy, clock):
    under()
    incident = declare(house.team, via=Via.ENGINE)
    let_pass(clock, clock.now)
    assert pages(incident) == [("Olga", 0)]


@pytest.mark.parametrize("reopen", [True, False])
def test_reopened_by_a_person_it_pages_and_by_its_alert_it_waits(house, policy, api, clock, reopen):
    incident = alert(house, api)
    let_pass(clock, clock.now)
    resolve(incident, house.olga)
    clock.shift(minutes=10)
    under(api)
    if reopen:
        actions.reopen(incident.pk, by=house.olga, reason="It is back")
    else:
        actions.reopen_by_alert(incident.pk, text="It fires again.")
    let_pass(clock, clock.now)
    assert (states(incident)[1] == "fired") is reopen


def test_an_incident_of_two_services_waits_only_while_both_are_covered(house, policy, api, cli, clock):
    under(api)
    incident = alert(house, api, cli)
    let_pass(clock, clock.now)
    assert pages(incident) == [("Olga", 0)]
    under(cli, hours=0.5)
    let_pass(clock, clock.now + timedelta(hours=2))
    assert pages(incident) == [("Olga", 0), ("Tom", 30), ("Emma", 75)]


def test_an_incident_without_a_service_waits_for_maintenance_of_all(house, policy, api, clock):
    under(api)
    loud = alert(house)
    let_pass(clock, clock.now)
    assert pages(loud) == [("Olga", 0)]
    under()
    quiet = alert(house)
    let_pass(clock, clock.now)
    assert pages(quiet) == []


def test_what_is_paging_already_goes_on_after_the_maintenance(house, policy, api, clock):
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=5))
    under(api)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 0), ("Tom", 65), ("Emma", 110)]
    assert Notification.objects.get(incident=incident, person=house.olga, level=1).stopped_at is None


@pytest.mark.parametrize(("hours", "expected"), [(0.75, 45), (2, 120)])
def test_an_end_that_moves_moves_what_waits(house, policy, api, clock, hours, expected):
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    catalog.change_maintenance(window.pk, ends_at=window.starts_at + timedelta(hours=hours), by=None)
    let_pass(clock, clock.now)
    end = window.starts_at + timedelta(hours=hours)
    assert (level_of(incident, 1).waits_until, level_of(incident, 2).due_at) == (end, end + timedelta(minutes=15))
    assert level_of(incident, 1).reason.startswith(f"Maintenance until {end:%Y-%m-%d %H:%M} UTC")
    let_pass(clock, clock.now + timedelta(hours=4))
    assert pages(incident) == [("Olga", expected), ("Tom", expected + 15), ("Emma", expected + 60)]


def test_a_service_that_leaves_the_maintenance_is_paged_for_at_once(house, policy, api, cli, clock):
    window = under(api, cli)
    incident, other = alert(house, api), alert(house, cli)
    let_pass(clock, clock.now + timedelta(minutes=20))
    catalog.change_maintenance(window.pk, services=[cli], by=None)
    let_pass(clock, clock.now)
    assert (pages(incident), pages(other)) == ([("Olga", 20)], [])


def test_an_incident_that_turns_out_to_be_of_another_service_is_paged_at_once(house, policy, api, cli, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    actions.describe(incident.pk, by=house.olga, services=[api, cli])
    let_pass(clock, clock.now)
    assert pages(incident) == [("Olga", 20)]


def test_overlapping_windows_hold_until_the_last_ends(house, policy, api, clock):
    first = under(api)
    under(api, hours=1.5)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=10))
    catalog.end_maintenance(first.pk, by=None)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 90), ("Tom", 105), ("Emma", 150)]


def test_a_window_planned_meanwhile_for_when_the_first_ends_goes_on_holding(house, policy, api, clock):
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=10))
    under(api, starts_at=window.ends_at, hours=1, ends_at=window.ends_at + timedelta(hours=1))
    let_pass(clock, clock.now)
    assert level_of(incident, 1).waits_until == window.ends_at + timedelta(hours=1)
    let_pass(clock, clock.now + timedelta(hours=4))
    assert pages(incident) == [("Olga", 120), ("Tom", 135), ("Emma", 180)]


def test_the_change_of_the_clocks_makes_it_neither_longer_nor_shorter(house, policy, api, clock):
    clock.set(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))  # 1:30 in Berlin; at 2:00 it is 3:00
    window = under(api, hours=1)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(hours=2))
    assert (level_of(incident, 1).at, pages(incident)[0]) == (window.ends_at, ("Olga", 60))


def test_somebody_may_page_at_once_and_from_then_on_nothing_waits(house, policy, api, clock):
    under(api, hours=4)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    escalation.escalate(incident.pk, reason="It is not the maintenance", by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=2))
    assert pages(incident) == [("Olga", 20), ("Tom", 35), ("Emma", 80)]
    said = "Maintenance is on: Moving the database until 2026-03-02 14:00 UTC."
    assert level_of(incident, 1).reason == f"Olga escalated: It is not the maintenance. {said}"


def test_escalated_to_a_level_those_below_are_passed_and_those_above_go_on(house, policy, api, clock):
    under(api, hours=4)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    escalation.escalate(incident.pk, level=2, reason="It is not the maintenance", by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=2))
    assert (pages(incident), states(incident)) == ([("Tom", 20), ("Emma", 80)], {1: "passed", 2: "fired", 3: "fired"})


def test_reassigned_it_waits_no_longer(house, policy, api, clock):
    under(api, hours=4)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    escalation.reassign(incident.pk, reason="Yours", by=house.olga, people=[house.carl])
    let_pass(clock, clock.now + timedelta(hours=2))
    assert pages(incident) == [("Emma", 80)]


def test_a_worse_severity_meanwhile_waits_too_and_skips_nobody(house, policy, api, clock):
    chain("P2", house.carl, house.ceo)
    under(api, hours=4)
    incident = alert(house, api, severity="P2")
    let_pass(clock, clock.now + timedelta(hours=2))
    actions.raise_severity_by_alert(incident.pk, severity=Severity.objects.get(code="P0"), text="Worse.")
    let_pass(clock, clock.now + timedelta(hours=4))
    assert pages(incident) == [("Olga", 240), ("Tom", 255), ("Emma", 300)]


def test_a_worse_severity_does_not_outlive_an_end_that_comes_early(house, policy, api, clock):
    chain("P2", house.carl, house.ceo)
    window = under(api, hours=4)
    incident = alert(house, api, severity="P2")
    let_pass(clock, clock.now + timedelta(hours=2))
    actions.raise_severity_by_alert(incident.pk, severity=Severity.objects.get(code="P0"), text="Worse.")
    let_pass(clock, clock.now + timedelta(minutes=1))
    catalog.end_maintenance(window.pk, by=None)
    let_pass(clock, clock.now + timedelta(hours=2))
    assert pages(incident) == [("Olga", 121), ("Tom", 136), ("Emma", 181)]


def test_a_hold_by_a_person_lasts_on_beyond_it(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=50))
    escalation.hold(incident.pk, minutes=30, by=house.olga)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 80), ("Tom", 80), ("Emma", 120)]


def test_two_levels_that_a_hold_kept_wait_together_and_move_the_rest_once(house, policy, api, clock):
    incident = alert(house, api)
    let_pass(clock, clock.now)
    escalation.hold(incident.pk, minutes=70, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=65))
    assert states(incident) == {1: "fired", 2: "held", 3: "held"}
    window = under(api)
    let_pass(clock, window.ends_at)
    assert sorted(pages(incident)) == [("Emma", 125), ("Olga", 0), ("Tom", 125)]
    assert incident.escalation_runs.get().stood_still == timedelta(minutes=55)


def test_after_it_a_level_still_waits_for_working_hours(house, policy, api, clock):
    make_level(policy, 1, outside_hours=OutsideHours.WAIT)
    clock.set(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(hours=1))
    assert level_of(incident, 1).waits_until == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


def test_a_level_that_would_hand_over_during_it_does_so_afterwards(house, policy, api, clock):
    cut_off(house.olga)
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Tom", 60), ("Emma", 120)]


def test_when_everybody_declines_during_it_the_next_is_paged_afterwards(house, policy, api, clock):
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=2))
    under(api, hours=0.5)
    decline(incident, house.olga)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 0), ("Tom", 32), ("Emma", 77)]


def test_a_level_that_went_on_early_moves_none_above_it_when_the_maintenance_ends_early(house, policy, api, clock):
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=2))
    window = under(api, hours=0.2)
    decline(incident, house.olga)
    assert level_of(incident, 2).waits_until == window.ends_at
    let_pass(clock, clock.now + timedelta(minutes=1))
    catalog.end_maintenance(window.pk, by=None)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 0), ("Tom", 3), ("Emma", 60)]


def test_later_rounds_keep_their_distance(house, api, clock):
    repeat(chain("P0", house.olga, house.tom), times=1, every=timedelta(minutes=30))
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(hours=3))
    assert pages(incident) == [("Olga", 60), ("Tom", 75), ("Olga", 90), ("Tom", 105)]


def test_whoever_is_silent_is_asked_after_it(house, policy, api, clock):
    policy.asks_again_after = timedelta(minutes=10)
    policy.save()
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now)
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now + timedelta(minutes=40))
    assert texts(incident, EventKind.ASKED_AGAIN) == []
    catalog.end_maintenance(window.pk, by=None)
    let_pass(clock, clock.now)
    assert len(texts(incident, EventKind.ASKED_AGAIN)) == 1


def test_no_backup_is_woken_for_a_vacant_role_until_it_is_over(house, policy, api, clock):
    role, paula, bob = ResponseRole.objects.get(key="commander"), make_person("Paula"), make_person("Bob")
    for position, person in ((1, paula), (2, bob)):
        RoleCandidate.objects.create(role=role, position=position, title="Candidate", person=person)
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=30))
    asked = Notification.objects.filter(incident=incident, kind=NotificationKind.ROLE_PAGE)
    assert not asked.exists()
    catalog.end_maintenance(window.pk, by=None)
    let_pass(clock, clock.now)
    assert [page.person for page in asked] == [bob]


def test_nothing_is_asked_of_the_timeline_or_the_services_while_there_is_no_maintenance(
    house, policy, api, django_assert_num_queries
):
    incident = alert(house, api)
    with django_assert_num_queries(1):
        assert maintenance.holding(incident, at=NOON) is None
    with django_assert_num_queries(1):
        assert maintenance.remark(incident, at=NOON) == ""


def test_what_comes_next_is_told_for_the_end_of_it(house, policy, api, clock):
    incident = alert(house, api)
    let_pass(clock, clock.now)
    window = under(api)
    second = level_of(incident, 2)
    third = level_of(incident, 3)
    prospects = outlook.prospects(incident, [second, third])
    assert prospects[third.pk].at == third.due_at + (window.ends_at - second.due_at)
    prospect = prospects[second.pk]
    assert (prospect.at, prospect.people) == (window.ends_at, [house.tom])
    assert prospect.wait.maintenance.startswith("Maintenance until")
    let_pass(clock, clock.now + timedelta(minutes=20))
    summary = queries.summaries([incident])[incident.pk]
    assert (summary.next_level, summary.next_at) == (2, window.ends_at)
    assert level_of(incident, 3).due_at == prospects[third.pk].at


def test_the_proof_finds_nothing_while_the_maintenance_is_on(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    assert proof.gaps() == []
    assert states(incident)[1] == "held"


def deleted(window: MaintenanceWindow) -> None:
    MaintenanceWindow.objects.filter(pk=window.pk).delete()


def ended_behind_our_back(window: MaintenanceWindow) -> None:
    MaintenanceWindow.objects.filter(pk=window.pk).update(
        ended_early_at=window.starts_at + timedelta(minutes=10),
    )


@pytest.mark.parametrize("lose", [deleted, ended_behind_our_back])
def test_the_proof_finds_and_pages_what_waits_for_a_maintenance_that_is_over(
    house, policy, api, clock, lose: Callable[[MaintenanceWindow], None]
):
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    lose(window)
    assert [gap.text for gap in proof.gaps()] == [f"{incident} waited for the end of maintenance that is over."]
    Timer.objects.filter(kind="escalation.proof", state=State.PENDING).delete()
    Proof.objects.all().delete()
    escalation.prove()
    let_pass(clock, clock.now)
    assert pages(incident) == [("Olga", 20)]
    assert proof.gaps() == []


def test_the_proof_calls_no_gap_what_is_about_to_be_looked_at(house, policy, api, clock):
    window = under(api)
    alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    catalog.end_maintenance(window.pk, by=None)
    assert proof.gaps() == []


def test_the_proof_does_not_wait_for_a_look_that_fails_or_is_not_made(house, policy, api, clock):
    window = under(api)
    incident = alert(house, api)
    let_pass(clock, clock.now + timedelta(minutes=20))
    catalog.end_maintenance(window.pk, by=None)
    missing = [f"{incident} waited for the end of maintenance that is over."]
    Timer.objects.filter(kind=escalation.LOOK).update(attempts=1, due_at=clock.now + timedelta(minutes=5))
    assert [gap.text for gap in proof.gaps()] == missing
    Timer.objects.filter(kind=escalation.LOOK).update(attempts=0, due_at=clock.now - timedelta(minutes=2))
    assert [gap.text for gap in proof.gaps()] == missing


def test_the_proof_costs_the_same_however_many_incidents_wait(house, policy, api, clock, django_assert_num_queries):
    under(api)
    for _ in range(5):
        alert(house, api)
    let_pass(clock, clock.now)
    with django_assert_num_queries(5):
        assert list(proof_of_maintenance.gaps()) == []


@pytest.mark.parametrize("start", [-30, 0, 10, 50])
@pytest.mark.parametrize("length", [20, 90])
def test_simulation_and_engine_agree(house, policy, api, clock, start, length):
    at = clock.now + timedelta(minutes=30)
    begins = at + timedelta(minutes=start)
    catalog.plan_maintenance(by=None, services=[api], starts_at=begins, ends_at=begins + timedelta(minutes=length))
    moments = simulate(Severity.objects.get(code="P0"), api, at=at)
    told = [
        (moment.text.removeprefix("Page to "), moment.minute)
        for moment in moments
        if moment.kind == NotificationKind.PAGE
    ]
    clock.set(at)
    incident = alert(house, api)
    let_pass(clock, at + timedelta(hours=6))
    assert told == pages(incident)
    assert len(told) == 3


def test_levels_that_are_overdue_when_the_chain_stands_still_keep_their_distance(house, policy, api, clock):
    under(api)
    incident = alert(house, api)
    clock.shift(minutes=20)
    second = level_of(incident, 2)
    escalation.fire_when_due(second.pk, planned_for=second.due_at)
    escalation.fire_when_due(second.pk, planned_for=second.due_at)  # a second worker, which waited for the first
    assert texts(incident, EventKind.ESCALATION_HELD) == [f"Level 1 waits: {level_of(incident, 1).reason}"]
    let_pass(clock, incident.declared_at + timedelta(hours=3))
    assert pages(incident) == [("Olga", 60), ("Tom", 75), ("Emma", 120)]
