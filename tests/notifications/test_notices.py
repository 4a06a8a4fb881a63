"""Before a target breaks, and when it has, those are told who can still do something about it (R4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from apps.engine.runner import run_due
from apps.escalation.models import LevelTarget
from apps.incidents import actions as incidents
from apps.incidents.models import ResponseRole, RoleCandidate
from apps.notifications.models import Notification, NotificationKind, Urgency
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

ABOUT_RESPONSE, ABOUT_RESOLUTION = "Response clock", "Resolution clock"


@pytest.fixture
def petra(team):
    """Is asked first to take the command."""
    person = make_person("Petra", team, TeamRole.COMMANDER)
    RoleCandidate.objects.create(
        role=ResponseRole.objects.get(key="commander"), team=team, position=1, title="Lead", person=person
    )
    return person


@pytest.fixture
def incident(team, olga, petra):
    """A P0 that pages Olga at once, and nobody else for the next three hours: 15 minutes to answer, 2 hours to mend."""
    make_chain("P0", [olga], minutes=(0,))
    found = declare(team)
    run_due()
    return found


def notices(incident, about) -> list[tuple[str, str]]:
    """Who was told what of a target, in order."""
    told = Notification.objects.filter(incident=incident, kind=NotificationKind.NOTICE, text__startswith=about)
    return sorted((notice.person.name, notice.text.splitlines()[0]) for notice in told)


def at(clock, incident, **span) -> None:
    clock.set(incident.declared_at + timedelta(**span))
    run_due()


def test_who_was_paged_and_who_was_asked_to_take_a_role_are_warned_before_the_response_breaks(incident, clock):
    at(clock, incident, minutes=9, seconds=59)
    assert notices(incident, ABOUT_RESPONSE) == []
    at(clock, incident, minutes=10)
    assert notices(incident, ABOUT_RESPONSE) == [
        ("Olga", "Response clock runs out in 5 min."),
        ("Petra", "Response clock runs out in 5 min."),
    ]


def test_they_are_told_when_it_has_broken(incident, clock):
    at(clock, incident, minutes=10)
    at(clock, incident, minutes=15)
    told = [text for name, text in notices(incident, ABOUT_RESPONSE) if name == "Olga"]
    assert told == ["Response clock ran out after 15 min.", "Response clock runs out in 5 min."]


def test_they_are_warned_before_the_resolution_breaks_and_told_when_it_has(incident, olga, clock):
    incidents.acknowledge(incident.pk, by=olga)
    at(clock, incident, hours=1, minutes=54, seconds=59)
    assert notices(incident, ABOUT_RESOLUTION) == []
    at(clock, incident, hours=1, minutes=55)
    assert notices(incident, ABOUT_RESOLUTION) == [
        ("Olga", "Resolution clock runs out in 5 min."),
        ("Petra", "Resolution clock runs out in 5 min."),
    ]
    at(clock, incident, hours=2)
    told = [text for name, text in notices(incident, ABOUT_RESOLUTION) if name == "Petra"]
    assert told == ["Resolution clock ran out after 2 h.", "Resolution clock runs out in 5 min."]


def test_nobody_is_warned_of_a_target_that_was_met(incident, olga, clock):
    at(clock, incident, minutes=9)
    incidents.acknowledge(incident.pk, by=olga)
    at(clock, incident, minutes=16)
    assert notices(incident, ABOUT_RESPONSE) == []
    resolve(incident, olga)
    at(clock, incident, hours=3)
    assert notices(incident, ABOUT_RESOLUTION) == []


def test_whoever_took_it_on_and_whoever_holds_a_role_are_warned_as_well_and_each_once(incident, team, petra, clock):
    sam, otto = make_person("Sam", team, TeamRole.RESPONDER), make_person("Otto")
    incidents.acknowledge(incident.pk, by=sam)
    incidents.assign_role(incident.pk, role="technical_lead", person=otto, by=petra)
    incidents.assign_role(incident.pk, role="commander", person=petra, by=petra)
    at(clock, incident, hours=1, minutes=55)
    assert [name for name, _ in notices(incident, ABOUT_RESOLUTION)] == ["Olga", "Otto", "Petra", "Sam"]


def test_whoever_handed_their_role_over_is_warned_no_more(incident, petra, clock):
    otto, kim = make_person("Otto"), make_person("Kim")
    incidents.assign_role(incident.pk, role="technical_lead", person=otto, by=petra)
    incidents.assign_role(incident.pk, role="technical_lead", person=kim, by=otto)
    at(clock, incident, minutes=10)
    assert [name for name, _ in notices(incident, ABOUT_RESPONSE)] == ["Kim", "Olga", "Petra"]


def test_the_rest_of_the_team_is_left_in_peace(incident, team, clock):
    make_person("Rita", team, TeamRole.RESPONDER)
    make_person("Stella", team, TeamRole.STAKEHOLDER)
    at(clock, incident, minutes=15)
    assert {name for name, _ in notices(incident, ABOUT_RESPONSE)} == {"Olga", "Petra"}


def test_a_warning_is_a_notice_of_low_urgency_and_is_mailed(incident, olga, clock):
    at(clock, incident, minutes=10)
    [warning] = Notification.objects.filter(person=olga, text__startswith=ABOUT_RESPONSE)
    assert warning.urgency == Urgency.LOW
    assert not warning.is_page
    assert warning.subject == f"[P0] {incident} Response clock runs out in 5 min: Agent pipeline down"
    [mailed] = [each for each in mail.outbox if each.subject == warning.subject and each.to == [olga.email]]
    assert "Severity: " in mailed.body


def test_after_a_reopening_those_are_warned_who_were_paged_since(incident, team, olga, clock):
    at(clock, incident, minutes=5)
    resolve(incident, olga)
    LevelTarget.objects.update(person=make_person("Sam", team, TeamRole.RESPONDER))
    clock.shift(hours=1)
    incidents.reopen(incident.pk, by=olga)
    run_due()
    clock.shift(minutes=10)
    run_due()
    assert [name for name, _ in notices(incident, ABOUT_RESPONSE)] == ["Petra", "Sam"]


def test_whoever_left_is_not_warned(incident, petra, clock):
    petra.is_active = False
    petra.save()
    at(clock, incident, minutes=10)
    assert [name for name, _ in notices(incident, ABOUT_RESPONSE)] == ["Olga"]


def test_a_clock_that_is_no_target_is_not_told_as_one(incident, olga, clock):
    """The closure's and the review's deadlines are reminded of by the review, the next update by communications."""
    resolve(incident, olga)
    at(clock, incident, days=8)
    told = Notification.objects.filter(incident=incident, step__startswith="clock:")
    assert {notice.text.split(" clock")[0] for notice in told} <= {"Response", "Resolution"}


@pytest.mark.parametrize("end", ["cancel", "merge"])
def test_nobody_is_paged_or_warned_for_what_has_ended(incident, team, olga, clock, end):
    if end == "cancel":
        incidents.cancel(incident.pk, reason="A false alarm", by=olga)
    else:
        incidents.merge(incident.pk, into=declare(team, severity="P3").pk, by=olga)
    [page] = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE)
    assert page.stopped_at == clock.now
    at(clock, incident, hours=3)
    assert notices(incident, ABOUT_RESPONSE) == notices(incident, ABOUT_RESOLUTION) == []
