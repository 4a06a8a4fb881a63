"""A person is told by their own steps, in time, and by whatever else there is when one of them fails."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts import actions as contacts
from apps.contacts.models import MethodKind
from apps.core.errors import Invalid, NotAllowed, ProviderError
from apps.engine.leases import BEGINNING, claim
from apps.engine.models import Lane, State, Timer
from apps.engine.runner import handle, run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, TimelineEvent
from apps.notifications import actions, queries
from apps.notifications.models import Channel, DeliveryState, NotificationKind, Until, Urgency
from apps.notifications.transports import AddressRefused, Unreachable
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method

NUMBER = "+4930901820"


@pytest.fixture
def incident(team):
    return declare(team)


@pytest.fixture
def sms(olga):
    return add_method(olga, MethodKind.SMS, NUMBER)


@pytest.fixture
def voice(olga):
    return add_method(olga, MethodKind.VOICE, NUMBER)


def page(person, incident, *, kind=NotificationKind.PAGE, step="level:1", until=Until.ACKNOWLEDGED):
    return actions.notify(
        person, incident=incident, kind=kind, step=step, level=1, subject="Down", text="It is down.", until=until
    )


def choose(person, urgency, *steps):
    """Steps of minutes and methods."""
    actions.set_rules(
        person, urgency, steps=[(timedelta(minutes=after), method.pk) for after, method in steps], by=person
    )


def about(recorder, incident):
    return [message for message in recorder.sent if message.incident == incident and message.is_page]


def test_each_step_comes_at_its_time(carried, incident, olga, sms, voice, clock):
    choose(olga, Urgency.HIGH, (0, sms), (5, voice), (7, sms))
    page(olga, incident)
    run_due()
    assert len(about(carried[Channel.SMS], incident)) == 1
    assert not about(carried[Channel.EMAIL], incident)
    clock.shift(minutes=4, seconds=59)
    run_due()
    assert not about(carried[Channel.VOICE], incident)
    clock.shift(seconds=1)
    run_due()
    assert len(about(carried[Channel.VOICE], incident)) == 1
    clock.shift(minutes=2)
    run_due()
    assert len(about(carried[Channel.SMS], incident)) == 2


def test_steps_that_have_not_come_stop_with_the_answer(carried, incident, olga, sms, voice, clock):
    choose(olga, Urgency.HIGH, (0, sms), (5, voice))
    notification = page(olga, incident)
    run_due()
    incidents.acknowledge(incident.pk, by=olga)
    clock.shift(minutes=10)
    run_due()
    assert not carried[Channel.VOICE].sent
    assert notification.deliveries.get(channel=Channel.VOICE).state == DeliveryState.CANCELLED


def test_a_call_comes_two_minutes_after_the_rest_where_nothing_was_chosen(carried, incident, olga, sms, voice, clock):
    page(olga, incident)
    run_due()
    assert [len(about(carried[channel], incident)) for channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE)] == [
        1,
        1,
        0,
    ]
    clock.shift(minutes=2)
    run_due()
    assert len(about(carried[Channel.VOICE], incident)) == 1


def test_when_a_step_fails_the_next_does_not_wait_for_its_time(carried, incident, olga, sms, voice, clock):
    choose(olga, Urgency.HIGH, (0, sms), (10, voice))
    carried[Channel.SMS].fails = ProviderError("No such service", permanent=True)
    notification = page(olga, incident)
    run_due()
    assert len(about(carried[Channel.VOICE], incident)) == 1
    clock.shift(minutes=10)
    run_due()
    assert len(about(carried[Channel.VOICE], incident)) == 1
    states = dict(notification.deliveries.exclude(channel=Channel.IN_APP).values_list("channel", "state"))
    assert states == {Channel.SMS: DeliveryState.FAILED, Channel.VOICE: DeliveryState.SENT}


def test_when_every_step_failed_whatever_else_reaches_the_person_is_tried(carried, incident, olga, sms):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = Unreachable("Nobody answers.")
    page(olga, incident)
    run_due()
    assert [message.address for message in about(carried[Channel.EMAIL], incident)] == ["olga@example.com"]


def test_what_stood_in_is_taken_back_when_the_first_way_works_after_all(carried, incident, olga, sms, clock):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = Unreachable("Nobody answers.")
    carried[Channel.EMAIL].fails = Unreachable("Nobody answers.")
    notification = page(olga, incident)
    run_due()
    carried[Channel.SMS].fails = None
    clock.shift(seconds=5)
    by_sms = notification.deliveries.get(channel=Channel.SMS)
    waiting = Timer.objects.filter(key__startswith="notifications.deliver:", state=State.PENDING)
    waiting.exclude(payload__delivery=by_sms.pk).update(due_at=clock.now + timedelta(minutes=1))
    run_due()
    assert len(about(carried[Channel.SMS], incident)) == 1
    assert notification.deliveries.get(address="olga@example.com").state == DeliveryState.CANCELLED


@pytest.fixture
def failed_twice(carried, incident, olga, sms, clock):
    """A text message that failed twice: a mail stands in for it, and both are due."""
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = ProviderError("Try again later.")
    carried[Channel.EMAIL].fails = Unreachable("Nobody answers.")
    notification = page(olga, incident)
    for _ in range(2):
        run_due()
        clock.shift(seconds=5)
    carried[Channel.SMS].fails = None
    return notification


@pytest.mark.parametrize("arrives", [True, False])
def test_while_what_stands_in_is_handed_over_the_first_way_waits_for_its_outcome(
    carried, incident, failed_twice, clock, arrives
):
    timers = leased(failed_twice)
    carried[Channel.EMAIL].fails = None if arrives else ProviderError("Try again later.")
    carried[Channel.EMAIL].meanwhile = lambda _: handle(timers[Channel.SMS])
    handle(timers[Channel.EMAIL])
    assert not carried[Channel.SMS].sent
    carried[Channel.EMAIL].meanwhile = lambda _: None
    clock.shift(seconds=2)
    run_due()
    assert len(about(carried[Channel.EMAIL], incident)) == arrives
    assert len(about(carried[Channel.SMS], incident)) == (not arrives)


def test_what_stands_in_waits_while_the_first_way_is_tried_once_more(carried, incident, failed_twice, clock):
    timers = leased(failed_twice)
    carried[Channel.EMAIL].fails = None
    carried[Channel.SMS].meanwhile = lambda _: handle(timers[Channel.EMAIL])
    handle(timers[Channel.SMS])
    clock.shift(seconds=5)
    run_due()
    assert len(about(carried[Channel.SMS], incident)) == 1
    assert not about(carried[Channel.EMAIL], incident)


def leased(notification):
    """The timers of the notification's deliveries that are due, by channel, leased to this process."""
    channels = dict(notification.deliveries.values_list("pk", "channel"))
    timers = claim(Lane.PAGES, limit=9, since=BEGINNING)
    return {channels[timer.payload["delivery"]]: timer for timer in timers if "delivery" in timer.payload}


def test_a_disabled_method_is_passed_over(carried, incident, olga, sms, voice, clock):
    choose(olga, Urgency.HIGH, (0, sms), (5, voice))
    sms.disabled_at = clock.now
    sms.save()
    page(olga, incident)
    run_due()
    assert not carried[Channel.SMS].sent
    clock.shift(minutes=5)
    run_due()
    assert len(about(carried[Channel.VOICE], incident)) == 1


def test_who_chose_steps_that_lead_nowhere_is_paged_by_the_standard_ones_and_warned(
    carried, incident, olga, sms, clock
):
    choose(olga, Urgency.HIGH, (0, sms))
    sms.verified_at = None
    sms.save()
    assert any("would never reach you" in warning for warning in queries.warnings_for(olga))
    page(olga, incident)
    run_due()
    assert [message.address for message in about(carried[Channel.EMAIL], incident)] == ["olga@example.com"]


def test_who_has_no_method_at_all_is_warned(carried, olga):
    olga.contact_methods.all().delete()
    assert queries.warnings_for(olga) == ["You cannot be paged: none of your contact methods is verified and in use."]


def test_who_has_nothing_that_rings_is_told(carried, olga, sms):
    sms.delete()
    assert any("Nothing of yours rings" in warning for warning in queries.warnings_for(olga))
    add_method(olga, MethodKind.VOICE, NUMBER)
    assert not queries.warnings_for(olga)


@pytest.mark.parametrize(
    ("minutes", "warning"),
    [(9, None), (10, "Your pages are silent for the first 10 min: nothing rings before.")],
)
def test_who_is_rung_late_is_told(carried, olga, sms, minutes, warning):
    choose(olga, Urgency.HIGH, (0, olga.contact_methods.first()), (minutes, sms))
    assert queries.warnings_for(olga) == ([warning] if warning else [])


def test_who_has_a_phone_and_chose_steps_that_do_not_ring_it_is_told(carried, olga, sms):
    choose(olga, Urgency.HIGH, (0, olga.contact_methods.first()))
    [warning] = queries.warnings_for(olga)
    assert warning.startswith("None of your steps for pages rings")


def test_low_urgency_has_steps_of_its_own(carried, incident, olga, sms, clock):
    choose(olga, Urgency.LOW, (3, sms))
    page(olga, incident, kind=NotificationKind.NOTICE, until=Until.SENT)
    run_due()
    assert not carried[Channel.SMS].sent
    clock.shift(minutes=3)
    run_due()
    assert len(carried[Channel.SMS].sent) == 1


@pytest.fixture
def asleep(olga, clock):
    """It is two in the morning in Berlin, where Olga's nights are quiet."""
    olga.time_zone = "Europe/Berlin"
    olga.save()
    clock.set(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    actions.set_preferences(olga, quiet_from=time(22), quiet_until=time(7), shift_notices=False, by=olga)
    return olga


def test_quiet_hours_hold_back_notices_until_the_morning(carried, incident, asleep, clock):
    notice = page(asleep, incident, kind=NotificationKind.NOTICE, step="notice", until=Until.SENT)
    run_due()
    in_app = notice.deliveries.get(channel=Channel.IN_APP)
    assert in_app.state == DeliveryState.DELIVERED
    mail = notice.deliveries.get(channel=Channel.EMAIL)
    assert (mail.state, mail.due_at - clock.now) == (DeliveryState.PLANNED, timedelta(hours=5))
    clock.shift(hours=5)
    run_due()
    mail.refresh_from_db()
    assert mail.state == DeliveryState.SENT


def test_quiet_hours_hold_back_no_page(carried, incident, asleep):
    notification = page(asleep, incident)
    run_due()
    assert notification.deliveries.get(channel=Channel.EMAIL).state == DeliveryState.SENT


def test_steps_are_chosen_by_oneself_or_an_administrator_and_for_ones_own_methods(olga, sms, team):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    with pytest.raises(NotAllowed):
        actions.set_rules(olga, Urgency.HIGH, steps=[(timedelta(0), sms.pk)], by=sam)
    with pytest.raises(Invalid):
        actions.set_rules(sam, Urgency.HIGH, steps=[(timedelta(0), sms.pk)], by=sam)
    ada = make_person("Ada", None, TeamRole.ADMIN)
    actions.set_rules(olga, Urgency.HIGH, steps=[(timedelta(0), sms.pk)], by=ada)
    assert olga.notification_rules.get().history.first().history_user == ada


def test_choosing_anew_keeps_what_stays_and_none_is_the_standard_again(carried, olga, sms, voice):
    choose(olga, Urgency.HIGH, (0, sms), (5, voice))
    kept = olga.notification_rules.get(method=sms).pk
    choose(olga, Urgency.HIGH, (0, sms), (9, voice))
    assert olga.notification_rules.get(method=sms).pk == kept
    assert [step.after for step in queries.steps_of_all([olga], Urgency.HIGH)[olga.pk]] == [
        timedelta(0),
        timedelta(minutes=9),
    ]
    choose(olga, Urgency.HIGH)
    assert len(queries.steps_of_all([olga], Urgency.HIGH)[olga.pk]) == 3


def test_the_third_refusal_of_an_address_disables_it_and_its_person_hears_of_it(carried, team, olga, sms, clock):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = AddressRefused("Not a mobile number")
    for number in range(3):
        sms.refresh_from_db()
        assert sms.disabled_at is None
        page(olga, declare(team), step=f"level:{number}")
        run_due()
        clock.shift(minutes=5)
    sms.refresh_from_db()
    assert sms.disabled_reason == "Not a mobile number"
    assert [each for each in carried[Channel.EMAIL].subjects if each.startswith("No longer used to page you")]


def test_an_address_that_is_gone_is_disabled_at_once(carried, incident, olga, sms):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = AddressRefused("Unsubscribed", gone=True)
    page(olga, incident)
    run_due()
    sms.refresh_from_db()
    assert not sms.is_usable


def test_a_fault_of_the_provider_never_counts_against_the_address(carried, team, olga, sms, clock):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = ProviderError("Wrong credentials", permanent=True)
    for number in range(5):
        page(olga, declare(team), step=f"level:{number}")
        run_due()
        clock.shift(minutes=5)
    sms.refresh_from_db()
    assert (sms.failures, sms.disabled_at) == (0, None)


def test_a_message_that_arrives_begins_the_count_anew(carried, team, olga, sms, clock):
    choose(olga, Urgency.HIGH, (0, sms))
    carried[Channel.SMS].fails = AddressRefused("Not a mobile number")
    page(olga, declare(team), step="a")
    run_due()
    clock.shift(minutes=5)
    carried[Channel.SMS].fails = None
    page(olga, declare(team), step="b")
    run_due()
    sms.refresh_from_db()
    assert sms.failures == 0


def test_a_test_goes_to_every_method_whatever_the_steps_say(carried, olga, sms, voice):
    choose(olga, Urgency.HIGH, (10, voice))
    actions.send_test(olga, by=olga)
    run_due()
    assert [len(carried[channel].sent) for channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE)] == [2, 1, 1]


def test_who_cannot_be_reached_gets_no_test(carried, olga):
    olga.contact_methods.all().delete()
    assert actions.send_test(olga, by=olga) is None


def notice(person, incident):
    return page(person, incident, kind=NotificationKind.NOTICE, step="notice", until=Until.SENT)


def fail_in_vain(carried, clock, *, error=None):
    """The mail server fails for a while, or refuses."""
    carried[Channel.EMAIL].fails = error or Unreachable("down")
    for _ in range(4):
        run_due()
        clock.shift(minutes=1)


@pytest.mark.parametrize("error", [Unreachable("down"), AddressRefused("no such mailbox")])
def test_a_notice_that_fails_rings_nobody(carried, incident, olga, sms, voice, clock, error):
    told = notice(olga, incident)
    fail_in_vain(carried, clock, error=error)
    assert not carried[Channel.SMS].sent + carried[Channel.VOICE].sent
    assert set(told.deliveries.values_list("channel", flat=True)) == {Channel.IN_APP, Channel.EMAIL}


def test_a_notice_whose_mail_server_was_down_goes_out_once_it_is_up(carried, incident, olga, sms, clock):
    olga.contact_methods.filter(value="olga@home.example").delete()
    notice(olga, incident)
    fail_in_vain(carried, clock)
    carried[Channel.EMAIL].fails = None
    clock.shift(minutes=10)
    run_due()
    assert carried[Channel.EMAIL].to("olga@example.com")


def test_ones_own_late_step_for_notices_keeps_its_time_when_the_first_fails(carried, incident, olga, sms, clock):
    mail = olga.contact_methods.get(value="olga@example.com")
    choose(olga, Urgency.LOW, (0, mail), (8 * 60, sms))
    notice(olga, incident)
    fail_in_vain(carried, clock)
    assert not carried[Channel.SMS].sent
    clock.shift(hours=8)
    run_due()
    assert len(carried[Channel.SMS].sent) == 1


def test_what_stands_in_for_a_notice_waits_for_the_end_of_quiet_hours(carried, incident, asleep, clock):
    clock.set(datetime(2026, 3, 2, 20, 59, 55, tzinfo=UTC))
    told = notice(asleep, incident)
    clock.shift(seconds=10)
    carried[Channel.EMAIL].fails = Unreachable("down")
    run_due()
    [stand_in] = told.deliveries.filter(instead_of__isnull=False)
    assert stand_in.address == "olga@home.example"
    assert stand_in.due_at == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


def test_who_was_deactivated_is_paged_no_more_and_the_timeline_says_so(carried, incident, olga, sms, voice, clock):
    choose(olga, Urgency.HIGH, (1, sms), (5, voice))
    told = page(olga, incident)
    olga.is_active = False
    olga.save()
    clock.shift(minutes=6)
    run_due()
    run_due()
    assert not any(recorder.sent for recorder in carried.values())
    assert set(told.deliveries.exclude(channel=Channel.IN_APP).values_list("state", flat=True)) == {
        DeliveryState.FAILED
    }
    [said] = TimelineEvent.objects.filter(incident=incident, kind=EventKind.NOTIFICATION_FAILED)
    assert said.text == "Olga could not be reached: Their account was deactivated."


def test_what_was_planned_for_an_address_that_moved_goes_to_the_new_one(carried, incident, olga, sms):
    choose(olga, Urgency.HIGH, (0, sms))
    page(olga, incident)
    sms.value = "+4930901821"
    sms.save()
    contacts.verify_method(sms)
    run_due()
    assert [message.address for message in carried[Channel.SMS].sent] == ["+4930901821"]


def test_deliveries_are_locked_by_ascending_key_before_they_are_taken_back(carried, incident, olga, sms, voice):
    told = page(olga, incident)
    with CaptureQueriesContext(connection) as asked:
        actions.stop_for(incident)
    about_them = [each["sql"] for each in asked if "notifications_delivery" in each["sql"]]
    locking = next(n for n, sql in enumerate(about_them) if "FOR NO KEY UPDATE" in sql)
    writing = next(n for n, sql in enumerate(about_them) if sql.startswith("UPDATE"))
    assert locking < writing
    assert about_them[locking].endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")
    assert not told.deliveries.filter(state=DeliveryState.PLANNED).exists()
