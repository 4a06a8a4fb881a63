"""A page is answered from wherever it reached its receiver, in words too."""

from __future__ import annotations

import pytest

from apps.contacts.models import MethodKind
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Status, Via
from apps.notifications import actions, answers, queries, replies
from apps.notifications.models import Channel, NotificationKind, Until
from apps.notifications.replies import Verb, Wish
from apps.teams.models import TeamRole
from tests.factories.checklists import make_checklist
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method

NUMBER, WRITTEN = "+4930901820", "+49 30 90 1820"


@pytest.fixture
def phone(carried, olga):
    return add_method(olga, MethodKind.SMS, WRITTEN)


def page(person, incident):
    return actions.notify(
        person, incident=incident, kind=NotificationKind.PAGE, step="level:1", level=1, subject="Down",
        text="It is down.", until=Until.ACKNOWLEDGED,
    )  # fmt: skip


@pytest.fixture
def incident(team, olga, phone):
    found = declare(team)
    page(olga, found)
    return found


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("4 12", Wish(Verb.ACKNOWLEDGE, "12")),
        ("12 4", Wish(Verb.ACKNOWLEDGE, "12")),
        ("ack INC-12", Wish(Verb.ACKNOWLEDGE, "12")),
        ("Ack inc-12!", Wish(Verb.ACKNOWLEDGE, "12")),
        ("  ACK  ", Wish(Verb.ACKNOWLEDGE, "")),
        ("4", Wish(Verb.ACKNOWLEDGE, "")),
        ("4 all", Wish(Verb.ACKNOWLEDGE, "all")),
        ("6 12", Wish(Verb.RESOLVE, "12")),
        ("resolve 12", Wish(Verb.RESOLVE, "12")),
        ("no P7", Wish(Verb.DECLINE, "p7")),
        ("4 4", Wish(Verb.ACKNOWLEDGE, "4")),
        ("4 6", Wish(Verb.ACKNOWLEDGE, "6")),
        ("", None),
        ("what is this", None),
        ("4 12 13", None),
        ("12", None),
        ("٤", None),
    ],
)
def test_what_a_reply_asks_for(text, wish):
    assert replies.read(text) == wish


def test_a_reply_with_the_code_acknowledges_as_whoever_has_the_number(incident, olga):
    assert replies.by_text_message(NUMBER, f"4 {incident.pk}") == f"{incident} acknowledged."
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == (Status.ACKNOWLEDGED, olga)
    assert incident.timeline.get(kind=EventKind.ACKNOWLEDGED).via == Via.SMS


def test_a_reply_without_a_code_means_the_one_page_that_waits(incident, olga):
    assert replies.by_text_message(NUMBER, "ok") == f"{incident} acknowledged."


def test_a_reply_without_a_code_asks_back_where_several_wait(incident, team, olga):
    other = declare(team)
    page(olga, other)
    told = replies.by_text_message(NUMBER, "4")
    assert told.startswith(f"2 pages wait for you: {incident.pk}, {other.pk}.")
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_all_of_mine_are_acknowledged_at_once_and_nobody_elses(incident, team, olga):
    other, foreign = declare(team), declare(team)
    page(olga, other)
    page(make_person("Sam", team, TeamRole.RESPONDER), foreign)
    assert replies.by_text_message(NUMBER, "4 all") == f"{incident} acknowledged. {other} acknowledged."
    foreign.refresh_from_db()
    assert foreign.acknowledged_at is None
    assert replies.by_text_message(NUMBER, "4 all") == "Nothing waits for you."


def test_one_person_twice_paged_for_an_incident_answers_it_once(incident, olga):
    actions.notify(
        olga, incident=incident, kind=NotificationKind.ROLE_PAGE, step="role", subject="Role", text="Role.",
        until=Until.ACKNOWLEDGED,
    )  # fmt: skip
    assert replies.by_text_message(NUMBER, "4") == f"{incident} acknowledged."
    assert not queries.pages_waiting_for(olga).exists()


def test_a_code_of_somebody_elses_page_does_nothing(incident, team):
    foreign = declare(team)
    page(make_person("Sam", team, TeamRole.RESPONDER), foreign)
    assert replies.by_text_message(NUMBER, f"4 {foreign.pk}").startswith(f"You have no page {foreign.pk}.")
    foreign.refresh_from_db()
    assert foreign.acknowledged_at is None


def test_a_number_that_nobody_verified_answers_nothing(incident, phone):
    phone.verified_at = None
    phone.save()
    assert replies.by_text_message(NUMBER, "4") == "This number belongs to nobody here."
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_resolving_while_something_is_missing_leads_to_monitoring_and_says_what(team, olga, phone):
    make_checklist()
    incident = declare(team)
    page(olga, incident)
    told = replies.by_text_message(NUMBER, "6")
    incident.refresh_from_db()
    assert incident.status == Status.MONITORING
    assert told.startswith(f"{incident} is monitoring now. Before it is resolved: ")
    assert "Do immediate" in told


def test_resolving_when_nothing_is_missing_resolves(incident, olga):
    incidents.record_resolution(incident.pk, by=olga, verified=True)
    assert replies.by_text_message(NUMBER, f"6 {incident.pk}") == f"{incident} resolved."


def test_what_is_over_is_said_and_not_acknowledged(incident, olga):
    resolve(incident, olga)
    assert "there is nothing to acknowledge" in replies.by_text_message(NUMBER, f"4 {incident.pk}")


def test_declining_stops_ones_own_page_and_is_on_the_timeline_once(incident, olga):
    assert replies.by_text_message(NUMBER, "no") == f"{incident} declined."
    run_due()
    assert not queries.pages_waiting_for(olga).exists()
    assert [event.text for event in incident.timeline.filter(kind=EventKind.PAGE_DECLINED)] == [
        "Olga cannot take it on."
    ]
    assert replies.by_text_message(NUMBER, f"no {incident.pk}") == f"You answered the page of {incident} before."
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_stop_ends_text_messages_to_the_number_and_start_brings_them_back(carried, incident, team, olga, phone, clock):
    assert replies.by_text_message(NUMBER, " Stop ") == ""
    run_due()
    phone.refresh_from_db()
    assert not phone.is_usable
    carried[Channel.SMS].sent.clear()
    page(olga, declare(team))
    run_due()
    assert not carried[Channel.SMS].sent
    assert replies.by_text_message(NUMBER, "START") == "Text messages of ADO Incidents reach this number again."
    clock.shift(minutes=1)
    page(olga, declare(team))
    run_due()
    assert [message.is_page for message in carried[Channel.SMS].sent] == [True]


def test_stop_holds_for_everybody_who_has_the_number(incident, team, phone):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    shared = add_method(sam, MethodKind.SMS, NUMBER)
    replies.by_text_message(NUMBER, "stop")
    shared.refresh_from_db()
    assert not shared.is_usable


def test_a_page_by_hand_is_answered_and_its_sender_hears_of_it(carried, team, olga, phone):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    actions.page_by_hand([olga], to="Olga", text="Please call me.", by=sam)
    run_due()
    told = carried[Channel.SMS].sent[-1]
    assert (told.kind, told.incident, told.subject) == ("page", None, "Sam pages you: Please call me.")
    assert replies.by_text_message(NUMBER, f"4 {told.only.code}") == "The page of Sam acknowledged."
    run_due()
    assert "Olga acknowledged your page" in carried[Channel.EMAIL].subjects
    answers.acknowledge(told.only, via=Via.WEB)
    run_due()
    assert carried[Channel.EMAIL].subjects.count("Olga acknowledged your page") == 1


def test_a_page_by_hand_that_was_declined_is_not_acknowledged_afterwards(carried, team, olga, phone):
    sam = make_person("Sam", team, TeamRole.RESPONDER)
    actions.page_by_hand([olga], to="Olga", text="Please call me.", by=sam)
    run_due()
    page = carried[Channel.SMS].sent[-1].only
    assert answers.decline(page, via=Via.SMS).done
    assert answers.decline(page, via=Via.SMS).done
    refused = answers.acknowledge(page, via=Via.SMS)
    assert (refused.done, refused.text) == (False, "You declined it before.")
    page.refresh_from_db()
    assert page.acknowledged_at is None
