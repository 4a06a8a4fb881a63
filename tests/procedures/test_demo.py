"""The demo: believable, relative to now, and removable without a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock as house_clock
from apps.engine.models import State, Timer
from apps.incidents.models import OPEN, Incident, ProceduresRevision, Severity
from apps.notifications.models import Delivery, DeliveryState
from apps.postmortems.models import Postmortem, ReviewStatus
from apps.rosters import queries as rosters
from apps.teams.models import Team, User
from tests.procedures.test_apply import FILE


@pytest.fixture
def demo(db, settings):
    settings.DEMO_PASSWORD = "correct horse battery"
    call_command("procedures", "apply", str(FILE), verbosity=0)
    call_command("demo", "reset")


def test_the_demo_is_what_a_newcomer_is_promised(demo):
    now = house_clock.now()
    assert Team.objects.count() == 4
    assert User.objects.filter(memberships__team__isnull=False).distinct().count() >= 12
    assert len(rosters.on_call(at=now)) == 4
    assert "responder@example.com" in {duty.person.email for duty in rosters.on_call(at=now)}
    assert {incident.severity.code for incident in Incident.objects.filter(status__in=OPEN)} == {"P2", "P3"}
    assert Incident.objects.filter(status="closed").count() == 2
    assert Postmortem.objects.get(incident__status="resolved").status == ReviewStatus.IN_REVIEW
    assert Postmortem.objects.filter(status=ReviewStatus.FINISHED).count() == 2
    for incident in Incident.objects.all():
        times = list(incident.timeline.values_list("at", flat=True))
        assert times == sorted(times), f"the timeline of {incident} jumps"
    late = Timer.objects.filter(state=State.PENDING, due_at__lt=now - timedelta(minutes=5))
    assert not late.exists(), list(late)
    assert not Timer.objects.filter(state=State.DEAD).exists()
    assert not Delivery.objects.filter(state__in=[DeliveryState.PLANNED, DeliveryState.SENDING]).exists()


def test_removed_leaves_the_procedures_and_nothing_else_but_not_what_somebody_made(demo):
    ours = Team.objects.create(slug="ours", name="Ours")
    with pytest.raises(CommandError, match="the team Ours"):
        call_command("demo", "remove")
    assert Incident.objects.exists()
    ours.delete()
    call_command("demo", "remove")
    assert not Incident.objects.exists()
    assert not Team.objects.exists()
    assert not User.objects.filter(email__endswith="@example.com").exists()
    assert Severity.objects.count() == 4
    assert ProceduresRevision.objects.count() == 1
