from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.engine import actions
from apps.engine.models import Breaker, State, Timer


def output_of(*arguments):
    out = StringIO()
    call_command("engine", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_status_tells_each_lane_and_what_died_of_what(clock, seen):
    actions.schedule("note", key="due", due_at=clock.now - timedelta(seconds=30))
    actions.schedule("note", key="dead")
    Timer.objects.filter(key="dead").update(
        state=State.DEAD, attempts=12, finished_at=clock.now, last_error="ProviderError: gone"
    )
    told = json.loads(output_of("status", "--json"))
    work = next(lane for lane in told["lanes"] if lane["lane"] == "work")
    assert (work["due"], work["lag"], work["dead"]) == (1, 30.0, 1)
    assert [(dead["key"], dead["last_error"]) for dead in told["dead"]] == [("dead", "ProviderError: gone")]
    assert "dead: note dead after 12 attempts: ProviderError: gone" in output_of("status")


@pytest.mark.django_db
def test_status_tells_which_providers_are_left_alone(clock):
    Breaker.objects.create(
        provider="gateway", failures=5, openings=1, open_until=clock.now + timedelta(seconds=30), last_error="503"
    )
    Breaker.objects.create(provider="mail", last_error="timed out")
    assert "circuit: gateway open until 10:00:30 UTC: 503\ncircuit: mail closed\n" in output_of("status")
    told = json.loads(output_of("status", "--json"))["circuits"]
    assert [(circuit["provider"], circuit["state"]) for circuit in told] == [("gateway", "open"), ("mail", "closed")]


@pytest.mark.parametrize("arguments", [("--lanes", "pages,slow"), ("--standby", "-1")])
def test_run_refuses_what_it_does_not_understand(arguments):
    with pytest.raises(CommandError):
        call_command("engine", "run", *arguments)
