"""A provider that fails, or refuses the house, is known to administrators and to the probe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts import serving
from apps.core.errors import ProviderError
from apps.engine import breakers, checks
from apps.engine.models import Breaker, Timer
from apps.engine.runner import run_due
from apps.notifications import providers, transports
from apps.notifications.models import Channel, Notification, NotificationKind, Urgency
from apps.teams.models import TeamRole
from launcher.ports import free_port
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method
from tests.notifications.recorder import Recorder
from tests.notifications.test_delivery import tell

SUBJECT = "recorder of sms fails: nothing goes out by text message"
REFUSED = ProviderError("Answered 401: no such token", permanent=True, refuses_us=True)


@pytest.fixture
def ada(team):
    return make_person("Ada", None, TeamRole.ADMIN)


def fail(channel: Channel, error: ProviderError = REFUSED) -> None:
    with suppress(ProviderError), breakers.through(f"recorder of {channel}"):
        raise error


def wait_until_told(clock) -> None:
    """Whoever is to hear of it does so by now."""
    clock.shift(seconds=30)
    run_due()


def told(person) -> list[Notification]:
    return list(Notification.objects.filter(person=person, kind=NotificationKind.OTHER).order_by("pk"))


def test_administrators_are_woken_once_by_a_provider_that_refuses_us(carried, ada, olga, clock):
    fail(Channel.SMS)
    wait_until_told(clock)
    fail(Channel.SMS)
    wait_until_told(clock)
    [woken] = told(ada)
    assert (woken.subject, woken.urgency) == (SUBJECT, Urgency.HIGH)
    assert "no such token" in woken.text
    assert "/admin/engine/" in woken.text
    assert told(olga) == []
    assert [message.subject for message in carried[Channel.EMAIL].sent] == [SUBJECT]


def test_a_page_that_a_provider_refuses_us_goes_another_way_and_the_administrators_hear_of_it(
    carried, ada, olga, clock
):
    add_method(olga, "sms", "+4915112345678")
    carried[Channel.SMS].fails = REFUSED
    tell(olga, declare(olga.memberships.get().team))
    run_due()
    assert carried[Channel.EMAIL].to("olga@example.com")
    wait_until_told(clock)
    assert [each.subject for each in told(ada)] == [SUBJECT]


def test_one_that_opens_again_and_again_wakes_nobody_more_often_than_each_quarter_of_an_hour(carried, ada, clock):
    for _ in range(14):
        fail(Channel.SMS)
        wait_until_told(clock)
        breakers.close("recorder of sms")
        wait_until_told(clock)
    assert [each.urgency for each in told(ada)] == [Urgency.HIGH, Urgency.LOW]
    clock.shift(minutes=2)
    fail(Channel.SMS)
    wait_until_told(clock)
    assert [each.urgency for each in told(ada)] == [Urgency.HIGH, Urgency.LOW, Urgency.HIGH]


def test_whoever_was_woken_hears_once_and_at_leisure_that_it_works_again(carried, ada, clock):
    fail(Channel.SMS)
    wait_until_told(clock)
    with breakers.through("recorder of sms"):
        pass
    run_due()
    assert [(each.subject, each.urgency) for each in told(ada)[1:]] == [("recorder of sms works again", Urgency.LOW)]


def test_one_that_closed_before_anybody_was_told_wakes_nobody(carried, ada, clock):
    fail(Channel.SMS)
    breakers.close("recorder of sms")
    wait_until_told(clock)
    assert told(ada) == []


def test_the_circuit_of_a_host_that_somebody_entered_wakes_nobody(carried, ada, clock):
    with suppress(ProviderError), breakers.through("webhook somebody.example"):
        raise REFUSED
    wait_until_told(clock)
    assert told(ada) == []


@pytest.fixture
def server_with_other_passwords(settings):
    """A mail server that knows nobody of that name."""
    server = Controller(
        object(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda *_: AuthResult(success=False, handled=False),
        auth_require_tls=False,
        auth_required=True,
    )
    settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    server.start()
    yield
    server.stop()


NAMES = ("Ann", "Bob", "Cid", "Dan", "Eva", "Fay")


@pytest.fixture
def waiting(carried, team, clock):
    """Six people whose pages have waited for ten minutes for a provider that is broken; by whom it was tried."""
    mail, tried = carried[Channel.EMAIL], list[str]()
    mail.fails, mail.meanwhile = ProviderError("Answered 500"), lambda message: tried.append(message.address)
    incident = declare(team)
    for name in NAMES:
        tell(make_person(name, team, TeamRole.RESPONDER), incident)
    for _ in range(120):
        run_due()
        clock.shift(seconds=5)
    return tried


def test_a_broken_provider_is_tried_by_one_at_the_end_of_each_opening(waiting):
    # Five failures open it; then 5, 10 and 20 s pass, and half a minute each time, until the next look here.
    assert 15 <= len(waiting) <= 5 + 3 + (600 - 35) // 30
    assert len(set(waiting[5:])) >= 3, "it is not the same one each time"


def test_waiting_for_a_broken_provider_costs_nobody_their_attempts(waiting):
    waits = Timer.objects.filter(kind__startswith="notifications.deliver:", state="pending")
    assert waits.count() == len(NAMES)
    assert max(waits.values_list("attempts", flat=True)) <= 2


def test_once_it_works_all_that_waited_for_it_goes_out_within_half_a_minute(carried, waiting, clock):
    carried[Channel.EMAIL].fails = None
    for _ in range(35):
        clock.shift(seconds=1)
        run_due()
    paged = sorted(message.address for message in carried[Channel.EMAIL].sent if message.is_page)
    assert paged == [f"{name.lower()}@example.com" for name in NAMES]


def test_who_asks_for_patience_while_it_is_tried_gets_it_and_nobody_pays_for_that(carried, waiting, clock):
    carried[Channel.EMAIL].fails = ProviderError("Answered 503", retry_after=110)
    before = len(waiting)
    for _ in range(40):
        clock.shift(seconds=5)
        run_due()
    assert 1 <= len(waiting) - before <= 3
    assert Timer.objects.filter(kind__startswith="notifications.deliver:", state="dead").count() == 0


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("user", ["olga", ""])
def test_a_mail_server_that_does_not_take_our_sign_in_is_left_alone_at_once(
    server_with_other_passwords, settings, olga, user
):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = user, "wrong"
    tell(olga, declare(olga.memberships.get().team))
    run_due()
    circuit = Breaker.objects.get(pk="smtp")
    assert (circuit.openings, circuit.open_until is None) == (1, False)


@pytest.fixture
def complaint() -> Callable[[], str]:
    return lambda: checks.complaints()["providers"]


def test_the_probe_complains_once_no_provider_that_reaches_people_is_left(carried, complaint, ada, clock):
    ways = [channel for channel in carried if channel != Channel.WEBHOOK]
    for channel in ways[1:]:
        fail(channel)
    assert complaint() == ""
    fail(ways[0])
    assert f"recorder of {ways[0]} fails: Answered 401" in complaint()
    clock.shift(minutes=1)
    assert complaint(), "nobody has tried since"
    breakers.close(f"recorder of {ways[0]}")
    assert complaint() == ""


def test_what_nobody_has_tried_for_long_is_no_complaint(carried, complaint, ada, clock):
    for channel in carried:
        fail(channel)
    clock.shift(seconds=11 + providers.STALE.total_seconds())
    assert complaint() == ""


@pytest.mark.parametrize("served", [[], [Channel.WEBHOOK]])
def test_the_probe_complains_where_nothing_is_configured_that_reaches_a_person(db, monkeypatch, complaint, served):
    monkeypatch.setattr(transports, "_transports", {})
    monkeypatch.setattr(serving, "_served", {})
    for channel in served:
        transports.serve(channel, Recorder(channel), when=lambda: True)
    assert complaint() == "Nothing is configured that carries a page to a person."


def test_the_probe_asks_the_database_once(carried, db):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        providers.some_provider_is_called()
    assert len(asked) == 1


def test_what_goes_to_hosts_of_the_receivers_choice_is_no_proof_that_pages_get_out(carried, ada, clock, monkeypatch):
    """Push has a circuit for each host, and none of its own."""
    carried[Channel.PUSH].provider = ""
    for channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.CHAT):
        fail(channel)
    assert "recorder of email fails" in checks.complaints()["providers"]


def test_one_that_fails_anew_after_it_was_said_to_work_is_told_when_the_span_is_over(carried, ada, clock):
    fail(Channel.SMS)
    wait_until_told(clock)
    breakers.close("recorder of sms")
    run_due()
    fail(Channel.SMS)
    wait_until_told(clock)
    assert [each.urgency for each in told(ada)] == [Urgency.HIGH, Urgency.LOW]
    clock.shift(minutes=15)
    run_due()
    assert [each.urgency for each in told(ada)] == [Urgency.HIGH, Urgency.LOW, Urgency.HIGH]
    clock.shift(minutes=30)
    run_due()
    assert len(told(ada)) == 3


def test_one_that_works_again_by_then_is_not_told_of(carried, ada, clock):
    for _ in range(2):
        fail(Channel.SMS)
        wait_until_told(clock)
        breakers.close("recorder of sms")
        run_due()
    clock.shift(minutes=20)
    run_due()
    assert [each.urgency for each in told(ada)] == [Urgency.HIGH, Urgency.LOW]


def turn_away(clock, *, minutes: int, seconds: int = 20) -> None:
    """Text messages are tried again as soon as the provider says, and it says to come back later."""
    for _ in range(minutes * 60 // seconds):
        fail(Channel.SMS, ProviderError("Answered 429", retry_after=seconds))
        clock.shift(seconds=seconds)
        run_due()


@pytest.mark.parametrize("seconds", [20, 120])
def test_a_provider_that_turns_everybody_away_for_minutes_is_told_of(carried, ada, clock, seconds):
    turn_away(clock, minutes=4, seconds=seconds)
    assert told(ada) == []
    turn_away(clock, minutes=2, seconds=seconds)
    [woken] = told(ada)
    assert (woken.subject, woken.urgency) == (SUBJECT, Urgency.HIGH)
    turn_away(clock, minutes=10, seconds=seconds)
    assert len(told(ada)) == 1


def test_a_moment_of_patience_wakes_nobody_while_nothing_is_to_be_sent(carried, ada, clock):
    fail(Channel.SMS, ProviderError("Answered 429", retry_after=10))
    for _ in range(4):
        clock.shift(minutes=5)
        run_due()
    assert told(ada) == []
