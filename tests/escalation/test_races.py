"""Whoever acts at the same moment as the chain: one waits for the other, and finds what the other did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import RequestFactory

from apps.core.errors import Conflict, RuleViolation
from apps.escalation import actions as escalation
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents.models import EventKind
from apps.notifications.models import Delivery, DeliveryState, Notification, NotificationKind
from apps.teams.models import TeamRole, User
from tests.escalation.building import House, chain, level_of, make_house, states, texts
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20.0
#: Whether anybody waits for a lock of this session (pg_locks: pg_stat_activity stands still within a transaction).
KEPT_WAITING = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def administrator(house):
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def incident(house):
    """A P0 whose second level, Tom, is decided next."""
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    declared = declare(house.team, house.olga)
    escalation.fire_when_due(level_of(declared, 1).pk)
    return declared


def one_waits_for_the_other(
    first: Callable[[], object], second: Callable[[], object], *, then: Callable[[], object] = lambda: None
) -> None:
    """Do ``first``, and ``second`` while the first is not committed yet: it has to wait, and goes on afterwards.

    Once it waits, ``then`` is done before the commit.
    """
    done, began = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            began.set()
            if not _somebody_waits(unless=done):
                raise AssertionError("The second did not wait for the first.")
            then()

    def follow() -> None:
        began.wait(PATIENCE)
        try:
            second()
        finally:
            done.set()

    assert at_once(hold, follow) == []


def _somebody_waits(*, unless: threading.Event) -> bool:
    """Whether a session is kept waiting by this one before long, ``unless`` nobody will any more."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not unless.is_set():
        with connection.cursor() as cursor:
            cursor.execute(KEPT_WAITING)
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.02)
    return False


def test_a_level_that_falls_due_while_somebody_acknowledges_sees_it_and_pages_nobody(incident, house):
    level = level_of(incident, 2)
    one_waits_for_the_other(
        lambda: actions.acknowledge(incident.pk, by=house.olga), lambda: escalation.fire_when_due(level.pk)
    )
    assert states(incident)[2] == "skipped"
    assert level_of(incident, 2).reason.startswith("acknowledged after")
    assert not Notification.objects.filter(person=house.tom, kind=NotificationKind.PAGE).exists()


def test_whoever_acknowledges_while_a_level_fires_stops_its_pages(incident, house):
    level = level_of(incident, 2)
    one_waits_for_the_other(
        lambda: escalation.fire_when_due(level.pk), lambda: actions.acknowledge(incident.pk, by=house.olga)
    )
    assert states(incident)[2] == "fired"
    page = Notification.objects.get(person=house.tom, kind=NotificationKind.PAGE)
    assert page.stopped_at is not None
    assert Delivery.objects.get(notification=page, channel="email").state == DeliveryState.CANCELLED
    assert texts(incident, EventKind.ACKNOWLEDGED)


def test_four_who_escalate_at_the_same_moment_page_one_level(incident, house):
    raised = at_once(*[lambda: escalation.escalate(incident.pk, reason="Stuck", by=house.olga)] * 4)
    assert [type(error) for error in raised] == [RuleViolation] * 3
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned", 4: "planned"}


def test_a_chain_that_is_removed_while_an_incident_begins_to_climb_it_is_climbed(house, administrator):
    policy = chain("P1", house.tom, team=house.team)
    one_waits_for_the_other(
        lambda: declare(house.team, house.olga, severity="P1"),
        lambda: escalation.delete_policy(policy.pk, by=administrator),
    )
    run = house.team.incidents.get().escalation_runs.get()
    assert (run.policy, run.levels.get().name) == (None, "Level 1")


def _in_its_admin(policy: Policy, administrator: User) -> None:
    request = RequestFactory().post("/admin/")
    request.user = administrator
    admin.site._registry[Policy].delete_model(request, policy)


def _in_the_list_of_the_admin(policy: Policy, administrator: User) -> None:
    request = RequestFactory().post("/admin/")
    request.user = administrator
    admin.site._registry[Policy].delete_queryset(request, Policy.objects.filter(pk=policy.pk))


@pytest.mark.parametrize("remove", [_in_its_admin, _in_the_list_of_the_admin])
def test_whoever_removes_it_in_the_admin_waits_as_well(house, administrator, remove):
    policy = chain("P1", house.tom, team=house.team)
    one_waits_for_the_other(
        lambda: declare(house.team, house.olga, severity="P1"), lambda: remove(policy, administrator)
    )
    assert house.team.incidents.get().escalation_runs.get().policy is None


def test_an_incident_that_is_declared_while_its_chain_is_removed_climbs_the_next_wider_one(house, administrator):
    everybodys, policy = chain("P1", house.carl), chain("P1", house.tom, team=house.team)
    one_waits_for_the_other(
        lambda: escalation.delete_policy(policy.pk, by=administrator),
        lambda: declare(house.team, house.olga, severity="P1"),
    )
    assert house.team.incidents.get().escalation_runs.get().policy == everybodys


def test_nothing_is_reassigned_to_a_chain_that_is_removed_at_that_moment(incident, house, administrator):
    policy = chain("P1", house.tom, team=house.team)

    def reassign() -> None:
        with pytest.raises(Conflict, match="was removed meanwhile"):
            escalation.reassign(incident.pk, policy=policy, reason="Hers", by=house.olga)

    one_waits_for_the_other(lambda: escalation.delete_policy(policy.pk, by=administrator), reassign)
    assert incident.escalation_runs.get().ended_at is None
