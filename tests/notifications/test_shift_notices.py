"""Who wants it is told when their shift begins and ends."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from apps.engine import worker
from apps.engine.runner import run_due
from apps.notifications import actions, shift_notices
from apps.notifications.models import Channel
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation
from apps.teams.models import TeamRole
from tests.factories.teams import make_person


@pytest.fixture
def sam(team):
    return make_person("Sam", team, TeamRole.RESPONDER)


@pytest.fixture
def roster(team, olga, sam, clock):
    """Olga and Sam take turns of a day, handed over at noon UTC; Olga has the first, since 1 March."""
    roster = Roster.objects.create(slug="days", name="Days", team=team, time_zone="UTC", is_primary=True)
    layer = Layer.objects.create(
        roster=roster, name="Days", rotation=Rotation.DAYS, length=1, handoff_time=time(12), starts_on=date(2026, 3, 1)
    )
    for position, person in enumerate((olga, sam)):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=clock.now - timedelta(days=1))
    return roster


def wants(person):
    actions.set_preferences(person, quiet_from=None, quiet_until=None, shift_notices=True, by=person)


def notices(carried, person):
    run_due()
    return [message.subject for message in carried[Channel.EMAIL].to(person.email)]


def test_whoever_comes_on_reads_the_notes_that_were_left(carried, roster, olga, sam, clock):
    wants(olga)
    wants(sam)
    for text in ("Forgotten", "Disk of db3 is filling", "Ticket 7 waits", "Call the vendor"):
        rosters.write_handover_note(roster, text, by=olga)
    clock.shift(hours=2)
    shift_notices.tell()
    run_due()
    told = carried[Channel.EMAIL].to(sam.email)[0].text
    assert "Olga wrote: Call the vendor" in told
    assert "Disk of db3" in told
    assert "Forgotten" not in told
    assert "wrote" not in carried[Channel.EMAIL].to(olga.email)[0].text


def test_both_are_told_of_the_handover_once(carried, roster, olga, sam, clock):
    wants(olga)
    wants(sam)
    clock.shift(hours=2)
    shift_notices.tell()
    shift_notices.tell()
    assert notices(carried, olga) == ["On call for Days: your shift ends"]
    assert notices(carried, sam) == ["On call for Days: your shift begins"]
    assert "Olga had it before you" in carried[Channel.EMAIL].to(sam.email)[0].text


def test_who_does_not_want_it_is_not_told(carried, roster, olga, sam, clock):
    wants(sam)
    clock.shift(hours=2)
    shift_notices.tell()
    assert notices(carried, olga) == []
    assert len(notices(carried, sam)) == 1


def test_before_the_handover_nobody_is_told(carried, roster, olga, clock):
    wants(olga)
    clock.shift(hours=1, minutes=59)
    shift_notices.tell()
    assert notices(carried, olga) == []


def test_a_handover_long_ago_is_no_news(carried, roster, olga, sam, clock):
    wants(sam)
    clock.shift(hours=3)
    shift_notices.tell()
    assert notices(carried, sam) == []


def test_who_goes_on_in_the_next_turn_is_not_told(carried, roster, olga, sam, clock):
    wants(olga)
    rosters.add_override(
        roster, person=olga, start=clock.now + timedelta(hours=2), end=clock.now + timedelta(hours=5), by=olga
    )
    clock.shift(hours=2)
    shift_notices.tell()
    assert notices(carried, olga) == []


def test_it_comes_by_itself_every_minute(carried, roster, sam, clock):
    wants(sam)
    worker.plan_recurring()
    clock.shift(hours=2, minutes=1)
    assert len(notices(carried, sam)) == 1
