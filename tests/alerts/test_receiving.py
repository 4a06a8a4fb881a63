"""From an alert to its incident: declared once, attached, resolved, reopened, followed; out of order too."""

from __future__ import annotations

from typing import Any

import pytest

from apps.alerts import actions
from apps.alerts.models import Alert, AlertStatus, Format, Integration, SeverityRule
from apps.catalog.models import Service
from apps.core.errors import RuleViolation
from apps.incidents import actions as incidents
from apps.incidents.models import Detection, EventKind, Incident, Severity, Status
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User
from tests.alerts.building import prometheus_alert
from tests.factories.incidents import declare

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("procedures", "application", "agents")]

P3 = {"alertname": "ADOWSJFScoringAnomalies", "severity": "info"}


@pytest.fixture
def commander(platform: Team) -> User:
    person = User.objects.create_user("carla@example.com", name="Carla")
    add_member(person, platform, TeamRole.COMMANDER)
    return person


def kinds(incident: Incident) -> list[str]:
    """The alert events and steps of the incident's timeline, oldest first."""
    shown = (EventKind.DECLARED, EventKind.ALERT_FIRING, EventKind.ALERT_RESOLVED, EventKind.RESOLVED)
    return list(
        incident.timeline.filter(kind__in=(*shown, EventKind.REOPENED, EventKind.STATUS_CHANGED)).values_list(
            "kind", flat=True
        )
    )


def firing_texts(incident: Incident) -> list[str]:
    return [event.text for event in incident.timeline.filter(kind=EventKind.ALERT_FIRING)]


class TestFiring:
    def test_a_firing_alert_declares_an_incident_of_its_severity_service_and_team(
        self, post: Any, platform: Team, application: Service, clock: Any
    ) -> None:
        post(prometheus_alert())
        incident = Incident.objects.get()
        assert incident.title == "ADO application is down"
        assert incident.summary == "ADO application has been down for more than 1 minute"
        assert incident.severity.code == "P0"
        assert incident.team == platform
        assert list(incident.services.all()) == [application]
        assert incident.detection == Detection.MONITORING
        assert incident.declared_by is None
        assert kinds(incident) == ["declared", "alert_firing"]
        alert = Alert.objects.get()
        assert (alert.incident, alert.status, alert.deliveries) == (incident, AlertStatus.FIRING, 1)
        assert alert.links[0] == {"title": "Runbook", "url": "https://docs.ado.com/runbooks/application-down"}

    def test_repetitions_are_counted_and_declare_and_record_nothing(self, post: Any, clock: Any) -> None:
        for _ in range(3):
            post(prometheus_alert())
            clock.shift(minutes=5)
        assert kinds(Incident.objects.get()) == ["declared", "alert_firing"]
        assert Alert.objects.get().deliveries == 3

    def test_a_repetition_that_says_another_severity_is_on_the_timeline(self, post: Any) -> None:
        post(prometheus_alert(labels={"alertname": "A", "severity": "warning"}))
        post(prometheus_alert(labels={"alertname": "A", "severity": "critical"}))
        assert [text.split(":")[1].split(",")[0] for text in firing_texts(Incident.objects.get())] == [
            " firing as P2",
            " firing as P0",
        ]

    def test_each_fingerprint_has_its_own_incident(self, post: Any) -> None:
        post(prometheus_alert(fingerprint="a"), prometheus_alert(fingerprint="b"))
        assert Incident.objects.count() == 2

    def test_the_same_fingerprint_of_two_integrations_is_two_alerts(self, post: Any, platform: Team) -> None:
        other, _ = actions.create_integration(team=platform, name="Other", sender_format=Format.ALERTMANAGER, by=None)
        post(prometheus_alert())
        post(prometheus_alert(), to=other)
        assert Incident.objects.count() == 2


class TestClassification:
    def test_the_label_team_decides_whose_the_incident_is(self, post: Any, ai: Team, application: Service) -> None:
        post(prometheus_alert(labels={"component": "application", "team": "ai"}))
        incident = Incident.objects.get()
        assert incident.team == ai
        assert list(incident.services.all()) == [application]

    @pytest.mark.parametrize("team", [{}, {"team": "nobody"}])
    def test_without_a_known_team_it_is_the_services_owner(self, post: Any, ai: Team, team: dict[str, str]) -> None:
        post(prometheus_alert(labels={"component": "agents", **team}))
        assert Incident.objects.get().team == ai

    def test_an_unknown_component_is_the_integrations_own_service_and_the_timeline_says_so(
        self, post: Any, monitoring: Service, platform: Team
    ) -> None:
        post(prometheus_alert(labels={"alertname": "A", "component": "flux capacitor"}))
        incident = Incident.objects.get()
        assert list(incident.services.all()) == [monitoring]
        assert incident.team == platform
        assert (
            'There is no service "flux capacitor"; taken for Monitoring, the service of Prometheus.'
            in firing_texts(incident)[0]
        )

    def test_a_missing_component_is_the_integrations_own_service_and_the_timeline_says_so(
        self, post: Any, monitoring: Service
    ) -> None:
        post(prometheus_alert(labels={"alertname": "A"}))
        incident = Incident.objects.get()
        assert list(incident.services.all()) == [monitoring]
        assert "The alert names no service; taken for Monitoring" in firing_texts(incident)[0]

    def test_an_integration_without_a_service_still_declares_for_its_team(
        self, post: Any, integration: Integration, ai: Team
    ) -> None:
        integration.service, integration.team = None, ai
        integration.save()
        post(prometheus_alert(labels={"alertname": "A", "component": "unknown"}))
        incident = Incident.objects.get()
        assert incident.team == ai
        assert list(incident.services.all()) == []

    def test_a_service_that_was_switched_off_is_unknown(
        self, post: Any, application: Service, monitoring: Service
    ) -> None:
        application.is_active = False
        application.save()
        post(prometheus_alert())
        assert list(Incident.objects.get().services.all()) == [monitoring]

    def test_an_alert_that_no_rule_fits_is_taken_for_the_worst_and_the_timeline_says_so(self, post: Any) -> None:
        SeverityRule.objects.all().delete()
        post(prometheus_alert(labels={"alertname": "A", "severity": "info"}))
        incident = Incident.objects.get()
        assert incident.severity.code == "P0"
        assert "No severity rule fits, so it is taken for P0." in firing_texts(incident)[0]

    def test_without_severities_nothing_is_lost_but_said(self, post: Any) -> None:
        SeverityRule.objects.all().delete()
        Severity.objects.all().delete()
        with pytest.raises(RuleViolation, match="procedures apply"):
            post(prometheus_alert())


class TestResolving:
    def test_a_resolve_while_gates_are_open_makes_it_monitoring(self, post: Any) -> None:
        post(prometheus_alert())
        post(prometheus_alert("resolved"))
        incident = Incident.objects.get()
        assert incident.status == Status.MONITORING
        assert kinds(incident) == ["declared", "alert_firing", "alert_resolved", "status_changed"]
        assert Alert.objects.get().status == AlertStatus.RESOLVED

    def test_a_severity_that_resolves_by_alert_is_resolved(self, post: Any) -> None:
        post(prometheus_alert(labels=P3))
        post(prometheus_alert("resolved", labels=P3))
        assert Incident.objects.get().status == Status.RESOLVED

    def test_a_resolve_that_comes_twice_is_recorded_once(self, post: Any) -> None:
        post(prometheus_alert())
        post(prometheus_alert("resolved"))
        post(prometheus_alert("resolved"))
        assert kinds(Incident.objects.get()).count("alert_resolved") == 1

    def test_the_incident_is_over_only_when_its_last_alert_is(self, post: Any, commander: User) -> None:
        post(prometheus_alert(labels=P3, fingerprint="a"), prometheus_alert(labels=P3, fingerprint="b"))
        first, second = Incident.objects.order_by("pk")
        incidents.merge(second.pk, into=first.pk, by=commander)
        post(prometheus_alert("resolved", labels=P3, fingerprint="a"))
        first.refresh_from_db()
        assert first.is_open
        post(prometheus_alert("resolved", labels=P3, fingerprint="b"))
        first.refresh_from_db()
        assert first.status == Status.RESOLVED
        assert kinds(first).count("alert_resolved") == 2

    def test_the_end_of_something_never_heard_of_makes_no_incident(self, post: Any) -> None:
        post(prometheus_alert("resolved"))
        assert not Incident.objects.exists()
        assert Alert.objects.get().status == AlertStatus.RESOLVED


class TestFiringAgain:
    def test_within_a_day_of_resolved_the_same_incident_goes_on(self, post: Any, clock: Any) -> None:
        post(prometheus_alert(labels=P3))
        post(prometheus_alert("resolved", labels=P3))
        clock.shift(hours=23)
        post(prometheus_alert(labels=P3, startsAt="2026-03-03T09:00:00Z"))
        incident = Incident.objects.get()
        assert incident.status == Status.INVESTIGATING
        assert kinds(incident)[-2:] == ["reopened", "alert_firing"]
        assert Alert.objects.get().status == AlertStatus.FIRING

    def test_after_a_day_a_new_incident_follows_and_the_old_one_keeps_its_alert(self, post: Any, clock: Any) -> None:
        post(prometheus_alert(labels=P3))
        post(prometheus_alert("resolved", labels=P3))
        clock.shift(hours=25)
        post(prometheus_alert(labels=P3, startsAt="2026-03-03T11:00:00Z"))
        old, new = Incident.objects.order_by("pk")
        assert new.follows == old
        assert new.status == Status.DECLARED
        assert [(alert.status, alert.is_current) for alert in old.alerts.all()] == [("resolved", False)]
        assert [(alert.status, alert.is_current) for alert in new.alerts.all()] == [("firing", True)]
        post(prometheus_alert("resolved", labels=P3, startsAt="2026-03-03T11:00:00Z", endsAt="2026-03-03T11:30:00Z"))
        new.refresh_from_db()
        assert new.status == Status.RESOLVED

    def test_while_it_still_fires_an_incident_that_was_resolved_too_early_is_reopened(
        self, post: Any, clock: Any
    ) -> None:
        post(prometheus_alert())
        incident = Incident.objects.get()
        incident.status, incident.resolved_at = Status.RESOLVED, clock.now
        incident.save()
        clock.shift(hours=4)
        post(prometheus_alert())
        incident.refresh_from_db()
        assert incident.status == Status.INVESTIGATING
        assert "still fires" in incident.timeline.get(kind=EventKind.REOPENED).text

    def test_once_closed_a_new_incident_follows(self, post: Any, clock: Any) -> None:
        post(prometheus_alert())
        incident = Incident.objects.get()
        incident.status, incident.resolved_at, incident.closed_at = Status.CLOSED, clock.now, clock.now
        incident.save()
        post(prometheus_alert(startsAt="2026-03-02T10:30:00Z"))
        assert Incident.objects.latest("pk").follows == incident

    def test_what_follows_a_private_incident_is_private(self, post: Any, commander: User, platform: Team) -> None:
        post(prometheus_alert())
        whole = declare(platform, commander, title="The case", private=True)
        incidents.merge(Incident.objects.earliest("pk").pk, into=whole.pk, by=commander)
        incidents.cancel(whole.pk, reason="It was an exercise", by=commander)
        post(prometheus_alert("resolved"))
        post(prometheus_alert(startsAt="2026-03-02T10:30:00Z"))
        assert Incident.objects.get(follows=whole).private

    def test_what_a_person_cancelled_stays_so_until_it_ends_and_comes_back(self, post: Any, commander: User) -> None:
        post(prometheus_alert())
        cancelled = Incident.objects.get()
        incidents.cancel(cancelled.pk, reason="A test of the alarm", by=commander)
        post(prometheus_alert())
        assert Incident.objects.count() == 1
        post(prometheus_alert("resolved"))
        post(prometheus_alert(startsAt="2026-03-02T10:30:00Z"))
        assert Incident.objects.latest("pk").follows == cancelled

    def test_what_was_being_monitored_is_investigated_again(self, post: Any) -> None:
        post(prometheus_alert())
        post(prometheus_alert("resolved"))
        post(prometheus_alert(startsAt="2026-03-02T10:30:00Z"))
        incident = Incident.objects.get()
        assert incident.status == Status.INVESTIGATING
        assert kinds(incident)[-2:] == ["status_changed", "alert_firing"]

    def test_while_open_it_attaches_and_says_so(self, post: Any, commander: User) -> None:
        post(prometheus_alert(fingerprint="a"), prometheus_alert(fingerprint="b"))
        first, second = Incident.objects.order_by("pk")
        incidents.merge(second.pk, into=first.pk, by=commander)
        post(prometheus_alert("resolved", fingerprint="b"))
        post(prometheus_alert(fingerprint="b", startsAt="2026-03-02T10:30:00Z"))
        first.refresh_from_db()
        assert first.status == Status.DECLARED
        assert kinds(first) == ["declared", "alert_firing", "alert_resolved", "alert_firing"]
        assert not Alert.objects.filter(status=AlertStatus.RESOLVED).exists()

    def test_a_repetition_leaves_the_status_alone(self, post: Any, commander: User) -> None:
        post(prometheus_alert())
        incident = Incident.objects.get()
        incidents.transition(incident.pk, to=Status.MONITORING, by=commander)
        post(prometheus_alert())
        incident.refresh_from_db()
        assert incident.status == Status.MONITORING


class TestOutOfOrder:
    def test_a_resolve_of_an_earlier_episode_ends_nothing(self, post: Any) -> None:
        post(prometheus_alert(startsAt="2026-03-02T11:00:00Z"))
        post(prometheus_alert("resolved", startsAt="2026-03-02T10:00:00Z", endsAt="2026-03-02T10:30:00Z"))
        assert Alert.objects.get().status == AlertStatus.FIRING
        assert Incident.objects.get().status == Status.DECLARED

    def test_a_firing_whose_resolve_came_first_is_declared_and_over(self, post: Any) -> None:
        post(prometheus_alert("resolved", labels=P3))
        post(prometheus_alert(labels=P3))
        incident = Incident.objects.get()
        assert incident.status == Status.RESOLVED
        assert kinds(incident) == ["declared", "alert_firing", "alert_resolved", "resolved"]

    def test_a_late_firing_of_an_older_episode_reopens_nothing(self, post: Any) -> None:
        post(prometheus_alert(labels=P3, startsAt="2026-03-02T10:00:00Z"))
        post(prometheus_alert("resolved", labels=P3, startsAt="2026-03-02T10:00:00Z"))
        post(prometheus_alert(labels=P3, startsAt="2026-03-02T09:00:00Z"))
        assert Incident.objects.get().status == Status.RESOLVED


def test_both_alerts_of_a_body_that_names_one_twice_are_taken_in_order(post: Any) -> None:
    post(prometheus_alert(labels=P3), prometheus_alert("resolved", labels=P3))
    assert Incident.objects.get().status == Status.RESOLVED


@pytest.mark.parametrize("ended", ["closed", "resolved too long ago"])
@pytest.mark.parametrize("came", ["again", "still"])
def test_what_comes_back_too_late_is_taken_for_what_it_is_now(
    post: Any, clock: Any, commander: User, ai: Team, agents: Service, ended: str, came: str
) -> None:
    post(prometheus_alert(labels={"severity": "low"}, fingerprint="queue"))
    old = Incident.objects.get()
    if came == "again":
        post(prometheus_alert(labels={"severity": "low"}, fingerprint="queue", status="resolved"))
    else:
        incidents.record_resolution(old.pk, by=commander, verified=True)
        incidents.resolve(old.pk, by=commander)
    if ended == "closed":
        incidents.close(old.pk, by=commander)
    clock.shift(minutes=1 if ended == "closed" else 25 * 60)
    labels = {"severity": "critical", "component": "agents", "team": "ai"}
    post(prometheus_alert(labels=labels, fingerprint="queue", startsAt=clock.now.isoformat()))
    new = Incident.objects.get(follows=old)
    assert (new.severity.code, new.team, list(new.services.all())) == ("P0", ai, [agents])


def test_what_comes_back_joins_the_incident_that_follows_already(post: Any, clock: Any, commander: User) -> None:
    post(prometheus_alert(labels=P3))
    post(prometheus_alert("resolved", labels=P3))
    clock.shift(hours=25)
    follower = incidents.reopen(Incident.objects.get().pk, by=commander)
    post(prometheus_alert(labels=P3, startsAt=clock.now.isoformat()))
    assert Alert.objects.get(is_current=True).incident == follower
