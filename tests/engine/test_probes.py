from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from apps.core import clock
from apps.engine import actions, identity
from apps.engine.models import Breaker, State, Timer
from apps.engine.runner import run_due


@pytest.fixture
def at_work():
    """This process works the lanes."""
    identity.me.number()
    yield
    identity.me.release()


def test_healthz_touches_no_database(client):
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_readyz_is_ready_while_a_worker_lives_and_nothing_is_late(client, at_work):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert {name: check["state"] for name, check in answer.json()["checks"].items()} == {
        "database": "ok",
        "broker": "not configured",
        "engine": "ok",
        "inbox": "ok",
        "proof": "ok",
        "providers": "ok",
    }


@pytest.mark.django_db
def test_readyz_is_503_without_a_worker(client):
    identity.me.release()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["engine"]["detail"] == "No worker is running."


@pytest.mark.django_db
def test_readyz_is_503_when_pages_are_late_but_not_when_bulk_is(client, at_work):
    late = Timer(kind="x", due_at=clock.now() - timedelta(seconds=45), key="a", lane="bulk")
    late.save()
    assert client.get("/readyz").status_code == 200
    late.lane = "pages"
    late.save()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["lag_seconds"]["pages"] == pytest.approx(45, abs=2)


@pytest.mark.django_db
def test_readyz_shows_a_broker_that_is_away_and_stays_ready_to_page(client, at_work, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["broker"]["state"] == "failed"


@pytest.mark.django_db
def test_readyz_finds_the_broker(client, at_work, settings):
    settings.REDIS_URL = os.environ["TEST_REDIS_URL"]
    assert client.get("/readyz").json()["checks"]["broker"]["state"] == "ok"


@pytest.fixture
def database_away(transactional_db):
    """Nothing listens where the database should be."""
    connection.close()
    with pytest.MonkeyPatch.context() as away:
        away.setitem(connection.settings_dict, "PORT", "1")
        yield


def test_probes_answer_while_the_database_is_away(client, database_away):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {"state": "failed", "detail": "The database is away."}
    assert client.get("/metrics").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_metrics_tell_lag_due_dead_and_done_by_lane(client, seen, clock):
    for key in ("done", "dead", "due"):
        actions.schedule("note", key=key, due_at=clock.now - timedelta(seconds=10))
    Timer.objects.filter(key="dead").update(state=State.DEAD, finished_at=clock.now)
    run_due(limit=1)
    actions.schedule("note", key="later", due_at=clock.now + timedelta(hours=1))
    text = client.get("/metrics").content.decode()
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels == {"lane": "work"}
    }
    assert found == {
        "ado_engine_lag_seconds": 10.0,
        "ado_engine_pending": 2.0,
        "ado_engine_due": 1.0,
        "ado_engine_leased": 0.0,
        "ado_engine_dead": 1.0,
        "ado_engine_done_per_minute": 0.2,
    }


@pytest.mark.django_db
def test_metrics_tell_in_which_state_each_circuit_is(client, clock):
    Breaker.objects.create(provider="gateway", openings=1, open_until=clock.now + timedelta(seconds=30))
    text = client.get("/metrics").content.decode()
    assert 'ado_engine_circuit{provider="gateway",state="open"} 1.0' in text
    assert 'ado_engine_circuit{provider="gateway",state="closed"} 0.0' in text


@pytest.mark.django_db
def test_probes_cost_a_handful_of_queries(client, at_work, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):  # before the first proof it is asked since when one is planned
        client.get("/readyz")
    with django_assert_max_num_queries(3):
        client.get("/metrics")
