"""Health checks ask real servers on loopback, and what these do harms nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import StringIO
from json import loads

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from apps.catalog import actions, handlers, queries
from apps.catalog.actions.health import LOOK, plan_what_nobody_looks_at
from apps.catalog.health import probes, running
from apps.catalog.models import CheckKind, HealthCheck, HealthResult, HealthState, Outcome, Service
from apps.core import retention
from apps.core.errors import NotAllowed, RuleViolation
from apps.engine import registry, worker
from apps.engine.models import Timer
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole, User
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback_may_be_asked(settings) -> None:
    settings.OUTBOUND_PRIVATE = "allowed"


@pytest.fixture
def team() -> Team:
    return Team.objects.create(slug="platform", name="Platform")


@pytest.fixture
def service(team) -> Service:
    return Service.objects.create(slug="api", name="API", team=team)


@pytest.fixture
def manager(team) -> User:
    person = User.objects.create_user("mona@example.com", name="Mona")
    add_member(person, team, TeamRole.MANAGER)
    return person


@pytest.fixture
def asked() -> Iterator[Provider]:
    with Provider(lambda _: Answer(200, b"<h1>All is well</h1>")) as provider:
        yield provider


def make(service: Service, target: str, kind: CheckKind = CheckKind.HTTP, **more: object) -> HealthCheck:
    named = {"name": f"Check {HealthCheck.objects.count()}", "timeout": timedelta(seconds=2), **more}
    return HealthCheck.objects.create(service=service, kind=kind, target=target, **named)


def _say(server: socket.socket, words: bytes) -> None:
    """Answer the first who connects with ``words``, whatever they ask."""
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(words)


def seen(check: HealthCheck) -> tuple[str, str]:
    finding = probes.look(check)
    return finding.outcome.value, finding.words


class TestHttp:
    def test_the_expected_status_and_text_are_well(self, service, asked):
        assert seen(make(service, asked.url, expected_text="All is well")) == ("good", "Answered 200.")

    def test_another_status_is_not(self, service, asked):
        asked.answer = lambda _: Answer(503, b"secret of the house")
        assert seen(make(service, asked.url)) == ("bad", "Answered 503, expected 200.")

    def test_a_status_that_is_no_success_may_be_the_expected_one(self, service, asked):
        asked.answer = lambda _: Answer(404)
        assert seen(make(service, asked.url, expected_status=404))[0] == "good"

    def test_a_missing_text_is_not_and_what_came_instead_is_not_repeated(self, service, asked):
        asked.answer = lambda _: Answer(200, b"secret of the house")
        outcome, words = seen(make(service, asked.url, expected_text="All is well"))
        assert (outcome, words) == ("bad", "Answered 200 without “All is well”.")

    def test_no_redirect_is_followed(self, service, asked):
        asked.answer = lambda _: Answer(302, headers={"Location": asked.url})
        assert seen(make(service, asked.url)) == ("bad", "Answered 302, expected 200.")
        assert len(asked.received) == 1


class TestTcp:
    def test_a_port_that_takes_connections_is_well(self, service, asked):
        check = make(service, f"127.0.0.1:{asked.port}", CheckKind.TCP)
        assert seen(check) == ("good", "Takes connections.")

    def test_a_closed_one_is_not(self, service):
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            check = make(service, f"127.0.0.1:{free.getsockname()[1]}", CheckKind.TCP)
            outcome, words = seen(check)
        assert outcome == "bad"
        assert words.startswith("Nobody answers")


class TestPrometheus:
    @pytest.fixture
    def check(self, service, asked) -> HealthCheck:
        return make(service, asked.url, CheckKind.PROMETHEUS, query='up{job="api"}', threshold=1, comparison=">=")

    @pytest.mark.parametrize(
        ("value", "told"),
        [("1", ("good", "It is 1.")), ("0", ("bad", "It is 0, expected at least 1.")), ("NaN", ("bad", None))],
    )
    def test_its_numbers_are_compared(self, check, asked, value, told):
        answer = {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, value]}]}}
        asked.answer = lambda _: Answer.of(answer)
        outcome, words = seen(check)
        assert (outcome, told[1] and words) == told
        assert asked.received[0].query == {"query": ['up{job="api"}']}

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(200, b"[" * 100_000), Answer(200, b"<html>"), Answer(200, b"[]"), Answer(500),
            Answer.of({"status": "error", "error": "parse error"}, 400),
            Answer.of({"status": "success", "data": {"resultType": "vector", "result": []}}),
        ],
    )  # fmt: skip
    def test_nonsense_is_a_check_that_fails(self, check, asked, answer):
        asked.answer = lambda _: answer
        assert seen(check)[0] == "bad"


class TestWhoeverIsAskedHarmsNothing:
    @pytest.mark.parametrize("fault", ["hang", "drip", "close"])
    def test_one_that_hangs_drips_or_hangs_up_is_over_in_time(self, service, asked, fault):
        asked.fault = fault
        finding = probes.look(make(service, asked.url, timeout=timedelta(seconds=1)))
        assert finding.outcome == Outcome.BAD
        assert finding.took < timedelta(seconds=3)

    def test_one_that_answers_without_end_is_not_listened_to(self, service, asked):
        asked.answer = lambda _: Answer(200, b"x" * (probes.LONGEST_ANSWER + 1))
        assert seen(make(service, asked.url)) == ("bad", "The answer is longer than 256 KiB.")

    @pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.PROMETHEUS])
    def test_the_house_s_own_network_is_not_asked_unless_that_is_allowed(self, service, asked, settings, kind):
        settings.OUTBOUND_PRIVATE = ""
        check = make(service, asked.url, kind, query="up")
        assert seen(check) == ("bad", "The house may not connect to this address.")
        assert asked.received == []

    def test_nor_by_tcp(self, service, asked, settings):
        settings.OUTBOUND_PRIVATE = ""
        check = make(service, f"localhost:{asked.port}", CheckKind.TCP)
        assert seen(check) == ("bad", "The house may not connect to this address.")

    def test_several_are_asked_side_by_side_and_one_that_hangs_costs_the_others_nothing(self, service, asked):
        with Provider(lambda _: Answer()) as hanging:
            hanging.fault = "hang"
            checks = [
                *(make(service, hanging.url, timeout=timedelta(seconds=15)) for _ in range(2)),
                make(service, asked.url),
            ]
            looked = running.run(checks, within=timedelta(seconds=1))
        assert [each.is_good for each in looked] == [False, False, True]
        assert [each.words for each in looked[:2]] == ["Not asked: there was no time for it."] * 2

    def test_what_there_was_no_time_to_ask_is_no_finding(self, service, asked, monkeypatch):
        monkeypatch.setattr(running, "SIDE_BY_SIDE", 1)
        with Provider(lambda _: Answer()) as hanging:
            hanging.fault = "hang"
            checks = [make(service, hanging.url, timeout=timedelta(seconds=3)), make(service, asked.url)]
            looked = running.run(checks, within=timedelta(seconds=1))
        assert [each.outcome for each in looked] == [running.NOT_ASKED] * 2
        assert not HealthState.objects.exists()
        assert not HealthResult.objects.exists()

    def test_what_had_its_time_and_did_not_answer_does_not_work(self, service, monkeypatch):
        check = make(service, "https://api.example.com", timeout=timedelta(seconds=0.1))
        over = threading.Event()
        monkeypatch.setattr(probes, "look", lambda _: over.wait(5))
        (looked,) = running.run([check], within=timedelta(seconds=0.3))
        over.set()
        assert (looked.outcome, looked.words) == ("bad", "It did not answer in time.")
        assert HealthResult.objects.get().asked

    def test_what_a_stranger_says_is_repeated_by_no_fault(self, service):
        with socket.create_server(("127.0.0.1", 0)) as server:
            check = make(service, f"http://127.0.0.1:{server.getsockname()[1]}", timeout=timedelta(seconds=2))
            answering = threading.Thread(target=_say, args=(server, b"root:x:0:0 secret\r\n\r\n"))
            answering.start()
            outcome, words = seen(check)
            answering.join()
        assert outcome == "bad"
        assert "root" not in words

    def test_by_the_clock_one_host_is_asked_one_at_a_time(self):
        with running.place_at("a") as first, running.place_at("a") as second, running.place_at("b") as other:
            assert (first, second, other) == (True, False, True)
        with running.place_at("a") as again:
            assert again


class TestKept:
    def look(self, check: HealthCheck, outcome: Outcome = Outcome.GOOD) -> HealthState:
        finding = probes.Finding(outcome, "Seen", timedelta(milliseconds=3))
        return actions.health.note_finding(check.pk, finding, asked=False)

    def test_the_last_look_is_known_and_since_when_it_sees_the_same(self, service, clock):
        check = make(service, "http://api.example.com")
        begun = clock.now
        self.look(check)
        clock.shift(minutes=1)
        state = self.look(check)
        assert (state.since, state.at, state.failures) == (begun, clock.now, 0)
        clock.shift(minutes=1)
        self.look(check, Outcome.BAD)
        clock.shift(minutes=1)
        state = self.look(check, Outcome.BAD)
        assert (state.outcome, state.since, state.failures) == ("bad", begun + timedelta(minutes=2), 2)

    def test_of_looks_that_see_the_same_some_are_kept(self, service, clock):
        check = make(service, "http://api.example.com")
        for outcome in [Outcome.GOOD] * 12 + [Outcome.BAD]:
            self.look(check, outcome)
            clock.shift(minutes=1)
        assert [each.outcome for each in check.results.all()] == ["bad", "good", "good"]

    def test_what_is_old_goes(self, service, clock, settings):
        settings.KEEP_HEALTH_RESULTS = timedelta(days=90)
        check = make(service, "http://api.example.com")
        self.look(check)
        kept = next(each for each in retention.kinds() if each.kind == "health_results")
        clock.shift(days=91)
        assert retention.count(kept) == 1


class TestByTheClock:
    def test_looks_have_a_lane_in_which_they_leave_most_places_free(self):
        lane = registry.lane_of(LOOK)
        assert registry.at_once(LOOK) * 2 < worker.SLOTS[lane]

    def due(self, check: HealthCheck) -> Timer:
        return Timer.objects.get(kind=LOOK, key=f"{LOOK}:{check.pk}", state="pending")

    def test_one_that_is_kept_looks_soon_and_then_every_so_often(self, service, manager, asked, clock):
        check = actions.create_health_check(
            by=manager, service=service, fields={"name": "Page", "kind": "http", "target": asked.url}
        )
        timer = self.due(check)
        assert timer.due_at <= clock.now
        handlers.look_by_a_check(timer)
        assert self.due(check).due_at == clock.now + check.every
        assert HealthCheck.objects.get(pk=check.pk).seen.outcome == "good"

    def test_one_that_is_switched_off_looks_no_more(self, service, manager, asked):
        check = actions.create_health_check(
            by=manager, service=service, fields={"name": "Page", "kind": "http", "target": asked.url}
        )
        timer = self.due(check)
        actions.update_health_check(check, by=manager, fields={"is_active": False})
        handlers.look_by_a_check(timer)
        assert asked.received == []
        assert not Timer.objects.filter(kind=LOOK, state="pending").exists()
        with pytest.raises(RuleViolation, match="switched off"):
            actions.look_now(check, by=manager)

    def test_while_its_host_is_asked_it_comes_back_in_a_moment(self, service, manager, asked, clock):
        check = actions.create_health_check(
            by=manager, service=service, fields={"name": "Page", "kind": "http", "target": asked.url}
        )
        with running.place_at("127.0.0.1"):
            handlers.look_by_a_check(self.due(check))
        assert asked.received == []
        assert self.due(check).due_at == clock.now + actions.health.IN_A_MOMENT

    def test_one_whose_timer_was_lost_is_looked_at_again(self, service):
        check = make(service, "http://api.example.com")
        assert plan_what_nobody_looks_at() == 1
        assert plan_what_nobody_looks_at() == 0
        assert self.due(check)


class TestKeeping:
    def test_managers_alone_keep_checks(self, service, team, manager):
        rita = User.objects.create_user("rita@example.com", name="Rita")
        add_member(rita, team, TeamRole.RESPONDER)
        fields = {"name": "Page", "kind": "http", "target": "https://api.example.com"}
        with pytest.raises(NotAllowed):
            actions.create_health_check(by=rita, service=service, fields=fields)
        check = actions.create_health_check(by=manager, service=service, fields=fields)
        with pytest.raises(NotAllowed):
            actions.update_health_check(check, by=rita, fields={"name": "Mine"})
        actions.look_now(check, by=rita)
        assert [row.history_user for row in check.history.all()] == [manager]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"target": "file:///etc/passwd"}, "target"),
            ({"kind": "tcp", "target": "https://api.example.com"}, "target"),
            ({"kind": "prometheus", "query": ""}, "__all__"),
            ({"every": timedelta(seconds=9)}, "__all__"),
            ({"timeout": timedelta(seconds=21)}, "__all__"),
            ({"threshold": float("inf")}, "threshold"),
            ({"alerts_after": 0}, "alerts_after"),
            ({"expected_status": 600}, "expected_status"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, service, manager, wrong, field):
        fields = {"name": "Page", "kind": "http", "target": "https://api.example.com", **wrong}
        with pytest.raises(ValidationError) as refused:
            actions.create_health_check(by=manager, service=service, fields=fields)
        assert field in refused.value.message_dict

    def test_a_service_has_one_check_of_a_name(self, service):
        make(service, "http://api.example.com", name="Page")
        with pytest.raises(IntegrityError, match="health_check_name_once_per_service"):
            make(service, "http://api.example.com", name="Page")

    def test_checks_of_services_are_read_by_one_query(self, service, team, django_assert_num_queries):
        other = Service.objects.create(slug="db", name="Database", team=team)
        checks = [make(each, "http://api.example.com") for each in (service, other, service)]
        for check in checks:
            TestKept().look(check)
        with django_assert_num_queries(1):
            found = queries.checks_by_service([service, other])
            words = [check.seen.words for check in found[service.pk]]
        assert words == ["Seen", "Seen"]


class TestCommand:
    def run(self, *options: str) -> str:
        told = StringIO()
        call_command("health_check", *options, stdout=told)
        return told.getvalue()

    def test_it_looks_by_all_of_them_and_says_what_it_saw(self, service, asked):
        make(service, asked.url, name="Page")
        assert self.run("--full").startswith("✓ API: Page: Answered 200. (")
        assert HealthResult.objects.get().asked

    def test_by_those_of_one_service_as_data(self, service, team, asked):
        make(service, asked.url, name="Page")
        make(Service.objects.create(slug="db", name="Database", team=team), "http://127.0.0.1:9/", name="Port")
        told = loads(self.run("--component", "api", "--json"))
        assert [(each["service"], each["check"], each["outcome"]) for each in told] == [("api", "Page", "good")]

    def test_what_does_not_work_is_an_error_of_the_command(self, service, asked):
        asked.answer = lambda _: Answer(500)
        make(service, asked.url, name="Page")
        with pytest.raises(CommandError, match="1 of 1"):
            self.run("--full")

    @pytest.mark.parametrize("options", [("--component", "nothing"), ("--full",)])
    def test_nothing_to_look_by_is_an_error(self, options):
        with pytest.raises(CommandError, match="There is no"):
            self.run(*options)
