from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.rosters import actions
from apps.rosters.models import Absence, Override, Swap, SwapState
from apps.rosters.rules import Window
from apps.teams.actions import remove_member
from apps.teams.models import Team, TeamRole, User
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


BENS_DAY = {"start": at("03T08:00"), "end": at("04T08:00")}
CLEOS_DAY = Window(at("04T08:00"), at("05T08:00"))


@pytest.fixture
def swap(roster, people):
    """Ben asks Cleo to take his Tuesday for her Wednesday."""
    _, ben, cleo = people
    return actions.ask_for_swap(roster, by=ben, asked_of=cleo, in_return=CLEOS_DAY, reason="Concert", **BENS_DAY)


def test_nothing_changes_before_the_answer(swap, roster):
    assert [name for name, *_ in shown(roster, 4)] == ["anna", "ben", "cleo", "anna"]
    assert swap.state == SwapState.ASKED


def test_an_accepted_swap_gives_each_what_the_other_had(swap, roster, people):
    actions.accept_swap(swap, by=people[2])
    assert shown(roster, 4) == [
        ("anna", "03-02 10:00", "03-03 08:00", "layer"),
        ("cleo", "03-03 08:00", "03-04 08:00", "swap"),
        ("ben", "03-04 08:00", "03-05 08:00", "swap"),
        ("anna", "03-05 08:00", "03-06 08:00", "layer"),
    ]


def test_both_deeds_are_on_the_record(swap, people):
    actions.accept_swap(swap, by=people[2])
    assert [(row.state, row.history_user) for row in Swap.history.order_by("history_id")] == [
        (SwapState.ASKED, people[1]),
        (SwapState.ACCEPTED, people[2]),
    ]
    assert {(each.person.name, each.created_by, each.reason) for each in Override.objects.all()} == {
        ("cleo", people[2], "Concert"),
        ("ben", people[2], "Concert"),
    }


def test_a_swap_that_has_begun_counts_from_now(roster, clock, people):
    anna, ben, _ = people
    swap = actions.ask_for_swap(roster, by=anna, start=at("02T09:00"), end=at("03T08:00"), asked_of=ben)
    clock.shift(hours=3)
    actions.accept_swap(swap, by=ben)
    assert shown(roster, 3) == [
        ("anna", "03-02 10:00", "03-02 13:00", "layer"),
        ("ben", "03-02 13:00", "03-03 08:00", "swap"),
        ("ben", "03-03 08:00", "03-04 08:00", "layer"),
    ]


def test_a_part_of_a_shift_can_be_swapped(roster, people):
    _, ben, cleo = people
    swap = actions.ask_for_swap(roster, by=ben, start=at("03T17:00"), end=at("03T20:00"), asked_of=cleo)
    actions.accept_swap(swap, by=cleo)
    assert shown(roster, 4)[1:] == [
        ("ben", "03-03 08:00", "03-03 17:00", "layer"),
        ("cleo", "03-03 17:00", "03-03 20:00", "swap"),
        ("ben", "03-03 20:00", "03-04 08:00", "layer"),
    ]


def test_only_whoever_was_asked_answers(swap, people, manager):
    anna, ben, _ = people
    for by in (anna, ben, manager):
        with pytest.raises(NotAllowed):
            actions.accept_swap(swap, by=by)
        with pytest.raises(NotAllowed):
            actions.refuse_swap(swap, by=by)


def test_refused_and_withdrawn_swaps_change_nothing_and_are_answered_once(swap, roster, people):
    before = shown(roster)
    actions.refuse_swap(swap, by=people[2])
    for again in (actions.accept_swap, actions.refuse_swap):
        with pytest.raises(RuleViolation, match="refused already"):
            again(swap, by=people[2])
    with pytest.raises(RuleViolation, match="refused already"):
        actions.withdraw_swap(swap, by=people[1])
    assert shown(roster) == before


def test_whoever_asked_and_the_managers_withdraw(roster, people, manager):
    _, ben, cleo = people
    for by in (ben, manager):
        swap = actions.ask_for_swap(roster, by=ben, asked_of=cleo, **BENS_DAY)
        with pytest.raises(NotAllowed):
            actions.withdraw_swap(swap, by=cleo)
        swap = actions.withdraw_swap(swap, by=by)
        assert (swap.state, swap.answered_by) == (SwapState.WITHDRAWN, by)


def test_cover_can_be_taken_by_anybody_who_responds_for_the_team(roster, people, responder):
    _, ben, _ = people
    swap = actions.ask_for_swap(roster, by=ben, **BENS_DAY)
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.RESPONDER)
    for by in (ben, stranger):
        with pytest.raises(NotAllowed):
            actions.accept_swap(swap, by=by)
    swap = actions.accept_swap(swap, by=responder)
    assert shown(roster, 2)[1] == ("rita", "03-03 08:00", "03-04 08:00", "swap")
    assert swap.answered_by == responder


@pytest.mark.parametrize(
    ("start", "end", "in_return", "field"),
    [
        pytest.param("03T07:00", "04T08:00", None, "start", id="an hour that is not theirs"),
        pytest.param("04T08:00", "05T08:00", None, "start", id="a shift that is not theirs"),
        pytest.param("04T08:00", "03T08:00", None, "end", id="ends before it starts"),
        pytest.param("03T08:00", "04T08:00", ("05T08:00", "06T08:00"), "in_return", id="a return that is another's"),
        pytest.param("03T08:00", "04T08:00", ("01T08:00", "02T08:00"), "in_return", id="a return that is over"),
    ],
)
def test_nobody_gives_what_they_do_not_have(roster, people, start, end, in_return, field):
    _, ben, cleo = people
    back = Window(*(at(each) for each in in_return)) if in_return else None
    with pytest.raises(Invalid) as refused:
        actions.ask_for_swap(roster, by=ben, start=at(start), end=at(end), asked_of=cleo, in_return=back)
    assert refused.value.field == field


def test_a_swap_is_between_two_who_can_be_on_call(roster, people, team):
    _, ben, _ = people
    stakeholder = member("steve@example.com", team, TeamRole.STAKEHOLDER)
    for asked_of in (ben, stakeholder):
        with pytest.raises(Invalid) as refused:
            actions.ask_for_swap(roster, by=ben, asked_of=asked_of, **BENS_DAY)
        assert refused.value.field == "asked_of"


def test_the_same_time_is_asked_for_once(swap, roster, people):
    with pytest.raises(RuleViolation, match="already"):
        actions.ask_for_swap(roster, by=people[1], start=at("03T10:00"), end=at("03T12:00"))


def test_a_swap_whose_shift_went_to_somebody_else_cannot_be_accepted(swap, roster, people, manager):
    actions.add_override(roster, person=people[0], start=at("03T10:00"), end=at("03T11:00"), by=manager)
    with pytest.raises(RuleViolation, match="ben no longer has all of that shift"):
        actions.accept_swap(swap, by=people[2])


def test_a_swap_whose_return_went_to_somebody_else_cannot_be_accepted(swap, roster, people, manager):
    actions.add_override(roster, person=people[0], start=at("04T10:00"), end=at("04T11:00"), by=manager)
    with pytest.raises(RuleViolation, match="cleo no longer has all of what would be given in return"):
        actions.accept_swap(swap, by=people[2])


def test_a_swap_that_is_over_cannot_be_accepted(swap, clock, people):
    clock.shift(days=3)
    with pytest.raises(RuleViolation, match="is over"):
        actions.accept_swap(swap, by=people[2])


def test_nobody_holds_two_seats_by_a_swap(roster, clock, people, manager):
    _, ben, cleo = people
    layer_of(roster, [], at_once=2)
    swap = actions.ask_for_swap(roster, by=ben, asked_of=cleo, **BENS_DAY)
    actions.add_override(roster, person=cleo, start=at("03T12:00"), end=at("03T13:00"), by=manager, seat=1)
    with pytest.raises(RuleViolation, match="cleo is on call for Platform within that time already"):
        actions.accept_swap(swap, by=cleo)
    actions.withdraw_swap(swap, by=ben)
    with pytest.raises(Invalid, match="cleo is on call for Platform within that time already") as refused:
        actions.ask_for_swap(roster, by=ben, asked_of=cleo, **BENS_DAY)
    assert refused.value.field == "asked_of"


def test_a_part_of_a_shift_can_be_swapped_between_two_seats(roster, clock, people, manager):
    _, ben, cleo = people
    layer_of(roster, [], at_once=2)
    actions.add_override(roster, person=cleo, by=manager, seat=1, **BENS_DAY)
    part = {"start": at("03T10:00"), "end": at("03T14:00")}
    swap = actions.ask_for_swap(roster, by=ben, asked_of=cleo, in_return=Window(*part.values()), **part)
    actions.accept_swap(swap, by=cleo)
    held = roster.shifts.filter(during__contains=at("03T12:00")).order_by("seat")
    assert [(shift.seat, shift.person) for shift in held] == [(0, cleo), (1, ben)]


def test_what_was_swapped_can_be_swapped_again(swap, roster, people, responder):
    _, ben, cleo = people
    actions.accept_swap(swap, by=cleo)
    again = actions.ask_for_swap(roster, by=cleo, asked_of=responder, **BENS_DAY)
    actions.accept_swap(again, by=responder)
    assert [name for name, *_ in shown(roster, 4)] == ["anna", "rita", "ben", "anna"]
    with pytest.raises(Invalid, match="ben is not on call"):
        actions.ask_for_swap(roster, by=ben, asked_of=cleo, **BENS_DAY)


@pytest.mark.parametrize("who", [1, 2], ids=["whoever asked", "whoever was asked"])
def test_whoever_leaves_ends_their_open_swaps(swap, roster, people, who):
    remove_member(people[who].memberships.get())
    swap.refresh_from_db()
    assert swap.state == (SwapState.WITHDRAWN if who == 1 else SwapState.REFUSED)


def test_nothing_is_given_back_to_somebody_who_left(swap, people):
    """Who left behind the house's back, so that the swap is still open."""
    _, ben, cleo = people
    User.objects.filter(pk=ben.pk).update(is_active=False)
    with pytest.raises(RuleViolation, match="ben is no longer active"):
        actions.accept_swap(swap, by=cleo)


def test_half_a_swap_cannot_be_taken_back(swap, people, manager):
    actions.accept_swap(swap, by=people[2])
    with pytest.raises(RuleViolation, match="swap back"):
        actions.remove_override(Override.objects.first(), by=manager)


def test_nobody_takes_what_lies_in_their_leave(swap, roster, people, responder):
    """Leave that was entered behind the house's back, so that the swap is still open."""
    _, ben, cleo = people
    cover = actions.ask_for_swap(roster, by=ben, start=at("06T08:00"), end=at("07T08:00"))
    away = {"kind": "leave", "created_at": at("02T10:00")}
    bens = Absence.objects.create(person=ben, during=(at("04T20:00"), at("04T21:00")), **away)
    with pytest.raises(RuleViolation, match="ben is away then"):
        actions.accept_swap(swap, by=cleo)
    bens.delete()
    Absence.objects.create(person=cleo, during=(at("03T20:00"), at("03T21:00")), **away)
    with pytest.raises(RuleViolation, match="cleo is away then"):
        actions.accept_swap(swap, by=cleo)
    Absence.objects.create(person=responder, during=(at("06T20:00"), at("06T21:00")), **away)
    with pytest.raises(RuleViolation, match="rita is away then"):
        actions.accept_swap(cover, by=responder)
    assert not Override.objects.exists()


def test_nobody_is_asked_who_is_away_then_and_nobody_asks_for_what_lies_in_their_leave(roster, people):
    _, ben, cleo = people
    actions.add_absence(cleo, start=at("03T20:00"), end=at("03T21:00"), by=cleo)
    actions.add_absence(ben, start=at("04T20:00"), end=at("04T21:00"), by=ben)
    asked = {"by": ben, "asked_of": cleo, "in_return": CLEOS_DAY}
    with pytest.raises(Invalid, match="cleo is away then") as refused:
        actions.ask_for_swap(roster, **asked, **BENS_DAY)
    assert refused.value.field == "asked_of"
    with pytest.raises(Invalid, match="ben is away then") as refused:
        actions.ask_for_swap(roster, **asked, start=at("03T21:00"), end=at("04T08:00"))
    assert refused.value.field == "in_return"


@pytest.mark.parametrize(
    ("who", "start", "end", "state"),
    [
        pytest.param("ben", "04T20:00", "04T21:00", "withdrawn", id="whoever asked is away for what they would take"),
        pytest.param("ben", "03T20:00", "03T21:00", "withdrawn", id="whoever asked is away for what they give"),
        pytest.param("cleo", "03T20:00", "03T21:00", "refused", id="whoever was asked is away for what they take"),
        pytest.param("cleo", "04T20:00", "04T21:00", "refused", id="whoever was asked is away for what they give"),
        pytest.param("cleo", "05T20:00", "05T21:00", "asked", id="at another time"),
        pytest.param("anna", "03T20:00", "03T21:00", "asked", id="somebody else"),
    ],
)
def test_leave_ends_the_swaps_that_it_makes_impossible(swap, people, manager, who, start, end, state):
    person = next(each for each in people if each.name == who)
    actions.add_absence(person, start=at(start), end=at(end), by=person)
    swap.refresh_from_db()
    assert (swap.state, swap.answered_by) == (state, None if state == "asked" else person)


def test_leave_ends_them_in_the_name_of_whoever_enters_it(swap, people, manager):
    actions.add_absence(people[2], start=at("03T20:00"), end=at("03T21:00"), by=manager)
    swap.refresh_from_db()
    assert (swap.state, swap.answered_by) == (SwapState.WITHDRAWN, manager)


def test_a_request_for_cover_of_what_stays_with_somebody_who_is_away_goes_on(roster, people, manager):
    """Nobody takes over by themselves what somebody was put in for by name: that is what cover is asked for."""
    _, ben, _ = people
    actions.add_override(roster, person=ben, start=at("04T10:00"), end=at("04T12:00"), by=manager)
    cover = actions.ask_for_swap(roster, by=ben, start=at("04T10:00"), end=at("04T12:00"))
    actions.add_absence(ben, start=at("04T10:00"), end=at("04T12:00"), by=ben)
    cover.refresh_from_db()
    assert cover.state == SwapState.ASKED


@pytest.mark.parametrize(
    "wrong",
    [
        {"asked_of": None},
        {"state": SwapState.ACCEPTED},
        {"answered_at": at("02T10:00")},
    ],
    ids=str,
)
def test_the_database_refuses_a_swap_that_cannot_be(swap, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Swap.objects.filter(pk=swap.pk).update(**wrong)
