"""The demo: believable, relative to now, and removable without a trace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.alerts.actions import create_integration
from apps.alerts.models import Format, Integration
from apps.core import clock as house_clock
from apps.engine.models import State, Timer
from apps.incidents.models import OPEN, Incident, ProceduresRevision, Severity
from apps.notifications.models import Delivery, DeliveryState
from apps.postmortems.models import Postmortem, ReviewStatus
from apps.procedures.demo import loading, organisation
from apps.procedures.demo.incidents import STORIES
from apps.procedures.demo.organisation import SENDERS, person
from apps.rosters import queries as rosters
from apps.teams.actions import create_token
from apps.teams.models import ApiToken, Team, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.procedures import FILE
from tests.factories.teams import make_person, make_team
from tests.worlds import remembered


@pytest.fixture
def demo(db, clock, settings):
    settings.DEMO_PASSWORD = "correct horse battery"
    remembered(("demo", clock.now), load_demo)


def load_demo() -> None:
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


def test_what_somebody_made_within_the_demo_is_named_and_lost_only_by_force(demo):
    assert loading.strangers() == []
    platform, responder = Team.objects.get(slug="platform"), person("responder")
    create_integration(team=platform, name="My monitoring", sender_format=Format.GENERIC, by=None)
    create_token(responder, name="laptop")
    revoked, _ = create_token(responder, name="lost laptop")
    revoked.revoked_at = house_clock.now()
    revoked.save(update_fields=["revoked_at"])
    lift = declare(platform, responder, severity="P3", title="The lift is stuck")
    again = declare(platform, responder, severity="P3", title=STORIES[0].title)
    leak = declare(platform, responder, severity="P3", title="Somebody leaks keys", private=True)
    for verb in ("reset", "remove"):
        with pytest.raises(CommandError) as refused:
            call_command("demo", verb)
        assert {line.strip() for line in str(refused.value).splitlines()[1:-1]} == {
            "the integration My monitoring of Platform",
            "the token laptop of Rafi Cohen",
            f'the incident {lift} "The lift is stuck"',
            f'the incident {again} "{STORIES[0].title}"',
            f"the incident {leak}",
        }
    assert Integration.objects.count() == len(SENDERS) + 1
    assert ApiToken.objects.count() == 2
    assert Incident.objects.contains(lift)
    call_command("demo", "remove", "--force")
    assert loading.strangers() == []
    assert not Incident.objects.exists()


def test_many_incidents_of_ones_own_are_counted_and_not_all_named(db):
    make_procedures()
    team = make_team()
    for number in range(loading.SHOWN + 2):
        declare(team, title=f"Lift {number}")
    assert loading.strangers()[-1] == "and 2 more incidents"
    assert len(loading.strangers()) == loading.SHOWN + 1


def test_one_who_began_with_a_person_of_their_own_is_given_no_demo(db, settings, capsys):
    settings.DEMO_PASSWORD = "correct horse battery"
    call_command("procedures", "apply", str(FILE), verbosity=0)
    make_person("Olga")
    call_command("demo", "reset", "--if-empty")
    assert "nothing was changed" in capsys.readouterr().out
    assert not Team.objects.exists()


@pytest.mark.parametrize(
    "instant", ["2026-03-30T06:59:59Z", "2026-03-30T07:00:00Z", "2026-03-30T21:30:00Z", "2026-10-25T23:30:00Z"]
)
def test_at_every_hour_of_a_monday_it_is_the_responders_week_as_the_handoff_says(db, clock, instant):
    """Of three who take turns the first has the week that is running; before nine on a Monday it is the last one's."""
    clock.set(datetime.fromisoformat(instant))
    call_command("procedures", "apply", str(FILE), verbosity=0)
    organisation.build(password="correct horse battery")
    [duty] = rosters.on_call(at=clock.now, teams=[Team.objects.get(slug="platform")])
    assert duty.person == person("responder")


def test_a_reset_without_a_password_takes_nothing_away(demo, settings):
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        call_command("demo", "reset")
    assert Team.objects.count() == 4


def test_a_reset_that_fails_halfway_takes_nothing_away(demo, monkeypatch):
    def broken(**_):
        raise RuntimeError("half-way")

    monkeypatch.setattr(loading, "load", broken)
    with pytest.raises(RuntimeError):
        call_command("demo", "reset")
    assert Team.objects.count() == 4
    assert Incident.objects.count() == 6
