"""Two who swap, override or go away at the same moment: one waits for the other, and both count."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import HouseError, RuleViolation
from apps.rosters import actions
from apps.rosters.models import Absence, LayerMember, Override, Roster, Swap, SwapState
from apps.teams.actions import add_member, remove_member
from apps.teams.models import Team, TeamRole, User
from tests.escalation.test_races import one_waits_for_the_other
from tests.incidents.test_locking import at_once
from tests.rosters.admin_forms import change_page, entered, signed_in
from tests.rosters.building import layer_of
from tests.rosters.races.outcome import DAY, agrees, holders

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
TIMES = 5


def coming(roster: Roster, person: User, number: int = 0) -> tuple[datetime, datetime]:
    """One of the next whole shifts of the person."""
    shift = roster.shifts.filter(person=person, during__startswith__gt=house_clock.now()).order_by("during")[number]
    return shift.start, shift.end


def asked(roster: Roster, by: User, of: User | None = None, number: int = 0) -> Swap:
    start, end = coming(roster, by, number)
    return actions.ask_for_swap(roster, by=by, asked_of=of, start=start, end=end)


# Swaps and requests for cover


def test_of_two_who_take_a_request_for_cover_one_has_it(roster, people):
    anna, ben, cleo = people
    for number in range(TIMES):
        swap = asked(roster, ben, number=number)
        raised = at_once(*(partial(actions.accept_swap, swap, by=by) for by in (anna, cleo)))
        assert [str(error) for error in raised] == ["It is accepted already."]
        swap.refresh_from_db()
        assert holders(roster, swap.start, swap.end) == {swap.answered_by_id}
        assert swap.overrides.count() == 1
    agrees(roster)


def test_a_swap_that_is_accepted_twice_at_once_is_carried_out_once(roster, people):
    _, ben, cleo = people
    swap = asked(roster, ben, cleo)
    raised = at_once(*[partial(actions.accept_swap, swap, by=cleo)] * 3)
    assert [type(error) for error in raised] == [RuleViolation] * 2
    assert swap.overrides.count() == 1
    agrees(roster)


def test_a_swap_is_accepted_or_withdrawn_never_both(roster, people):
    _, ben, cleo = people
    for number in range(TIMES):
        swap = asked(roster, ben, cleo, number=number)
        raised = at_once(partial(actions.accept_swap, swap, by=cleo), partial(actions.withdraw_swap, swap, by=ben))
        swap.refresh_from_db()
        is_accepted = swap.state == SwapState.ACCEPTED
        assert [str(error) for error in raised] == [f"It is {'accepted' if is_accepted else 'withdrawn'} already."]
        assert holders(roster, swap.start, swap.end) == {(cleo if is_accepted else ben).pk}
        assert swap.overrides.count() == is_accepted
    agrees(roster)


def test_nobody_accepts_what_ended_meanwhile_since_whoever_asked_is_away(roster, people):
    _, ben, cleo = people
    swap = asked(roster, ben, cleo)

    def accept() -> None:
        with pytest.raises(RuleViolation, match="It is withdrawn already"):
            actions.accept_swap(swap, by=cleo)

    one_waits_for_the_other(partial(actions.add_absence, ben, start=swap.start, end=swap.end, by=ben), accept)
    assert not swap.overrides.exists()
    agrees(roster)


def test_leave_that_is_entered_while_a_swap_is_accepted_leaves_the_swap(roster, people):
    _, ben, cleo = people
    swap = asked(roster, ben, cleo)
    one_waits_for_the_other(
        partial(actions.accept_swap, swap, by=cleo),
        partial(actions.add_absence, ben, start=swap.start - DAY, end=swap.end + 9 * DAY, by=ben),
    )
    assert holders(roster, swap.start, swap.end) == {cleo.pk}
    agrees(roster)


def test_a_swap_of_what_an_override_just_took_is_refused(roster, people, manager):
    anna, ben, cleo = people
    swap = asked(roster, ben, cleo)

    def accept() -> None:
        with pytest.raises(RuleViolation, match="no longer has all of that shift"):
            actions.accept_swap(swap, by=cleo)

    one_waits_for_the_other(
        partial(actions.add_override, roster, person=anna, start=swap.start, end=swap.end - HOUR, by=manager), accept
    )
    assert holders(roster, swap.start, swap.end) == {anna.pk, ben.pk}
    agrees(roster)


def test_an_override_of_what_was_just_swapped_counts(roster, people, manager):
    anna, ben, cleo = people
    swap = asked(roster, ben, cleo)
    one_waits_for_the_other(
        partial(actions.accept_swap, swap, by=cleo),
        partial(actions.add_override, roster, person=anna, start=swap.start, end=swap.end - HOUR, by=manager),
    )
    assert holders(roster, swap.start, swap.end) == {anna.pk, cleo.pk}
    agrees(roster)


# Overrides


def test_of_two_overrides_of_the_same_instant_the_later_counts(roster, people, manager):
    for number in range(TIMES):
        start, end = coming(roster, people[0], number)
        raised = at_once(
            *(
                partial(actions.add_override, roster, person=person, start=start, end=end, by=manager)
                for person in people[1:]
            )
        )
        assert raised == []
        assert holders(roster, start, end) == {roster.overrides.order_by("pk").last().person_id}
    assert roster.overrides.count() == 2 * TIMES
    agrees(roster)


def test_an_override_is_taken_back_once(roster, people, manager):
    start, end = coming(roster, people[0])
    override = actions.add_override(roster, person=people[1], start=start, end=end, by=manager)
    copies = [Override.objects.get(pk=override.pk) for _ in range(2)]
    raised = at_once(*(partial(actions.remove_override, each, by=manager) for each in copies))
    assert [str(error) for error in raised] == ["The override was taken back already."]
    assert Override.history.filter(history_type="-").count() == 1
    agrees(roster)


# Leave


def test_leave_that_waits_for_whoever_puts_the_person_into_a_layer_counts_there(roster, responder, manager):
    client = signed_in(manager)
    form = entered(roster, add_people=responder.email)
    now = house_clock.now()
    one_waits_for_the_other(
        lambda: client.post(change_page(roster), form),
        partial(actions.add_absence, responder, start=now, end=now + 30 * DAY, by=responder),
    )
    assert roster.layers.get().members.filter(person=responder).exists()
    assert responder.pk not in holders(roster, now + HOUR, now + 29 * DAY)
    assert responder.pk in holders(roster, now + 31 * DAY, now + 60 * DAY)
    agrees(roster)


def test_whoever_puts_somebody_into_a_layer_waits_for_the_leave_that_they_enter(roster, responder, manager):
    client = signed_in(manager)
    form = entered(roster, add_people=responder.email)
    now = house_clock.now()
    one_waits_for_the_other(
        partial(actions.add_absence, responder, start=now, end=now + 30 * DAY, by=responder),
        lambda: client.post(change_page(roster), form),
    )
    assert roster.layers.get().members.filter(person=responder).exists()
    assert responder.pk not in holders(roster, now + HOUR, now + 29 * DAY)
    agrees(roster)


def test_leave_that_is_taken_back_while_somebody_is_put_into_a_layer_is_not_kept_there(roster, responder, manager):
    now = house_clock.now()
    absence = actions.add_absence(responder, start=now, end=now + 60 * DAY, by=responder)
    client, form = signed_in(manager), entered(roster, add_people=responder.email)
    one_waits_for_the_other(
        lambda: client.post(change_page(roster), form), partial(actions.remove_absence, absence, by=responder)
    )
    assert responder.pk in holders(roster, now + HOUR, now + 29 * DAY)
    agrees(roster)


def test_an_override_in_a_roster_that_just_began_to_stand_in_for_another_counts_there(roster, team, people, manager):
    anna, ben, _ = people
    now = house_clock.now()
    holidays = Roster.objects.create(slug="holidays", name="Holidays", team=team)
    layer_of(holidays, [anna])
    actions.materialise(holidays)

    def stand_in() -> None:
        actions.lock([roster.pk, holidays.pk])
        Roster.objects.filter(pk=holidays.pk).update(stands_in_for=roster, stands_in_during=(now, now + 9 * DAY))
        actions.materialise(Roster.objects.get(pk=holidays.pk))

    override = partial(actions.add_override, holidays, person=ben, start=now + DAY, end=now + 2 * DAY, by=manager)
    one_waits_for_the_other(stand_in, override)
    assert holders(roster, now + DAY + HOUR, now + 2 * DAY - HOUR) == {ben.pk}
    agrees(roster, holidays)


def test_leave_that_had_to_wait_begins_when_its_turn_comes_and_leaves_what_was_before(roster, people, manager):
    running = roster.shifts.get(during__contains=house_clock.now())
    away, instead = running.person, next(person for person in people if person.pk != running.person_id)
    enter = partial(actions.add_override, roster, person=instead, by=manager)
    one_waits_for_the_other(
        partial(actions.lock, [roster.pk]),
        lambda: actions.add_absence(away, start=house_clock.now() - DAY, end=house_clock.now() + DAY, by=away),
        then=lambda: enter(start=house_clock.now(), end=house_clock.now() + HOUR),
    )
    override = roster.overrides.get()
    running.refresh_from_db()
    assert running.end == override.start
    assert Absence.objects.get().start > override.start
    agrees(roster)


def test_whoever_takes_a_shift_while_their_leave_is_entered_is_told(roster, people):
    start, end = coming(roster, people[0])
    shift = roster.shifts.get(person=people[0], during__startswith=start)

    def take() -> None:
        with pytest.raises(RuleViolation, match="You are away then"):
            actions.take_shift(shift, by=people[1])

    one_waits_for_the_other(
        partial(actions.lock, [roster.pk]),
        take,
        then=partial(actions.add_absence, people[1], start=start, end=end, by=people[1]),
    )
    assert people[1].pk not in holders(roster, start, end)
    agrees(roster)


def test_whoever_is_put_in_by_name_while_they_lose_their_role_holds_nothing(roster, people, responder, manager):
    start, end = coming(roster, people[0])
    one_waits_for_the_other(
        partial(actions.add_override, roster, person=responder, start=start, end=end, by=manager),
        lambda: remove_member(responder.memberships.get()),
    )
    assert roster.overrides.filter(person=responder).exists()
    assert not responder.shifts.exists()


def test_leave_is_taken_back_once(roster, people):
    anna, *_ = people
    now = house_clock.now()
    absence = actions.add_absence(anna, start=now + DAY, end=now + 9 * DAY, by=anna)
    copies = [Absence.objects.get(pk=absence.pk) for _ in range(2)]
    raised = at_once(*(partial(actions.remove_absence, each, by=anna) for each in copies))
    assert [str(error) for error in raised] == ["The absence was taken back already."]
    agrees(roster)


# All of it at once


def test_whatever_several_people_do_at_once_nobody_blocks_another_for_good(roster, team, people, responder, manager):
    """Two rosters that share people, each changed while leave and roles of theirs are given and taken."""
    nights = Roster.objects.create(slug="nights", name="Nights", team=team, time_zone="Asia/Tokyo")
    layer_of(nights, [*people[1:], responder])
    actions.materialise(nights)
    now = house_clock.now()

    def is_away(person: User) -> None:
        for number in range(TIMES):
            absence = actions.add_absence(person, start=now, end=now + (number + 1) * DAY, by=person)
            if number % 2:
                actions.remove_absence(absence, by=person)

    def is_put_in_and_out(one: Roster) -> None:
        for _ in range(TIMES):
            _put_in_or_out(one, responder)

    def stands_in(one: Roster) -> None:
        for number in range(TIMES):
            try:
                start = now + (number + 2) * DAY
                actions.add_override(one, person=people[number % 3], start=start, end=start + HOUR, by=manager)
            except HouseError:
                continue

    works = [partial(is_away, person) for person in (*people, responder)]
    works += [partial(_leaves_and_comes_back, person, team) for person in people[1:]]
    works += [partial(work, one) for one in (roster, nights) for work in (is_put_in_and_out, stands_in)]
    assert at_once(*works) == []
    agrees(roster, nights)


def _leaves_and_comes_back(person: User, team: Team) -> None:
    for _ in range(TIMES):
        remove_member(person.memberships.get())
        add_member(person, team, TeamRole.RESPONDER)


@transaction.atomic
def _put_in_or_out(roster: Roster, person: User) -> None:
    """As the page does: lock, edit, fill."""
    actions.lock([roster.pk])
    layer = roster.layers.get()
    was_in_it, _ = layer.members.filter(person=person).delete()
    if not was_in_it:
        LayerMember.objects.create(layer=layer, person=person, position=9)
    actions.materialise(roster)
