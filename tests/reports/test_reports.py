"""Reports of users: who may report, who decides, and what whoever reported it is told (R3)."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError
from django.test import Client

from apps.catalog.models import Service
from apps.core import retention
from apps.core.errors import Busy, Invalid, NotAllowed, ProviderError, RuleViolation
from apps.engine.models import Timer
from apps.incidents.models import Detection, Incident, Severity
from apps.notifications.models import Notification
from apps.reports import actions, handlers, links, notices, queries
from apps.reports.models import Report
from apps.teams.models import Team, TeamRole, User
from tests.api.clients import client_of as token_of
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> {{ settings.SECRET_KEY }}"


@pytest.fixture(autouse=True)
def _procedures(clock: Any) -> None:
    make_procedures()


@pytest.fixture
def platform() -> Team:
    return make_team("platform")


@pytest.fixture
def api(platform: Team) -> Service:
    return Service.objects.create(slug="api", name="Public API", team=platform)


@pytest.fixture
def rita(platform: Team) -> User:
    rita = make_person("Rita", platform, TeamRole.RESPONDER)
    make_chain("P1", [rita], minutes=(0,))
    return rita


@pytest.fixture
def nora() -> User:
    """Holds no role at all."""
    return make_person("Nora")


@pytest.fixture
def p1() -> Severity:
    return Severity.objects.get(code="P1")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def told(report: Report) -> list[mail.EmailMessage]:
    """What leaves the house once it is decided."""
    handlers.tell_what_became_of_it(Timer.objects.get(kind=actions.TELL, payload__report=report.pk))
    return mail.outbox


class TestReporting:
    def test_whoever_is_signed_in_reports_and_sees_by_the_link_what_becomes_of_it(self, nora):
        answer = client_of(nora).post("/report/", {"title": "Nothing loads", "text": "Since ten"}, follow=True)
        report = Report.objects.get()
        assert (report.by, report.title, report.text, report.state) == (nora, "Nothing loads", "Since ten", "new")
        assert answer.request["PATH_INFO"] == links.url_of(report).partition("8000")[2]
        assert "Not looked at yet" in answer.content.decode()

    def test_strangers_sign_in_first_unless_the_house_takes_reports_of_them(self, settings):
        settings.REPORTS_FROM_ANYBODY = False
        assert Client().get("/report/").headers["Location"].startswith("/login/")
        assert Client().post("/report/", {"title": "Nothing loads"}).status_code == 302
        assert not Report.objects.exists()
        settings.REPORTS_FROM_ANYBODY = True
        page = Client().get("/report/").content.decode()
        assert "Public API" not in page
        sent = {"title": "Nothing loads", "name": "Sam", "email": "sam@example.org"}
        assert Client().post("/report/", sent).status_code == 302
        report = Report.objects.get()
        assert (report.by, report.name, report.email) == (None, "Sam", "sam@example.org")
        assert mail.outbox == [], "the address may be another's"

    def test_strangers_choose_no_service_and_name_nobody_else(self, settings, api, nora):
        settings.REPORTS_FROM_ANYBODY = True
        Client().post("/report/", {"title": "Down", "service": api.pk, "by": nora.pk, "state": "accepted"})
        report = Report.objects.get()
        assert (report.service, report.by, report.state) == (None, None, "new")

    def test_of_strangers_only_so_much_waits(self, settings, monkeypatch, nora):
        settings.REPORTS_FROM_ANYBODY = True
        monkeypatch.setattr(actions, "STRANGERS_WAITING", 1)
        actions.report(title="Down", by=None)
        with pytest.raises(Busy):
            actions.report(title="Down", by=None)
        actions.report(title="Down", by=nora)

    @pytest.mark.parametrize("sent", [{"title": ""}, {"title": "x" * 201}, {"title": "Down", "text": "x" * 5001}])
    def test_what_cannot_be_read_is_shown_again(self, nora, sent):
        assert client_of(nora).post("/report/", sent).status_code == 422
        assert not Report.objects.exists()
        with pytest.raises(Invalid):
            actions.report(by=nora, **sent)

    def test_what_is_hostile_does_nothing(self, nora, rita):
        client_of(nora).post("/report/", {"title": HOSTILE, "text": HOSTILE})
        page = client_of(rita).get("/reports/").content.decode()
        assert "<script>alert(1)" not in page
        assert "{{ settings.SECRET_KEY }}" in page

    def test_a_title_is_one_line_in_the_mail_s_subject(self, nora, rita):
        report = actions.report(title="Down\r\nBcc: all@example.com", by=nora)
        actions.reject(report.pk, by=rita, answer="As it should be")
        assert told(report)[0].subject == "Not taken up: Down Bcc: all@example.com"

    @pytest.mark.parametrize("token", ["nothing", "x:y:z", "%00"])
    def test_a_link_that_was_not_made_here_leads_nowhere(self, token):
        assert Client().get(f"/report/{token}/").status_code == 404


class TestDeciding:
    def test_taken_up_it_is_an_incident_that_a_user_detected_and_whoever_reported_it_is_told(
        self, nora, rita, platform, api, p1
    ):
        report = actions.report(title="Nothing loads", text="Since ten", service=api, by=nora)
        answer = client_of(rita).post(
            f"/reports/{report.pk}/accept/", {"severity": p1.pk, "team": platform.pk}, follow=True
        )
        incident = Incident.objects.get()
        assert answer.request["PATH_INFO"] == incident.get_absolute_url()
        assert (incident.title, incident.summary, incident.detection) == (
            "Nothing loads", "Since ten", Detection.USER_REPORT,
        )  # fmt: skip
        assert (incident.declared_by, [each.slug for each in incident.services.all()]) == (rita, ["api"])
        (sent,) = told(report)
        assert sent.to == [nora.email]
        assert links.url_of(report) in sent.body
        assert incident.reference not in sent.body

    def test_a_part_of_an_open_one_is_a_note_there(self, nora, rita, platform):
        incident = declare(platform, rita, severity="P1")
        report = actions.report(title="Nothing loads", text="Since ten", by=nora)
        client_of(rita).post(f"/reports/{report.pk}/attach/", {"into": incident.reference})
        report.refresh_from_db()
        assert (report.state, report.incident) == ("accepted", incident)
        assert incident.timeline.last().text == "A user reports: Nothing loads\nSince ten"

    def test_not_taken_up_it_has_an_answer_which_whoever_reported_it_reads(self, nora, rita):
        report = actions.report(title="Nothing loads", by=nora)
        with pytest.raises(Invalid):
            actions.reject(report.pk, by=rita, answer=" ")
        client_of(rita).post(f"/reports/{report.pk}/reject/", {"answer": "Maintenance, until noon"})
        assert "Maintenance, until noon" in told(report)[0].body
        assert "Maintenance, until noon" in Client().get(f"/report/{links.token_of(report)}/").content.decode()

    def test_it_is_decided_once(self, nora, rita, platform, p1):
        report = actions.report(title="Nothing loads", by=nora)
        actions.accept(report.pk, by=rita, severity=p1, team=platform)
        for again in (
            lambda: actions.accept(report.pk, by=rita, severity=p1, team=platform),
            lambda: actions.reject(report.pk, by=rita, answer="No"),
        ):
            with pytest.raises(RuleViolation, match="decided by Rita"):
                again()
        assert Incident.objects.count() == 1
        with pytest.raises(IntegrityError, match="report_decided_once_by_somebody"):
            Report.objects.filter(pk=report.pk).update(state="rejected")

    def test_a_report_of_another_team_s_service_is_not_there(self, nora, rita, api, p1):
        other = make_person("Ella", make_team("ai"), TeamRole.RESPONDER)
        report = actions.report(title="Nothing loads", service=api, by=nora)
        assert list(queries.to_decide(other)) == list(queries.to_decide(nora)) == []
        assert list(queries.to_decide(rita)) == [report]
        assert client_of(other).post(f"/reports/{report.pk}/reject/", {"answer": "No"}).status_code == 404
        with pytest.raises(NotAllowed):
            actions.accept(report.pk, by=nora, severity=p1)

    def test_nobody_declares_for_a_team_they_do_not_respond_for(self, nora, rita, p1):
        report = actions.report(title="Nothing loads", by=nora)
        with pytest.raises(NotAllowed):
            actions.accept(report.pk, by=rita, severity=p1, team=make_team("ai"))
        with pytest.raises(Invalid):
            actions.accept(report.pk, by=rita, severity=p1)
        report.refresh_from_db()
        assert report.state == "new"

    def test_nothing_of_a_private_incident_is_told(self, nora, rita, platform, p1):
        report = actions.report(title="Nothing loads", by=nora)
        actions.accept(report.pk, by=rita, severity=p1, team=platform, private=True)
        incident = Incident.objects.get()
        peer = make_person("Peer", platform, TeamRole.RESPONDER)
        assert incident.reference not in client_of(peer).get("/reports/").content.decode()
        assert incident.reference not in Client().get(f"/report/{links.token_of(report)}/").content.decode()
        assert client_of(nora).get(incident.get_absolute_url()).status_code == 404

    def test_nor_in_the_admin(self, nora, rita, platform, p1):
        root = User.objects.create_superuser("root@example.com", name="Root")
        hidden = actions.report(title="Somebody is in the vault", by=nora)
        actions.accept(hidden.pk, by=rita, severity=p1, team=platform, private=True)
        actions.report(title="Nothing loads", by=nora)
        page = client_of(root).get("/admin/reports/report/").content.decode()
        assert "Nothing loads" in page
        assert "vault" not in page
        assert client_of(root).get(f"/admin/reports/report/{hidden.pk}/change/").status_code == 302

    def test_a_mail_server_that_is_away_is_tried_again(self, nora, rita, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        report = actions.report(title="Nothing loads", by=nora)
        actions.reject(report.pk, by=rita, answer="No")
        with pytest.raises(ProviderError) as failed:
            told(report)
        assert not failed.value.permanent

    def test_what_is_refused_for_good_is_left_alone_and_each_attempt_is_the_same_mail(self, nora, rita, monkeypatch):
        report = actions.report(title="Nothing loads", by=nora)
        actions.reject(report.pk, by=rita, answer="No")
        for _ in range(2):
            told(report)
        assert len({sent.extra_headers["Message-ID"] for sent in mail.outbox}) == 1

        def refuse(self: mail.EmailMessage) -> None:
            raise smtplib.SMTPRecipientsRefused({nora.email: (550, b"no such user")})

        monkeypatch.setattr(mail.EmailMessage, "send", refuse)
        told(report)

        def put_off(self: mail.EmailMessage) -> None:
            raise smtplib.SMTPRecipientsRefused({nora.email: (452, b"mailbox full")})

        monkeypatch.setattr(mail.EmailMessage, "send", put_off)
        with pytest.raises(ProviderError):
            told(report)

    def test_it_becomes_no_part_of_what_was_resolved_meanwhile(self, nora, rita, platform):
        incident = declare(platform, rita, severity="P1")
        report = actions.report(title="Nothing loads", by=nora)
        Incident.objects.filter(pk=incident.pk).update(status="cancelled")
        assert incident.is_open, "as it was read"
        with pytest.raises(RuleViolation, match="is cancelled"):
            actions.attach(report.pk, by=rita, to=incident)
        report.refresh_from_db()
        assert report.state == "new"

    def test_the_queue_costs_the_same_however_many_wait(self, nora, rita, api, django_assert_max_num_queries):
        for _ in range(12):
            actions.report(title="Nothing loads", service=api, by=nora)
        with django_assert_max_num_queries(30):
            page = client_of(rita).get("/reports/").content.decode()
        assert page.count("Declare it") == 12


def test_what_strangers_left_goes_after_a_while(settings, clock):
    settings.REPORTS_FROM_ANYBODY, settings.KEEP_REPORTERS = True, timedelta(days=90)
    report = actions.report(title="Down", by=None, name="Sam", email="sam@example.org")
    kept = next(each for each in retention.kinds() if each.kind == "report_addresses")
    assert retention.count(kept) == 0
    clock.shift(days=91)
    retention.sweep(kept, until=float("inf"))
    report.refresh_from_db()
    assert (report.title, report.name, report.email) == ("Down", "", "")
    assert retention.count(kept) == 0


class TestApi:
    URL = "/api/v1/reports/"

    def test_anybody_reports_and_who_responds_decides(self, nora, rita, api):
        made = token_of(nora).post(self.URL, {"title": "Nothing loads"})
        assert (made.status_code, made.json()["state"], made.json()["incident"]) == (201, "new", None)
        address = f"{self.URL}{made.json()['id']}/"
        assert token_of(nora).post(f"{address}reject/", {"answer": "No"}).status_code == 404
        responder = token_of(rita)
        assert responder.post(f"{address}accept/", {}).status_code == 400
        taken = responder.post(f"{address}accept/", {"severity": "P1", "team": "platform"})
        assert (taken.status_code, taken.json()["state"]) == (200, "accepted")
        assert taken.json()["incident"] == Incident.objects.get().reference
        listed = token_of(nora).get(self.URL).json()["results"]
        assert [(each["state"], each["incident"]) for each in listed] == [("accepted", None)]
        assert responder.post(f"{address}reject/", {"answer": "No"}).status_code == 409


class TestTelling:
    def test_whoever_is_on_call_for_the_service_s_team_has_a_notice_that_wakes_nobody(self, nora, rita, platform, api):
        peer = make_person("Peer", platform, TeamRole.RESPONDER)
        put_on_call(platform, rita)
        report = actions.report(title="Nothing loads", service=api, by=nora)
        notice = Notification.objects.get()
        assert (notice.person, notice.urgency, notice.subject) == (rita, "low", "A user reports: Nothing loads")
        assert f"about Public API: {report.title}" in notice.text
        assert peer not in notices.who_decides(platform)

    def test_where_nobody_is_on_call_who_responds_is_told_and_else_who_administrates(self, nora, rita, platform, api):
        actions.report(title="Nothing loads", service=api, by=nora)
        assert Notification.objects.get().person == rita
        root = User.objects.create_superuser("root@example.com", name="Root")
        assert notices.who_decides(make_team("ai")) == [root]

    def test_without_a_service_whoever_is_on_call_for_any_team_is_told(self, nora, rita, platform):
        ai = make_team("ai")
        ella = make_person("Ella", ai, TeamRole.RESPONDER)
        put_on_call(platform, rita)
        put_on_call(ai, ella)
        actions.report(title="Nothing loads", by=nora)
        assert {notice.person for notice in Notification.objects.all()} == {rita, ella}

    def test_of_strangers_one_an_hour_is_told(self, settings, rita, clock):
        settings.REPORTS_FROM_ANYBODY = True
        for _ in range(3):
            actions.report(title="Down", by=None)
        assert Notification.objects.count() == 1
        clock.shift(minutes=61)
        actions.report(title="Down", by=None)
        assert Notification.objects.count() == 2

    def test_what_nobody_decides_on_is_told_again_every_four_hours(self, nora, rita, api, clock):
        first = actions.report(title="Nothing loads", service=api, by=nora)
        actions.report(title="Nothing works", service=api, by=nora)
        reminders = Notification.objects.filter(subject="2 reports of users wait to be decided on")
        notices.remind()
        assert not reminders.exists()
        for round_ in (1, 2):
            clock.shift(hours=4)
            notices.remind()
            notices.remind()
            assert reminders.count() == round_
        for report in Report.objects.all():
            actions.reject(report.pk, by=rita, answer="No")
        clock.shift(hours=4)
        notices.remind()
        assert reminders.count() == Notification.objects.count() - 2 == 2
        assert first.title in reminders[0].text

    def test_how_much_waits_stands_in_the_navigation_of_who_decides(self, nora, rita, api):
        other = make_person("Ella", make_team("ai"), TeamRole.RESPONDER)
        for _ in range(2):
            actions.report(title="Nothing loads", service=api, by=nora)
        count = '2<span class="visually-hidden"> waiting</span>'
        assert count in client_of(rita).get("/profile/").content.decode()
        assert "waiting</span>" not in client_of(other).get("/profile/").content.decode()
        assert queries.count_to_decide(nora) == 0
