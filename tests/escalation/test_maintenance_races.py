"""Maintenance that ends at the very moment at which a level falls due: whoever comes second sees what the first did."""

from __future__ import annotations

import pytest

from apps.catalog import actions as catalog
from apps.catalog.models import MaintenanceWindow, Service
from apps.core import clock
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.incidents.actions.locking import locked
from apps.incidents.models import Incident, Via
from tests.escalation.building import House, chain, level_of, make_house, states
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.incidents import declare
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    house = make_house()
    chain("P0", house.olga, house.tom)
    return house


@pytest.fixture
def api(house) -> Service:
    return Service.objects.create(slug="api", name="API", team=house.team)


@pytest.fixture
def window(api) -> MaintenanceWindow:
    return catalog.plan_maintenance(by=None, services=[api])


@pytest.fixture
def incident(house, api, window) -> Incident:
    """A P0 of an alert, whose first level is due at this moment."""
    return declare(house.team, via=Via.ALERT, services=[api])


def test_a_level_that_read_the_maintenance_just_before_it_ended_is_paged_all_the_same(incident, window):
    """The level decides to wait; before that is committed the maintenance ends, and is looked at."""
    level = level_of(incident, 1)

    def end_and_look() -> None:
        catalog.end_maintenance(window.pk, by=None)
        escalation.look_everywhere()
        escalation.look_at(incident.pk)  # what it planned: it waits for the level's transaction

    one_waits_for_the_other(lambda: escalation.fire_when_due(level.pk), end_and_look)
    run_due()
    assert states(incident) == {1: "fired", 2: "planned"}


def test_what_may_just_begin_to_wait_is_among_what_is_looked_at(incident, window):
    escalation.look_everywhere()
    looks = Timer.objects.filter(kind=escalation.LOOK_AT, state=State.PENDING)
    assert [timer.payload["incident"] for timer in looks] == [incident.pk]


def test_a_level_that_waits_for_who_looks_is_paged(incident, window):
    """The maintenance is over and somebody has the incident; the level comes next and waits for nothing else."""
    level = level_of(incident, 1)
    catalog.end_maintenance(window.pk, by=None)
    one_waits_for_the_other(lambda: locked(incident.pk), lambda: escalation.fire_when_due(level.pk))
    assert states(incident)[1] == "fired"


def test_ended_and_due_at_once_it_is_paged_once_whoever_wins(house, api):
    for _ in range(8):
        window = catalog.plan_maintenance(by=None, services=[api])
        incident = declare(house.team, via=Via.ALERT, services=[api])
        level = level_of(incident, 1)
        raised = at_once(
            lambda level=level: escalation.fire_when_due(level.pk),
            lambda window=window: catalog.end_maintenance(window.pk, by=None),
        )
        assert raised == []
        run_due()
        fired = level_of(incident, 1)
        assert (fired.state, list(fired.people.all())) == ("fired", [house.olga])
        assert level_of(incident, 2).due_at > clock.now()


def test_two_who_end_it_at_once_end_it_once(window):
    raised = at_once(*[lambda: catalog.end_maintenance(window.pk, by=None)] * 2)
    assert [str(error) for error in raised] == ["This maintenance is over."]
    assert window.history.filter(history_type="~", ended_early_at__isnull=False).count() == 1
