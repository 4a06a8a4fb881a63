"""Two who change a roster at the same moment: one waits for the other, and what comes of both is what the roster says.

The clock is the machine's: it runs differently for each of those who race.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core import clock as house_clock
from apps.core.errors import HouseError, Invalid, RuleViolation
from apps.rosters import actions
from apps.rosters.admin.rosters import version_of
from apps.rosters.models import Absence, CalendarSource, LayerMember, Override, Roster, Swap, SwapState
from apps.rosters.rules import Window
from apps.teams.models import Team, User
from tests.escalation.test_races import one_waits_for_the_other
from tests.incidents.test_locking import at_once
from tests.integrations.provider import Answer, Provider
from tests.rosters.admin_forms import ADD_ROSTER, change_page, entered, form_of, signed_in
from tests.rosters.agreement import check_agreement, stored
from tests.rosters.building import layer_of
from tests.rosters.calendars import calendar, event

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = 5


@pytest.fixture
def roster(team: Team, people: list[User]) -> Roster:
    """Anna, Ben and Cleo for a day each, handed over at 09:00 in Berlin."""
    made = Roster.objects.create(
        slug="platform", name="Platform", team=team, time_zone="Europe/Berlin", is_primary=True
    )
    layer_of(made, people)
    actions.materialise(made)
    return made


def agrees(*rosters: Roster) -> None:
    check_agreement(*rosters, until=house_clock.now() + 90 * DAY)


def coming(roster: Roster, person: User, number: int = 0) -> tuple[datetime, datetime]:
    """One of the next whole shifts of the person."""
    shift = roster.shifts.filter(person=person, during__startswith__gt=house_clock.now()).order_by("during")[number]
    return shift.start, shift.end


def asked(roster: Roster, by: User, of: User | None = None, number: int = 0) -> Swap:
    start, end = coming(roster, by, number)
    return actions.ask_for_swap(roster, by=by, asked_of=of, start=start, end=end)


def holders(roster: Roster, start: datetime, end: datetime) -> set[int]:
    return set(roster.shifts.filter(during__overlap=(start, end)).values_list("person", flat=True))


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


def test_nobody_accepts_what_whoever_asked_no_longer_has_since_they_are_away(roster, people):
    _, ben, cleo = people
    swap = asked(roster, ben, cleo)

    def accept() -> None:
        with pytest.raises(RuleViolation, match="no longer has all of that shift"):
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


def test_leave_is_taken_back_once(roster, people):
    anna, *_ = people
    now = house_clock.now()
    absence = actions.add_absence(anna, start=now + DAY, end=now + 9 * DAY, by=anna)
    copies = [Absence.objects.get(pk=absence.pk) for _ in range(2)]
    raised = at_once(*(partial(actions.remove_absence, each, by=anna) for each in copies))
    assert [str(error) for error in raised] == ["The absence was taken back already."]
    agrees(roster)


# Whole rosters


def test_a_new_primary_roster_that_covers_all_time_is_saved_unasked_while_the_clock_runs(team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people) | {"is_primary": "on"})
    assert answer.status_code == 302
    agrees(Roster.objects.get())


def test_the_second_of_two_who_save_a_roster_is_told(roster, manager, responder):
    form = entered(roster) | {"version": version_of(roster)}
    first, second = signed_in(manager), signed_in(manager)
    answers = []
    one_waits_for_the_other(
        lambda: answers.append(first.post(change_page(roster), form | {"layers-0-handoff_time": "10:00"})),
        lambda: answers.append(second.post(change_page(roster), form | {"layers-0-handoff_time": "11:00"})),
    )
    assert [answer.status_code for answer in answers] == [302, 200]
    assert "The roster was changed while you edited it" in answers[1].content.decode()
    assert roster.layers.get().handoff_time.hour == 10
    agrees(roster)


def test_a_roster_that_is_retired_while_it_is_saved_has_no_future(roster, manager):
    client, form = signed_in(manager), entered(roster, handoff_time="10:00")
    one_waits_for_the_other(lambda: client.post(change_page(roster), form), partial(actions.retire, roster, by=manager))
    roster.refresh_from_db()
    assert roster.layers.get().handoff_time.hour == 10
    assert not roster.shifts.filter(during__endswith__gt=roster.retired_at).exists()


def test_a_roster_that_is_saved_while_it_is_retired_stays_retired(roster, manager):
    client, form = signed_in(manager), entered(roster, handoff_time="10:00")
    one_waits_for_the_other(partial(actions.retire, roster, by=manager), lambda: client.post(change_page(roster), form))
    roster.refresh_from_db()
    assert roster.retired_at is not None
    assert not roster.shifts.filter(during__endswith__gt=roster.retired_at).exists()


def test_a_layer_is_split_once(roster, manager):
    day = timezone.localdate() + 9 * DAY
    layer, window = roster.layers.get(), Window(house_clock.now(), house_clock.now() + 60 * DAY)
    before = stored(roster, window)
    raised = at_once(*[partial(actions.change_from, layer, day, by=manager)] * 2)
    assert [type(error) for error in raised] == [Invalid]
    assert sorted(roster.layers.values_list("ends_on", flat=True), key=str) == [day, None]
    assert stored(roster, window) == before
    agrees(roster)


def test_the_second_of_two_who_make_a_roster_of_one_slug_is_told_at_the_field(team, manager, people):
    first, second = signed_in(manager), signed_in(manager)
    answers = []
    one_waits_for_the_other(
        lambda: answers.append(first.post(ADD_ROSTER, form_of(team, people))),
        lambda: answers.append(second.post(ADD_ROSTER, form_of(team, people))),
    )
    assert [answer.status_code for answer in answers] == [302, 200]
    assert answers[1].context["adminform"].form.errors["slug"] == ["Roster with this Slug already exists."]
    agrees(Roster.objects.get())


def test_the_second_of_two_who_make_a_primary_roster_for_a_team_is_told_at_the_field(team, manager, people):
    first, second = signed_in(manager), signed_in(manager)
    answers = []
    form = form_of(team, people) | {"is_primary": "on"}
    one_waits_for_the_other(
        lambda: answers.append(first.post(ADD_ROSTER, form)),
        lambda: answers.append(second.post(ADD_ROSTER, form | {"slug": "days", "name": "Days"})),
    )
    assert [answer.status_code for answer in answers] == [302, 200]
    assert answers[1].context["adminform"].form.errors["is_primary"] == ["The team already has a primary roster."]


def test_a_preview_of_a_slug_that_is_saved_meanwhile_says_so(team, manager, people):
    first, second = signed_in(manager), signed_in(manager)
    drawn = []
    one_waits_for_the_other(
        lambda: first.post(ADD_ROSTER, form_of(team, people)),
        lambda: drawn.append(second.post("/admin/rosters/roster/preview/", form_of(team, people))),
    )
    assert "Slug: Roster with this Slug already exists." in drawn[0].content.decode()


def test_two_who_copy_a_roster_have_a_copy_each(roster, manager):
    assert at_once(*[partial(actions.copy, roster, by=manager)] * 3) == []
    assert sorted(Roster.objects.values_list("slug", flat=True)) == [
        "platform", "platform-2", "platform-3", "platform-4",
    ]  # fmt: skip
    agrees(*Roster.objects.all())


# Calendars


@pytest.fixture
def source(roster, settings):
    """The turns of the layer come from an address: Cleo, every day."""
    settings.OUTBOUND_PRIVATE = "allowed"
    today = timezone.localdate()
    series = event("1", f":{today:%Y%m%d}T000000Z", f":{today + DAY:%Y%m%d}T000000Z", "Cleo", more="RRULE:FREQ=DAILY")
    with Provider(lambda _: Answer(200, calendar(series), {"Content-Type": "text/calendar"})) as provider:
        yield CalendarSource.objects.create(layer=roster.layers.get(), url=provider.url)


def _without(source: CalendarSource) -> dict[str, object]:
    """What the page sends when the calendar is taken away."""
    return entered(source.layer.roster) | {
        "accept_gaps": "on",
        "layers-0-calendar-TOTAL_FORMS": 1,
        "layers-0-calendar-INITIAL_FORMS": 1,
        "layers-0-calendar-0-id": source.pk,
        "layers-0-calendar-0-layer": source.layer_id,
        "layers-0-calendar-0-url": source.url,
        "layers-0-calendar-0-DELETE": "on",
    }


def test_a_reading_that_waits_for_whoever_takes_the_calendar_away_brings_nothing_back(source, roster, people, manager):
    client, form = signed_in(manager), _without(source)
    one_waits_for_the_other(
        lambda: client.post(change_page(roster), form), partial(actions.read_calendar, source.pk, anew=True)
    )
    assert not CalendarSource.objects.exists()
    assert len(holders(roster, house_clock.now() + DAY, house_clock.now() + 9 * DAY)) == len(people)
    agrees(roster)


def test_whoever_takes_a_calendar_away_waits_for_its_reading(source, roster, people, manager):
    client, form = signed_in(manager), _without(source)
    one_waits_for_the_other(
        partial(actions.read_calendar, source.pk, anew=True), lambda: client.post(change_page(roster), form)
    )
    assert not CalendarSource.objects.exists()
    assert len(holders(roster, house_clock.now() + DAY, house_clock.now() + 9 * DAY)) == len(people)
    agrees(roster)


# Everybody at once


def test_whatever_several_people_do_at_once_nobody_blocks_another_for_good(roster, team, people, responder, manager):
    """Two rosters that share people, each changed while the leave of all of them is entered and taken back."""
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
    works += [partial(work, one) for one in (roster, nights) for work in (is_put_in_and_out, stands_in)]
    assert at_once(*works) == []
    agrees(roster, nights)


@transaction.atomic
def _put_in_or_out(roster: Roster, person: User) -> None:
    """As the page does: lock, edit, fill."""
    actions.lock([roster.pk])
    layer = roster.layers.get()
    was_in_it, _ = layer.members.filter(person=person).delete()
    if not was_in_it:
        LayerMember.objects.create(layer=layer, person=person, position=9)
    actions.materialise(roster)
