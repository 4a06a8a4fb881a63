"""What has to report and falls silent is an alert like any other; its next beat ends it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.alerts import actions, queries
from apps.alerts.actions.heartbeats import HEARTBEAT
from apps.alerts.keys import digest_of
from apps.alerts.models import Alert, AlertStatus, Format, Heartbeat, HeartbeatState, Integration, SeverityRule
from apps.catalog import actions as catalog
from apps.catalog.models import Service
from apps.core.errors import NotAllowed
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident, Severity, Status, Via
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import Team, TeamRole, User
from tests.escalation.building import House, chain, make_house, states, texts
from tests.factories.incidents import resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

A_DAY_AND_AN_HOUR = timedelta(hours=25)


@pytest.fixture
def house(clock: Any) -> House:
    return make_house()


@pytest.fixture
def storage(house: House) -> Service:
    return Service.objects.create(slug="storage", name="Storage", team=house.team)


@pytest.fixture
def lead(house: House) -> User:
    person = make_person("Mona", house.team, TeamRole.MANAGER)
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def made(house: House, storage: Service) -> tuple[Heartbeat, str]:
    return actions.create_heartbeat(
        team=house.team,
        name="Nightly backup",
        every=A_DAY_AND_AN_HOUR,
        service=storage,
        severity=Severity.objects.get(code="P3"),
        by=None,
    )


@pytest.fixture
def backup(made: tuple[Heartbeat, str]) -> Heartbeat:
    return made[0]


@pytest.fixture
def beat(made: tuple[Heartbeat, str]) -> Any:
    """Beats, and lets the engine do what that makes due."""

    def beat() -> None:
        assert actions.beat(made[1])
        run_due()

    return beat


def let_pass(clock: Any, **span: float) -> None:
    clock.shift(**span)
    run_due()


def state_of(heartbeat: Heartbeat) -> str:
    return Heartbeat.objects.get(pk=heartbeat.pk).state


def timer_of(heartbeat: Heartbeat) -> datetime | None:
    """When the heartbeat is looked at next."""
    pending = Timer.objects.filter(kind=HEARTBEAT, state=State.PENDING, payload={"heartbeat": heartbeat.pk})
    return pending.values_list("due_at", flat=True).first()


def change(heartbeat: Heartbeat, by: User, **fields: Any) -> None:
    """Edit it as a form does: read some time ago, with its other fields as they were then."""
    for name, value in fields.items():
        setattr(heartbeat, name, value)
    actions.change_heartbeat(heartbeat, by=by)


class TestBeating:
    def test_it_counts_from_its_first_beat(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        let_pass(clock, days=400)
        assert (state_of(backup), timer_of(backup), Incident.objects.count()) == (HeartbeatState.WAITING, None, 0)
        beat()
        assert (state_of(backup), timer_of(backup)) == (HeartbeatState.ALIVE, clock.now + A_DAY_AND_AN_HOUR)

    def test_each_beat_in_time_moves_its_one_timer(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        for _ in range(5):
            beat()
            let_pass(clock, hours=24, minutes=59)
        assert not Incident.objects.exists()
        assert Timer.objects.filter(kind=HEARTBEAT).count() == 1
        assert timer_of(backup) == clock.now + timedelta(minutes=1)

    def test_beats_are_no_changes_that_the_history_tells_of(self, backup: Heartbeat, beat: Any) -> None:
        beat()
        assert backup.history.count() == 1
        assert not hasattr(backup.history.get(), "key_digest")

    def test_an_unknown_key_or_one_of_another_kind_is_no_beat(self, house: House, backup: Heartbeat) -> None:
        _, key = actions.create_integration(team=house.team, name="Cron", sender_format=Format.GENERIC, by=None)
        assert not actions.beat("unknown")
        assert not actions.beat(key)
        assert not Timer.objects.filter(kind=HEARTBEAT).exists()


class TestMissing:
    def test_silence_is_an_incident_that_pages_and_the_next_beat_resolves_it(
        self, house: House, storage: Service, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        chain("P3", house.olga, house.tom)
        beat()
        let_pass(clock, hours=24, minutes=59, seconds=59)
        assert not Incident.objects.exists()
        let_pass(clock, seconds=1)
        incident = Incident.objects.get()
        assert (incident.title, incident.severity.code, incident.team) == (
            "Nightly backup has not reported",
            "P3",
            house.team,
        )
        assert incident.summary == "Its last beat came at 2026-03-02 10:00:00 UTC, and the next was due within 1 d 1 h."
        assert list(incident.services.all()) == [storage]
        paged = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE)
        assert [page.person for page in paged] == [house.olga]
        assert (state_of(backup), timer_of(backup)) == (HeartbeatState.MISSING, clock.now + A_DAY_AND_AN_HOUR)

        let_pass(clock, minutes=5)
        beat()
        incident.refresh_from_db()
        assert incident.status == Status.RESOLVED
        assert (state_of(backup), timer_of(backup)) == (HeartbeatState.ALIVE, clock.now + A_DAY_AND_AN_HOUR)
        let_pass(clock, minutes=15)
        assert [page.person for page in paged.all()] == [house.olga]

    def test_missing_again_soon_after_it_was_back_the_same_incident_goes_on(
        self, house: House, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        change(backup, lead, every=timedelta(hours=1))
        for _ in range(2):
            beat()
            let_pass(clock, hours=1)
            assert Incident.objects.get().is_open
            beat()
            assert not Incident.objects.get().is_open
        alert = Alert.objects.get()
        assert (alert.status, alert.deliveries) == (AlertStatus.RESOLVED, 4)
        assert len(texts(Incident.objects.get(), EventKind.REOPENED)) == 1

    def test_while_it_stays_missing_its_incident_goes_on_and_it_is_no_news(
        self, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        let_pass(clock, hours=25)
        let_pass(clock, hours=25)
        assert Alert.objects.get().deliveries == 2
        assert len(texts(Incident.objects.get(), EventKind.ALERT_FIRING)) <= 1

    def test_one_that_somebody_resolved_while_it_is_missing_is_not_over(
        self, house: House, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        change(backup, lead, every=timedelta(minutes=5))
        beat()
        let_pass(clock, minutes=5)
        resolve(Incident.objects.get(), house.olga)
        let_pass(clock, minutes=59)
        assert not Incident.objects.get().is_open
        let_pass(clock, minutes=1)
        assert Incident.objects.get().is_open
        assert len(texts(Incident.objects.get(), EventKind.REOPENED)) == 1
        beat()
        assert (state_of(backup), Alert.objects.get().status) == (HeartbeatState.ALIVE, AlertStatus.RESOLVED)

    def test_the_lost_timer_of_one_that_is_missing_is_noticed(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        beat()
        let_pass(clock, hours=26)
        Timer.objects.filter(kind=HEARTBEAT).delete()
        assert actions.plan_what_is_overdue(by=timedelta(minutes=1)) == 1

    def test_two_that_are_missing_are_two_incidents(self, house: House, beat: Any, clock: Any) -> None:
        _, key = actions.create_heartbeat(
            team=house.team, name="Reports", every=A_DAY_AND_AN_HOUR, severity=Severity.objects.get(code="P1"), by=None
        )
        beat()
        assert actions.beat(key)
        let_pass(clock, hours=25)
        assert sorted(Incident.objects.values_list("title", "severity__code")) == [
            ("Nightly backup has not reported", "P3"),
            ("Reports has not reported", "P1"),
        ]

    def test_without_a_severity_of_its_own_the_rules_decide(
        self, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        SeverityRule.objects.create(
            position=0, labels=["severity"], values=[""], severity=Severity.objects.get(code="P2")
        )
        change(backup, lead, severity=None)
        beat()
        let_pass(clock, hours=25)
        assert Incident.objects.get().severity.code == "P2"

    def test_its_own_severity_holds_whatever_the_rules_say(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        SeverityRule.objects.create(
            position=0, labels=["severity"], values=["", "P3"], severity=Severity.objects.get(code="P0")
        )
        beat()
        let_pass(clock, hours=25)
        assert Incident.objects.get().severity.code == "P3"

    def test_during_maintenance_of_its_service_nobody_is_paged(
        self, house: House, storage: Service, beat: Any, clock: Any
    ) -> None:
        chain("P3", house.olga)
        beat()
        clock.shift(hours=25)
        catalog.plan_maintenance(by=None, services=[storage], message="Moving the disks")
        run_due()
        incident = Incident.objects.get()
        assert states(incident) == {1: "held"}
        assert not Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE).exists()
        let_pass(clock, hours=1)
        assert Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE).count() == 1

    def test_what_cannot_be_declared_now_is_tried_again(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        beat()
        Severity.objects.update(is_active=False)
        let_pass(clock, hours=25)
        assert (state_of(backup), Incident.objects.count()) == (HeartbeatState.ALIVE, 0)
        Severity.objects.update(is_active=True)
        let_pass(clock, minutes=1)
        assert (state_of(backup), Incident.objects.count()) == (HeartbeatState.MISSING, 1)

    def test_one_whose_timer_was_lost_is_noticed(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        beat()
        Timer.objects.filter(kind=HEARTBEAT).delete()
        clock.shift(hours=25, minutes=1)
        assert actions.plan_what_is_overdue(by=timedelta(minutes=1)) == 0
        clock.shift(seconds=1)
        assert actions.plan_what_is_overdue(by=timedelta(minutes=1)) == 1
        assert actions.plan_what_is_overdue(by=timedelta(minutes=1)) == 0
        run_due()
        assert Incident.objects.count() == 1
        assert actions.plan_what_is_overdue(by=timedelta(minutes=1)) == 0

    def test_one_that_was_deleted_is_nothing_to_its_timer(self, backup: Heartbeat, beat: Any, clock: Any) -> None:
        beat()
        backup.delete()
        let_pass(clock, hours=25)
        assert Timer.objects.get(kind=HEARTBEAT).state == State.DONE
        assert not Incident.objects.exists()

    def test_the_table_knows_no_state_that_counts_from_nothing(self, backup: Heartbeat) -> None:
        with pytest.raises(IntegrityError, match="heartbeat_counts_from_a_beat"):
            Heartbeat.objects.filter(pk=backup.pk).update(state=HeartbeatState.ALIVE)


class TestChanging:
    def test_a_shorter_span_moves_the_timer(self, lead: User, backup: Heartbeat, beat: Any, clock: Any) -> None:
        beat()
        began = clock.now
        let_pass(clock, hours=2)
        change(backup, lead, every=timedelta(hours=3))
        assert timer_of(backup) == began + timedelta(hours=3)
        change(backup, lead, every=timedelta(hours=1))
        run_due()
        assert (state_of(backup), Incident.objects.count()) == (HeartbeatState.MISSING, 1)

    def test_a_longer_span_ends_what_is_in_time_by_it(
        self, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        began = clock.now
        let_pass(clock, hours=26)
        change(backup, lead, every=timedelta(hours=26))
        run_due()
        assert (state_of(backup), Incident.objects.get().is_open) == (HeartbeatState.MISSING, True)
        change(backup, lead, every=timedelta(hours=30))
        run_due()
        assert (state_of(backup), Incident.objects.get().is_open) == (HeartbeatState.ALIVE, False)
        assert timer_of(backup) == began + timedelta(hours=30)

    def test_a_form_that_was_opened_before_a_beat_does_not_undo_it(
        self, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        clock.shift(hours=1)
        change(backup, lead, name="Backup")
        found = Heartbeat.objects.get()
        assert (found.name, found.state, found.last_beat_at) == (
            "Backup",
            HeartbeatState.ALIVE,
            clock.now - timedelta(hours=1),
        )

    def test_switched_off_it_is_not_missed_and_takes_no_beats(
        self, made: tuple[Heartbeat, str], lead: User, beat: Any, clock: Any
    ) -> None:
        backup, key = made
        beat()
        change(backup, lead, is_active=False)
        assert timer_of(backup) is None
        assert not actions.beat(key)
        let_pass(clock, hours=25)
        change(backup, lead, is_active=True)
        let_pass(clock, hours=25)
        assert (state_of(backup), Incident.objects.count()) == (HeartbeatState.WAITING, 0)
        beat()
        let_pass(clock, hours=25)
        assert Incident.objects.count() == 1

    def test_switched_off_while_it_is_missing_its_next_beat_still_ends_the_alert(
        self, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        let_pass(clock, hours=25)
        change(backup, lead, is_active=False)
        change(backup, lead, is_active=True)
        run_due()
        assert (state_of(backup), Incident.objects.get().is_open) == (HeartbeatState.MISSING, True)
        beat()
        assert (state_of(backup), Incident.objects.get().is_open) == (HeartbeatState.ALIVE, False)

    @pytest.mark.parametrize("every", [timedelta(0), timedelta(seconds=59), timedelta(days=367), -timedelta(hours=1)])
    def test_a_span_is_a_minute_to_a_year(self, lead: User, backup: Heartbeat, every: timedelta) -> None:
        with pytest.raises(ValidationError, match="every minute to every 366 days"):
            change(backup, lead, every=every)

    def test_only_who_manages_the_team_makes_and_changes_them(
        self, house: House, lead: User, backup: Heartbeat
    ) -> None:
        other = make_team("Other")
        with pytest.raises(NotAllowed):
            actions.create_heartbeat(team=other, name="Mine", every=A_DAY_AND_AN_HOUR, by=lead)
        with pytest.raises(NotAllowed):
            change(backup, house.olga, name="Mine")
        with pytest.raises(NotAllowed):
            change(Heartbeat.objects.get(), lead, team=other)

    def test_a_merged_incident_takes_its_alert_along(
        self, house: House, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        let_pass(clock, hours=25)
        silent = Incident.objects.get()
        other = incidents.declare(
            title="Disks are gone", severity=Severity.objects.get(code="P3"), team=house.team, by=None, via=Via.ALERT
        )
        incidents.merge(silent.pk, into=other.pk, by=house.olga)
        beat()
        other.refresh_from_db()
        assert other.status == Status.RESOLVED


class TestShown:
    def test_the_page_tells_state_last_beat_and_span(
        self, client: Client, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        client.force_login(lead)
        assert "Waits for a beat" in client.get(reverse("integrations")).text
        beat()
        page = client.get(reverse("integrations")).text
        assert "Alive" in page
        assert "1 d 1 h" in page
        assert clock.now.isoformat() in page
        let_pass(clock, hours=25)
        page = client.get(reverse("integrations")).text
        assert "Missing" in page
        incident = Incident.objects.get()
        assert f'href="{incident.get_absolute_url()}">{incident.reference}</a>' in page
        change(Heartbeat.objects.get(), lead, is_active=False)
        assert "Switched off while it was missing" in client.get(reverse("integrations")).text
        Incident.objects.update(private=True)
        client.force_login(make_person("Sue", incident.team, TeamRole.RESPONDER))
        assert incident.reference not in client.get(reverse("integrations")).text

    def test_it_costs_no_query_more(
        self, lead: User, house: House, backup: Heartbeat, django_assert_num_queries: Any
    ) -> None:
        actions.create_integration(team=house.team, name="Cron", sender_format=Format.GENERIC, by=None)
        queries.reports_for(lead)
        with django_assert_num_queries(5):  # senders, what fires, whose silence, and the problems of each of the two
            reports = queries.reports_for(lead)
            assert [report.heartbeat and report.heartbeat.severity.code for report in reports] == [None, "P3"]

    def test_another_teams_heartbeat_is_not_shown(self, client: Client, backup: Heartbeat) -> None:
        stranger = make_person("Zoe", make_team("Other"), TeamRole.MANAGER)
        assert queries.reports_for(stranger) == []


class TestAdmin:
    @pytest.fixture
    def admin(self, client: Client, lead: User) -> Client:
        client.force_login(lead)
        return client

    def form(self, team: Team, **changed: Any) -> dict[str, Any]:
        form = {
            "team": team.pk,
            "name": "Reports",
            "service": "",
            "every": "25:00:00",
            "severity": "",
            "is_active": "on",
        }
        return form | changed

    def test_a_new_ones_address_is_shown_once(self, admin: Client, house: House, lead: User) -> None:
        page = admin.post(reverse("admin:alerts_heartbeat_add"), self.form(house.team), follow=True)
        (key,) = re.findall(r"/ingest/heartbeat/([\w-]+)/", page.text)
        heartbeat = Heartbeat.objects.get()
        assert (heartbeat.key_digest, heartbeat.created_by) == (digest_of(key), lead)
        assert (heartbeat.format, heartbeat.every, heartbeat.state) == ("heartbeat", A_DAY_AND_AN_HOUR, "waiting")
        assert key not in admin.get(reverse("admin:alerts_heartbeat_change", args=[heartbeat.pk])).text
        assert actions.beat(key)

    def test_a_name_is_given_once_in_a_team_whatever_sends(self, admin: Client, house: House) -> None:
        actions.create_integration(team=house.team, name="Reports", sender_format=Format.GENERIC, by=None)
        page = admin.post(reverse("admin:alerts_heartbeat_add"), self.form(house.team))
        assert "already has an integration of this name" in page.text
        assert not Heartbeat.objects.exists()

    def test_a_span_that_is_too_short_is_refused(self, admin: Client, house: House) -> None:
        page = admin.post(reverse("admin:alerts_heartbeat_add"), self.form(house.team, every="00:00:59"))
        assert "every minute to every 366 days" in page.text
        assert not Heartbeat.objects.exists()

    def test_an_edit_moves_the_timer_and_is_kept_in_the_history(
        self, admin: Client, house: House, lead: User, backup: Heartbeat, beat: Any, clock: Any
    ) -> None:
        beat()
        address = reverse("admin:alerts_heartbeat_change", args=[backup.pk])
        admin.post(address, self.form(house.team, every="02:00:00"))
        assert timer_of(backup) == clock.now + timedelta(hours=2)
        latest = backup.history.latest()
        assert (latest.every, latest.history_user) == (timedelta(hours=2), lead)
        assert admin.get(reverse("admin:alerts_heartbeat_history", args=[backup.pk])).status_code == 200
        admin.post(address, {name: value for name, value in self.form(house.team).items() if name != "is_active"})
        assert timer_of(backup) is None

    def test_rotating_shows_the_new_address_and_refuses_the_old_one(
        self, admin: Client, made: tuple[Heartbeat, str]
    ) -> None:
        backup, old = made
        chosen = {"action": "rotate_key", "_selected_action": [backup.pk]}
        page = admin.post(reverse("admin:alerts_heartbeat_changelist"), chosen, follow=True)
        (key,) = re.findall(r"/ingest/heartbeat/([\w-]+)/", page.text)
        assert not actions.beat(old)
        assert actions.beat(key)
        assert backup.history.latest().key_hint.startswith(key[:6])

    def test_it_is_edited_there_alone_and_never_deleted(self, admin: Client, backup: Heartbeat) -> None:
        assert "Nightly backup" in admin.get(reverse("admin:alerts_heartbeat_changelist")).text
        assert "Nightly backup" not in admin.get(reverse("admin:alerts_integration_changelist")).text
        assert admin.get(reverse("admin:alerts_integration_change", args=[backup.pk])).status_code == 302
        assert 'value="heartbeat"' not in admin.get(reverse("admin:alerts_integration_add")).text
        assert admin.post(reverse("admin:alerts_heartbeat_delete", args=[backup.pk])).status_code == 403

    def test_another_teams_does_not_exist(self, admin: Client) -> None:
        other, _ = actions.create_heartbeat(team=make_team("Other"), name="Theirs", every=A_DAY_AND_AN_HOUR, by=None)
        assert admin.get(reverse("admin:alerts_heartbeat_change", args=[other.pk])).status_code == 302
        assert "Theirs" not in admin.get(reverse("admin:alerts_heartbeat_changelist")).text


def test_an_integration_is_never_made_a_heartbeat_without_a_span(house: House) -> None:
    with pytest.raises(ValueError, match="create_heartbeat"):
        actions.create_integration(team=house.team, name="x", sender_format=Format.HEARTBEAT, by=None)
    assert not Integration.objects.exists()
