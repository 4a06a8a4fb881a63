"""Trying the procedures out: what the engine would do, and not a trace of it afterwards."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from apps.catalog.models import Service
from apps.engine.models import Timer
from apps.incidents.models import Incident, Severity
from apps.notifications.models import Notification
from apps.procedures import reading
from apps.procedures.apply import apply
from apps.procedures.simulation import simulate
from apps.teams.models import TeamRole
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.procedures.test_apply import FILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(clock):
    found = reading.load(FILE)
    apply(found)
    return found


@pytest.fixture
def service(document):
    team = make_team()
    put_on_call(team, make_person("Olga", team, TeamRole.RESPONDER))
    return Service.objects.create(slug="application", name="Application", team=team)


@pytest.mark.parametrize("code", ["P0", "P1", "P2", "P3"])
def test_it_tells_every_level_at_its_minute_by_the_numbers_of_the_file(document, service, clock, code):
    moments = simulate(Severity.objects.get(code=code), service, at=clock.now)
    fired = [moment.minute for moment in moments if moment.kind == "level_fired"]
    assert fired == [level.after.total_seconds() / 60 for level in document.escalation[code]]


def test_it_tells_which_clock_would_run_out_and_by_what_people_would_be_told(service, clock):
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert [moment.minute for moment in moments if moment.text.startswith("Response clock ran out")] == [15]
    assert [moment.minute for moment in moments if moment.text.startswith("Resolution clock ran out")] == [120]
    first = next(moment for moment in moments if moment.kind == "page")
    assert [(told.person, told.channel, told.address) for told in first.told] == [("Olga", "email", "olga@example.com")]


def test_nothing_is_left_of_it_and_nothing_was_sent(service, clock):
    before = Timer.objects.count()
    simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert Timer.objects.count() == before
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()
    assert mail.outbox == []


def test_the_command_prints_text_or_data_and_names_what_it_does_not_know(service):
    text, data = StringIO(), StringIO()
    call_command("simulate", "--severity", "P0", "--service", "application", stdout=text)
    assert "Level 5" in text.getvalue()
    call_command("simulate", "--severity", "P0", "--service", "application", "--json", stdout=data)
    assert json.loads(data.getvalue())[0]["kind"] == "declared"
    with pytest.raises(CommandError, match="no severity P9"):
        call_command("simulate", "--severity", "P9", "--service", "application")
    with pytest.raises(CommandError, match="no service nowhere"):
        call_command("simulate", "--severity", "P0", "--service", "nowhere")
    with pytest.raises(CommandError, match="expected a time with an offset"):
        call_command("simulate", "--severity", "P0", "--service", "application", "--at", "2026-03-02T03:00")
