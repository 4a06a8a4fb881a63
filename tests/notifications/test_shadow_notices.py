"""A shadow sees the pages of whoever is on call, is not asked to answer, and sleeps unless they chose otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.contacts.models import MethodKind
from apps.engine.models import Lane, Timer
from apps.engine.runner import run_due
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents import actions as incidents
from apps.notifications import queries, shadow_notices
from apps.notifications.actions import TELL_SHADOWS, page_by_hand
from apps.notifications.models import Channel, Notification, NotificationKind, Until, Urgency
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person
from tests.notifications.conftest import add_method
from tests.notifications.storms import NUMBER


@pytest.fixture
def roster(team, olga):
    return put_on_call(team, olga)


@pytest.fixture
def lena(team):
    person = make_person("Lena", team, TeamRole.RESPONDER)
    add_method(person, MethodKind.SMS, NUMBER)
    return person


@pytest.fixture
def shadow(roster, lena, clock):
    return rosters.add_shadow(roster, person=lena, by=lena, start=clock.now, end=clock.now + timedelta(days=7))


@pytest.fixture
def woken(roster, lena, clock):
    return rosters.add_shadow(
        roster, person=lena, by=lena, start=clock.now, end=clock.now + timedelta(days=7), is_woken=True
    )


def told(person):
    return list(Notification.objects.filter(person=person, step__startswith="shadow:"))


def test_a_shadow_is_told_of_a_page_as_a_notice_that_asks_for_nothing(carried, team, olga, lena, shadow):
    incident = declare(team)
    run_due()
    [notice] = told(lena)
    assert (notice.kind, notice.urgency, notice.incident) == (NotificationKind.NOTICE, Urgency.LOW, incident)
    assert "paged, you are a shadow" in notice.subject
    assert "Paged just now: Olga" in notice.text
    assert carried[Channel.SMS].to(NUMBER) == [], "a notice rings nothing"
    [mail] = [each for each in carried[Channel.EMAIL].to(lena.email) if "shadow" in each.subject]
    assert mail.acknowledge_url == ""
    [page] = carried[Channel.EMAIL].to(olga.email)
    assert page.acknowledge_url != ""


def test_each_page_is_told_once_to_every_shadow(carried, team, olga, lena, roster, shadow, clock):
    other = make_person("Otto", team, TeamRole.RESPONDER)
    rosters.add_shadow(roster, person=other, by=other, start=clock.now, end=clock.now + timedelta(days=1))
    make_chain("P0", [olga, olga], minutes=(0, 15))
    declare(team)
    run_due()
    assert (len(told(lena)), len(told(other))) == (1, 1)
    clock.shift(minutes=15)
    run_due()
    assert (len(told(lena)), len(told(other))) == (2, 2)
    [first] = Timer.objects.filter(kind=TELL_SHADOWS).order_by("pk")[:1]
    shadow_notices.tell(first.payload["pages"])
    assert (len(told(lena)), len(told(other))) == (2, 2), "a job that is done again tells nobody again"


def test_whoever_chose_it_is_woken_until_somebody_acknowledges(carried, team, olga, lena, woken, clock):
    add_method(lena, MethodKind.VOICE, NUMBER)
    incident = declare(team)
    run_due()
    [notice] = told(lena)
    assert (notice.urgency, notice.until) == (Urgency.HIGH, Until.ACKNOWLEDGED)
    assert len(carried[Channel.SMS].to(NUMBER)) == 1
    incidents.acknowledge(incident.pk, by=olga)
    clock.shift(minutes=5)
    run_due()
    assert carried[Channel.VOICE].to(NUMBER) == [], "the call two minutes later is not made"


def test_a_shadow_who_is_woken_is_called_while_nobody_acknowledges(carried, team, olga, lena, woken, clock):
    add_method(lena, MethodKind.VOICE, NUMBER)
    declare(team)
    run_due()
    clock.shift(minutes=5)
    run_due()
    assert len(carried[Channel.VOICE].to(NUMBER)) == 1


def test_what_was_answered_before_the_shadow_was_told_wakes_nobody(carried, team, olga, lena, woken):
    incident = declare(team)
    run_due(lane=Lane.PAGES)  # the shadows are told in another lane, which is late
    assert queries.paged_for(incident) == [olga]
    incidents.acknowledge(incident.pk, by=olga)
    run_due()
    assert [notice.urgency for notice in told(lena)] == [Urgency.LOW]
    assert carried[Channel.SMS].to(NUMBER) == []


def test_a_shadow_counts_for_nothing_that_looks_at_who_was_paged(carried, team, olga, lena, woken):
    incident = declare(team)
    run_due()
    assert len(told(lena)) == 1
    assert not queries.was_paged(lena, incident)
    assert list(queries.pages_waiting_for(lena)) == []
    assert queries.paged_for(incident) == [olga]


def test_whoever_is_paged_themselves_is_not_told_as_a_shadow(carried, team, olga, lena, shadow):
    policy = make_chain("P0", [olga], minutes=(0,))
    LevelTarget.objects.create(level=policy.levels.get(), position=1, kind=TargetKind.PERSON, person=lena)
    incident = declare(team)
    run_due()
    assert queries.paged_for(incident) == [olga, lena]
    assert told(lena) == []


def test_nobody_else_is_watched(carried, team, olga, lena, shadow, clock):
    other = make_person("Otto", team, TeamRole.RESPONDER)
    make_chain("P0", [other], minutes=(0,))
    incident = declare(team)
    page_by_hand([olga], to="Olga", text="Please call me.", by=other)
    run_due()
    assert queries.paged_for(incident) == [other]
    assert told(lena) == []


def test_it_ends_when_it_ends(carried, team, olga, lena, shadow, clock):
    clock.shift(days=7)
    incident = declare(team)
    run_due()
    assert queries.paged_for(incident) == [olga]
    assert told(lena) == []


def test_a_private_incident_is_not_told_to_who_may_not_see_it(carried, team, olga, lena, shadow):
    incident = declare(team, private=True)
    run_due()
    assert queries.paged_for(incident) == [olga]
    assert told(lena) == []


def test_whom_a_manager_makes_a_shadow_is_told_so(carried, team, olga, lena, roster, clock):
    manager = make_person("Mona", team, TeamRole.MANAGER)
    rosters.add_shadow(
        roster, person=lena, of=olga, by=manager, start=clock.now, end=clock.now + timedelta(days=7), is_woken=True
    )
    run_due()
    [mail] = carried[Channel.EMAIL].to(lena.email)
    assert mail.subject == f"You are a shadow for {roster}"
    assert "each page that Olga gets" in mail.text
    assert "ring like your own pages" in mail.text


def test_whoever_is_woken_in_one_roster_is_woken_whatever_another_says(carried, team, olga, lena, shadow, clock):
    second = Roster.objects.create(slug="second", name="Second", team=team)
    layer = Layer.objects.create(roster=second, name="All", starts_on=clock.now.date() - timedelta(days=1))
    LayerMember.objects.create(layer=layer, person=olga)
    rosters.materialise(second, now=clock.now)
    rosters.add_shadow(second, person=lena, by=lena, start=clock.now, end=clock.now + timedelta(days=7), is_woken=True)
    declare(team)
    run_due()
    assert [notice.urgency for notice in told(lena)] == [Urgency.HIGH]
