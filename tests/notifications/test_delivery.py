"""What becomes of a page whose mail server is down, refuses, or breaks off (R12; "Bad input and failure")."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from apps.engine.identity import me
from apps.engine.models import Lane, State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind
from apps.notifications import actions, delivery, outcomes
from apps.notifications.channels import email
from apps.notifications.models import Channel, Delivery, DeliveryState, Notification, NotificationKind, Until
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person
from tests.hostile import TEXTS

WORK, HOME = "olga@example.com", "olga@home.example"


@pytest.fixture
def incident(team):
    return declare(team)


@pytest.fixture
def page(incident, olga) -> Notification:
    """Olga is paged; nothing was sent yet."""
    return tell(olga, incident)


def tell(person, incident, kind=NotificationKind.PAGE, until=Until.ACKNOWLEDGED) -> Notification:
    return actions.notify(
        person, incident=incident, kind=kind, step="level:1", level=1, subject="Down", text="It is down.", until=until
    )


def mails_of(notification) -> dict[str, Delivery]:
    return {mail.address: mail for mail in notification.deliveries.filter(channel=Channel.EMAIL)}


def states_of(notification) -> dict[str, str]:
    return {address: mail.state for address, mail in mails_of(notification).items()}


def timer_of(notification, address=WORK) -> Timer:
    return Timer.objects.get(key=f"notifications.deliver:{mails_of(notification)[address].pk}")


def run_again(clock) -> None:
    """Let the pause before the next attempt pass; nothing else of the incident is due by then."""
    clock.shift(seconds=5)
    run_due()


def test_a_title_and_a_name_that_read_like_headers_stay_in_the_subject(mail_server, team, olga):
    olga.name = TEXTS["header"]
    olga.save()
    known = {"kind": NotificationKind.PAGE, "step": "level:1", "level": 1, "until": Until.ACKNOWLEDGED}
    actions.notify(olga, incident=declare(team), subject=TEXTS["header"], text=TEXTS["header"], **known)
    run_due()
    [mail] = mail_server.received
    assert mail_server.addresses() == [WORK]
    assert mail["Bcc"] is None
    assert "Down Bcc: everybody@example.com X Subject: other" in str(mail["Subject"])
    assert len(mail.get_all("Subject")) == 1


def test_a_page_is_one_mail_to_the_first_address(mail_server, page):
    run_due()
    assert mail_server.addresses() == [WORK]
    assert states_of(page) == {WORK: DeliveryState.SENT}
    mail = mails_of(page)[WORK]
    assert mail.sent_at is not None
    [received] = mail_server.received
    assert received["X-ADO-Kind"] == "page"
    assert str(mail.message_id) in received["Message-ID"]


def test_while_the_mail_server_is_down_the_next_address_is_tried_and_the_first_again_with_growing_pauses(
    no_mail_server, page, clock, settings
):
    settings.BREAKER_FAILURES = 100  # the pauses of a circuit are another matter
    run_due()
    assert states_of(page) == {WORK: DeliveryState.PLANNED, HOME: DeliveryState.PLANNED}
    assert "cannot be reached" in mails_of(page)[WORK].last_error
    pauses = []
    for _ in range(4):
        timer = timer_of(page)
        assert timer.state == State.PENDING
        pauses.append(timer.due_at - clock.now)
        clock.set(timer.due_at)
        run_due()
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(seconds=3)
    assert pauses[-1] > timedelta(seconds=7)

    settings.EMAIL_PORT = no_mail_server.port
    clock.shift(minutes=5)
    run_due()
    [reached] = [mail["To"] for mail in no_mail_server.received if mail["X-ADO-Level"]]
    assert sorted(states_of(page).values()) == [DeliveryState.CANCELLED, DeliveryState.SENT]
    assert states_of(page)[reached] == DeliveryState.SENT


def test_a_page_that_no_server_ever_took_is_said_on_the_timeline(no_mail_server, page, incident, clock):
    for _ in range(60):
        clock.shift(minutes=5)
        run_due()
    assert states_of(page) == {WORK: DeliveryState.FAILED, HOME: DeliveryState.FAILED}
    [lost] = incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED, data__notification=page.pk)
    assert lost.text.startswith("Olga could not be reached")


def test_an_address_that_is_refused_for_good_is_not_tried_again_and_the_next_is_at_once(mail_server, page, clock):
    mail_server.refused[WORK] = "550 no such mailbox"
    run_due()
    assert mail_server.addresses() == [HOME]
    assert states_of(page) == {WORK: DeliveryState.FAILED, HOME: DeliveryState.SENT}
    assert mails_of(page)[WORK].last_error == "The address was refused: 550 no such mailbox"
    run_again(clock)
    assert mails_of(page)[WORK].attempts == 1


def test_nobody_left_to_try_is_said_on_the_timeline_at_once(mail_server, page, incident):
    mail_server.refused |= {WORK: "550 no such mailbox", HOME: "550 no such mailbox"}
    run_due()
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED, data__notification=page.pk).count() == 1


def test_a_server_that_is_busy_once_is_asked_again_and_nobody_else(mail_server, page, clock):
    mail_server.busy = True
    run_due()
    assert states_of(page) == {WORK: DeliveryState.PLANNED}
    mail_server.busy = False
    run_again(clock)
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mails_of(page)[WORK].unknown_at is None


def test_a_server_that_is_busy_twice_makes_the_next_address_be_tried(mail_server, page, clock):
    mail_server.busy = True
    run_due()
    run_again(clock)
    assert states_of(page) == {WORK: DeliveryState.PLANNED, HOME: DeliveryState.PLANNED}


def test_a_connection_that_breaks_before_the_message_is_no_doubt(mail_server, page, clock):
    mail_server.breaks_off_at = "RCPT"
    run_due()
    assert states_of(page) == {WORK: DeliveryState.PLANNED, HOME: DeliveryState.PLANNED}
    mail_server.breaks_off_at = ""
    run_again(clock)
    assert sorted(states_of(page).values()) == [DeliveryState.CANCELLED, DeliveryState.SENT]
    assert [mail.unknown_at for mail in mails_of(page).values()] == [None, None]


def test_a_page_whose_outcome_is_unknown_is_sent_once_more_under_the_same_message_id(mail_server, page, clock):
    mail_server.breaks_off_at = "DATA"
    run_due()
    assert states_of(page) == {WORK: DeliveryState.UNKNOWN}
    mail_server.breaks_off_at = ""
    run_again(clock)
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mails_of(page)[WORK].unknown_attempts == 1
    first, second = mail_server.received
    assert first["Message-ID"] == second["Message-ID"]


def test_a_page_that_stays_unknown_is_sent_twice_and_then_to_the_next_address(mail_server, page, clock):
    mail_server.breaks_off_at = "DATA"
    for _ in range(10):
        clock.shift(seconds=30)
        run_due()
    assert mail_server.addresses() == [WORK, WORK, HOME, HOME]
    assert states_of(page) == {WORK: DeliveryState.UNKNOWN, HOME: DeliveryState.UNKNOWN}


def test_a_notice_whose_outcome_is_unknown_is_left_as_it_is(mail_server, incident, olga, clock):
    notice = tell(olga, incident, NotificationKind.NOTICE, Until.SENT)
    mail_server.breaks_off_at = "DATA"
    for _ in range(4):
        run_due()
        clock.shift(seconds=30)
    assert mail_server.addresses() == [WORK]
    assert states_of(notice) == {WORK: DeliveryState.UNKNOWN}


class Killed(BaseException):
    """The process ends here: nothing that comes after is done."""


def killed(*_: object) -> None:
    raise Killed


def test_a_page_is_sent_once_more_when_the_worker_died_between_sending_and_recording(
    mail_server, page, clock, monkeypatch
):
    with monkeypatch.context() as dying:
        dying.setattr(delivery, "_sent", killed)
        with pytest.raises(Killed):
            run_due()
    assert states_of(page) == {WORK: DeliveryState.SENDING}
    me.release()
    run_again(clock)
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mails_of(page)[WORK].unknown_attempts == 1
    first, second = mail_server.received
    assert first["Message-ID"] == second["Message-ID"]


def test_a_page_is_not_lost_to_two_workers_that_die_over_it_where_nothing_else_reaches_its_receiver(
    mail_server, page, olga, clock, monkeypatch
):
    olga.contact_methods.filter(value=HOME).delete()
    for _ in range(2):
        with monkeypatch.context() as dying:
            dying.setattr(email, "_hand_over", killed)
            with pytest.raises(Killed):
                run_due()
        me.release()
        clock.shift(minutes=3)
    run_again(clock)
    assert mail_server.addresses() == [WORK]
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mails_of(page)[WORK].unknown_attempts == 2


def test_a_page_that_is_always_in_doubt_is_sent_some_times_and_then_said_to_have_failed(
    mail_server, page, incident, olga, clock
):
    olga.contact_methods.filter(value=HOME).delete()
    mail_server.breaks_off_at = "DATA"
    for _ in range(60):
        run_due(lane=Lane.PAGES)
        clock.shift(seconds=30)
    assert 2 < mail_server.addresses().count(WORK) <= outcomes.MOST_IN_DOUBT + 6, "with what else Olga is told"
    tried = mails_of(page)[WORK]
    assert (tried.attempts, tried.unknown_attempts) == (outcomes.MOST_IN_DOUBT, outcomes.MOST_IN_DOUBT)
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED, text__contains="Olga").count() == 1


def test_a_page_is_sent_once_when_the_worker_died_before_sending(mail_server, page, clock, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(delivery, "_about_to_send", killed)
        with pytest.raises(Killed):
            run_due()
    me.release()
    run_again(clock)
    assert mail_server.addresses() == [WORK]
    assert mails_of(page)[WORK].unknown_at is None


@pytest.mark.django_db(transaction=True)
def test_a_database_that_went_away_while_the_mail_was_handed_over_is_told_of_it(mail_server, page, monkeypatch):
    hand_over = email._hand_over

    def cut_off_meanwhile(mail):
        hand_over(mail)
        connection.connection.close()

    monkeypatch.setattr(email, "_hand_over", cut_off_meanwhile)
    run_due()
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mails_of(page)[WORK].unknown_at is None


@pytest.mark.django_db(transaction=True)
def test_an_outcome_of_which_the_database_did_not_say_that_it_has_it_is_recorded_once(mail_server, page, monkeypatch):
    record, lost = delivery._sent, [OperationalError("the connection was lost after the commit")]

    def unanswered(*told):
        record(*told)
        if lost:
            raise lost.pop()

    monkeypatch.setattr(delivery, "_sent", unanswered)
    run_due()
    assert states_of(page) == {WORK: DeliveryState.SENT}
    assert mail_server.addresses() == [WORK]
    assert mails_of(page)[WORK].unknown_at is None


def test_acknowledging_stops_what_was_not_sent(no_mail_server, page, incident, olga, settings, clock):
    run_due()
    incidents.acknowledge(incident.pk, by=olga)
    assert states_of(page) == {WORK: DeliveryState.CANCELLED, HOME: DeliveryState.CANCELLED}
    settings.EMAIL_PORT = no_mail_server.port
    clock.shift(minutes=5)
    run_due()
    assert HOME not in no_mail_server.addresses()
    assert not [mail for mail in no_mail_server.received if mail["X-ADO-Kind"] == "page"]


def test_acknowledging_while_the_connection_opens_stops_the_page(mail_server, page, incident, olga, monkeypatch):
    about_to_send = delivery._about_to_send

    def acknowledged_just_now(delivery_id):
        incidents.acknowledge(incident.pk, by=olga)
        return about_to_send(delivery_id)

    monkeypatch.setattr(delivery, "_about_to_send", acknowledged_just_now)
    run_due()
    assert states_of(page) == {WORK: DeliveryState.CANCELLED}
    assert not [mail for mail in mail_server.received if mail["X-ADO-Kind"] == "page"]


@pytest.mark.parametrize("end", ["acknowledge", "resolve"])
def test_what_is_stopped_while_no_server_answers_is_sent_to_nobody_afterwards(
    no_mail_server, page, incident, olga, monkeypatch, settings, clock, end
):
    """The connection is being opened when the page becomes needless; then it fails."""
    channel_of = delivery._channel_of

    def overtaken(delivery_id):
        channel = channel_of(delivery_id)
        if end == "acknowledge":
            incidents.acknowledge(incident.pk, by=olga)
        else:
            resolve(incident, olga)
        return channel

    with monkeypatch.context() as racing:
        racing.setattr(delivery, "_channel_of", overtaken)
        run_due()
    assert states_of(page) == {WORK: DeliveryState.CANCELLED}
    settings.EMAIL_PORT = no_mail_server.port
    clock.shift(minutes=5)
    run_due()
    assert not [mail for mail in no_mail_server.received if mail["X-ADO-Kind"] == "page"]


def test_a_page_of_unknown_outcome_is_not_repeated_to_somebody_who_answered(mail_server, page, incident, olga, clock):
    mail_server.breaks_off_at = "DATA"
    clock.shift(seconds=2)
    run_due()
    mail_server.breaks_off_at = ""
    incidents.acknowledge(incident.pk, by=olga)
    clock.shift(minutes=5)
    run_due()
    assert mail_server.addresses().count(WORK) == 1
    assert states_of(page) == {WORK: DeliveryState.UNKNOWN}


def test_a_mail_that_cannot_be_written_fails_and_is_no_doubt(mail_server, page, incident, monkeypatch):
    def broken(*_args, **_named):
        raise UnicodeEncodeError("ascii", "ü", 0, 1, "not ascii")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.message", broken)
    run_due()
    assert states_of(page) == {WORK: DeliveryState.FAILED, HOME: DeliveryState.FAILED}
    assert "cannot be written" in mails_of(page)[WORK].last_error
    assert mails_of(page)[WORK].unknown_at is None
    assert incident.timeline.filter(kind=EventKind.NOTIFICATION_FAILED, data__notification=page.pk).count() == 1


def test_each_paged_person_acknowledges_their_own_page_by_whatever_step(no_mail_server, incident, olga, team):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    pages = {person: tell(person, incident, until=Until.RESOLVED) for person in (olga, sam)}
    incidents.acknowledge(incident.pk, by=sam)
    assert states_of(pages[olga]) == {WORK: DeliveryState.PLANNED}
    incidents.transition(incident.pk, to="investigating", by=olga)
    pages[olga].refresh_from_db()
    assert pages[olga].acknowledged_at is not None
    assert states_of(pages[olga]) == {WORK: DeliveryState.CANCELLED}
    in_app = pages[olga].deliveries.get(channel=Channel.IN_APP)
    assert in_app.state == DeliveryState.READ
    [event] = incident.timeline.filter(kind=EventKind.PAGE_ACKNOWLEDGED)
    assert event.actor == olga


def test_a_page_for_the_resolution_target_stops_at_its_receivers_own_answer_only(
    no_mail_server, incident, olga, team, clock
):
    page = tell(olga, incident, until=Until.RESOLVED)
    somebody = make_person("Sam", team, TeamRole.RESPONDER)
    incidents.acknowledge(incident.pk, by=somebody)
    assert states_of(page) == {WORK: DeliveryState.PLANNED}
    incidents.acknowledge(incident.pk, by=olga)
    assert states_of(page) == {WORK: DeliveryState.CANCELLED}


def test_resolving_stops_every_page(no_mail_server, incident, olga, team):
    page = tell(olga, incident, until=Until.RESOLVED)
    resolve(incident, olga)
    assert states_of(page) == {WORK: DeliveryState.CANCELLED}


def test_the_same_step_is_told_once(mail_server, page, incident, olga):
    assert tell(olga, incident) == page
    run_due()
    assert mail_server.addresses() == [WORK]
