"""Whoever is asked for a swap hears of it, and whoever asked hears of the answer."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from apps.engine.runner import run_due
from apps.notifications.models import Channel, Notification, Urgency
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation
from apps.teams.actions import add_member, remove_member
from apps.teams.models import TeamRole
from tests.factories.rosters import calendar_layer
from tests.factories.teams import make_person


@pytest.fixture
def sam(team):
    return make_person("Sam", team, TeamRole.RESPONDER)


@pytest.fixture
def kim(team):
    return make_person("Kim", team, TeamRole.RESPONDER)


@pytest.fixture
def roster(team, olga, sam, kim, clock):
    """Olga, Sam and Kim take turns of a day, handed over at noon UTC; Olga has the first, since 1 March."""
    roster = Roster.objects.create(slug="days", name="Days", team=team, time_zone="UTC", is_primary=True)
    layer = Layer.objects.create(
        roster=roster, name="Days", rotation=Rotation.DAYS, length=1, handoff_time=time(12), starts_on=date(2026, 3, 1)
    )
    for position, person in enumerate((olga, sam, kim)):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(roster, now=clock.now)
    return roster


@pytest.fixture
def time_asked(roster, olga):
    shift = roster.shifts.filter(person=olga).order_by("during").last()
    return {"start": shift.start, "end": shift.end - timedelta(hours=1)}


def notices(carried, person):
    run_due()
    return [message.subject for message in carried[Channel.EMAIL].to(person.email)]


def test_whoever_is_asked_and_whoever_asked_are_told(carried, roster, olga, sam, kim, time_asked):
    swap = rosters.ask_for_swap(roster, by=olga, asked_of=sam, reason="Concert", **time_asked)
    assert notices(carried, sam) == ["Olga asks you to take a shift for Days"]
    told = carried[Channel.EMAIL].to(sam.email)[0].text
    assert swap.stretch in told
    assert "Reason: Concert" in told
    assert "/shifts/" in told
    rosters.accept_swap(swap, by=sam)
    assert notices(carried, olga) == ["Sam accepted the swap for Days"]
    assert notices(carried, kim) == []
    assert len(notices(carried, sam)) == 1


@pytest.mark.parametrize(("answer", "word"), [(rosters.refuse_swap, "refused"), (rosters.withdraw_swap, "withdrew")])
def test_a_no_and_a_withdrawal_are_told_to_the_other(carried, roster, olga, sam, time_asked, answer, word):
    swap = rosters.ask_for_swap(roster, by=olga, asked_of=sam, **time_asked)
    run_due()
    by, other = (sam, olga) if answer is rosters.refuse_swap else (olga, sam)
    answer(swap, by=by)
    assert notices(carried, other)[-1] == f"{by} {word} the swap for Days"


def test_that_leave_ends_a_swap_is_told_to_the_other(carried, roster, olga, sam, time_asked):
    for away, other, word in ((sam, olga, "refused"), (olga, sam, "withdrew")):
        rosters.ask_for_swap(roster, by=olga, asked_of=sam, **time_asked)
        absence = rosters.add_absence(away, start=time_asked["start"], end=time_asked["end"], by=away)
        assert notices(carried, other)[-1] == f"{away} {word} the swap for Days"
        rosters.remove_absence(absence, by=away)


def test_that_somebody_lost_their_role_ends_a_swap_and_is_told_to_the_other(carried, roster, olga, sam, time_asked):
    for gone, other, word in ((sam, olga, "refused"), (olga, sam, "withdrew")):
        rosters.ask_for_swap(roster, by=olga, asked_of=sam, **time_asked)
        membership = gone.memberships.get()
        remove_member(membership)
        assert notices(carried, other)[-1] == f"{gone} {word} the swap for Days"
        add_member(gone, membership.team, TeamRole.RESPONDER)


def test_a_request_for_cover_is_told_to_everybody_else_who_takes_turns(carried, roster, olga, sam, kim, time_asked):
    rosters.ask_for_swap(roster, by=olga, **time_asked)
    assert notices(carried, sam) == notices(carried, kim) == ["Olga asks you to take a shift for Days"]
    assert notices(carried, olga) == []


def test_cover_is_asked_of_whoever_has_turns_by_a_calendar_and_not_of_whose_layer_is_over(
    carried, roster, olga, sam, kim, team, clock, time_asked
):
    pat, lee = (make_person(name, team, TeamRole.RESPONDER) for name in ("Pat", "Lee"))
    month = timedelta(days=30)
    calendar_layer(roster, (pat, clock.now, clock.now + month), (lee, clock.now - month, clock.now))
    roster.layers.filter(name="Days").update(starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1))
    rosters.ask_for_swap(roster, by=olga, **time_asked)
    assert notices(carried, pat) == ["Olga asks you to take a shift for Days"]
    assert notices(carried, lee) == notices(carried, sam) == notices(carried, kim) == []


def test_who_else_was_asked_for_cover_hears_that_it_was_taken(carried, roster, olga, sam, kim, time_asked):
    swap = rosters.ask_for_swap(roster, by=olga, **time_asked)
    run_due()
    rosters.accept_swap(swap, by=sam)
    assert notices(carried, kim)[1:] == ["Sam takes the shift of Olga for Days: nobody is needed any more"]
    assert swap.stretch in carried[Channel.EMAIL].to(kim.email)[-1].text
    assert notices(carried, olga) == ["Sam accepted the swap for Days"]
    assert len(notices(carried, sam)) == 1


def test_whoever_was_asked_for_cover_hears_that_it_was_withdrawn(carried, roster, olga, sam, kim, team, time_asked):
    late = make_person("Late", team, TeamRole.RESPONDER)
    for by in (olga, make_person("Mona", team, TeamRole.MANAGER)):
        swap = rosters.ask_for_swap(roster, by=olga, **time_asked)
        LayerMember.objects.get_or_create(layer=roster.layers.get(), person=late, position=9)
        run_due()
        rosters.withdraw_swap(swap, by=by)
        for person in (sam, kim):
            assert notices(carried, person)[-1] == "Olga needs no cover any more for Days"
        LayerMember.objects.filter(person=late).delete()
    assert notices(carried, late) == []
    assert notices(carried, olga) == ["Mona withdrew the swap for Days"]


def test_it_is_as_quiet_as_the_request_and_not_told_to_who_has_left(roster, olga, sam, kim, time_asked):
    swap = rosters.ask_for_swap(roster, by=olga, **time_asked)
    kim.is_active = olga.is_active = False
    kim.save()
    olga.save()
    rosters.accept_swap(swap, by=sam)
    assert {told.urgency for told in Notification.objects.all()} == {Urgency.LOW}
    assert not Notification.objects.filter(step__startswith="swap_answered").exists()


def test_telling_many_costs_as_many_queries_as_telling_one(
    roster, team, olga, sam, time_asked, django_assert_max_num_queries
):
    for number in range(8):
        person = make_person(f"Person{number}", team, TeamRole.RESPONDER)
        LayerMember.objects.create(layer=roster.layers.get(), person=person, position=10 + number)
    swap = rosters.ask_for_swap(roster, by=olga, **time_asked)
    with django_assert_max_num_queries(45):
        rosters.withdraw_swap(swap, by=olga)
