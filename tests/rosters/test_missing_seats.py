"""Of two who are wanted one is missing: told and asked about as one of two. Of a seat that goes nothing lives on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from apps.core.errors import Invalid
from apps.rosters import actions, gap_questions, queries
from apps.rosters.actions import LeavesGap, NamedGap
from apps.rosters.models import Absence, AbsenceKind, CalendarSource, CalendarTurn, Layer, Override, Roster, Swap
from apps.rosters.rules import Window
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import change_page, entered, preview_of, saying_yes, signed_in
from tests.rosters.building import layer_of, member
from tests.rosters.coverage.test_report import of_roster
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import ROSTERS, send

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ADD_ABSENCE = reverse("admin:rosters_absence_add")


@pytest.fixture
def pair(clock, team, people):
    """Anna and Ben, both of them always; a turn of theirs lasts a month."""
    pair = Roster.objects.create(slug="pair", name="Pair", team=team, time_zone="UTC")
    layer_of(pair, people[:2], at_once=2, length=30)
    actions.materialise(pair, now=clock.now)
    return pair


def names(roster, at) -> list[tuple[int, str]]:
    return [(each.seat, each.person.name) for each in queries.on_call(at=at, roster=roster) if each.person]


def form_of_pair(pair, **layer: object) -> dict[str, object]:
    members = {"layers-0-members-TOTAL_FORMS": 2, "layers-0-members-INITIAL_FORMS": 2}
    form = entered(pair, length=30, **layer) | members | {"time_zone": "UTC"}
    return {name: value for name, value in form.items() if name != "is_primary"}


@pytest.mark.parametrize("seat", [0, 1])
def test_leave_of_either_of_two_is_asked_about_as_one_of_two(pair, people, manager, seat):
    client = signed_in(manager)
    form = {"person": people[seat].pk, "first_day": "2026-03-03", "last_day": "2026-03-03", "kind": "leave"}
    asked = client.post(ADD_ABSENCE, form)
    page = asked.content.decode()
    assert "Only 1 of 2 would be on call for Pair from Tue 03 Mar 00:00 to Wed 04 Mar 00:00." in page
    assert "Fewer people would be on call" in page
    assert "nobody would be" not in page.lower()
    assert not Absence.objects.exists()
    yes = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.replace("&quot;", '"')))
    assert client.post(ADD_ABSENCE, yes).status_code == 302
    assert Absence.objects.exists()


def test_a_yes_to_one_of_two_is_none_to_nobody(pair, people, manager, clock):
    with pytest.raises(LeavesGap) as asked, actions.refusing_gaps([pair.pk], by=manager):
        actions.add_absence(people[0], start=clock.now, end=clock.now + DAY, by=manager)
    assert asked.value.gaps == [NamedGap(pair.pk, clock.now, clock.now + DAY, held=1, wanted=2)]

    def all_away() -> None:
        for person in people[:2]:
            actions.add_absence(person, start=clock.now, end=clock.now + DAY, by=manager)

    with pytest.raises(LeavesGap) as nobody, actions.refusing_gaps([pair.pk], by=manager, accepted=asked.value.gaps):
        all_away()
    assert nobody.value.gaps == [NamedGap(pair.pk, clock.now, clock.now + DAY)]
    assert nobody.value.title == "Nobody would be on call"
    with actions.refusing_gaps([pair.pk], by=manager, accepted=nobody.value.gaps):
        all_away()


def test_what_was_short_before_or_wants_no_more_is_not_asked_about(pair, people, manager, clock):
    actions.add_absence(people[0], start=clock.now, end=clock.now + 5 * DAY, by=manager)
    with actions.refusing_gaps([pair.pk], by=manager):
        actions.add_absence(
            people[0], start=clock.now + DAY, end=clock.now + 3 * DAY, by=manager, kind=AbsenceKind.SICK
        )
    with actions.refusing_gaps([pair.pk], by=manager):
        pair.layers.update(at_once=1)
        actions.materialise(pair, now=clock.now)


def test_whoever_leaves_the_layer_for_good_is_missing_from_then_on(pair, manager, clock):
    refused = send(client_of(manager), "patch", f"{ROSTERS}pair/", {"layers": [
        {"name": "Days", "rotation": "days", "length": 30, "at_once": 2, "people": ["anna@example.com"]},
    ]})  # fmt: skip
    assert refused.status_code == 409
    assert [each["text"] for each in refused.json()["missing"]] == [
        "Only 1 of 2 would be on call for Pair from 2026-03-02 10:00 on, UTC."
    ]


def test_one_who_is_ill_is_told_what_is_left(pair, people, clock):
    client = signed_in(people[1])
    form = {"ill_now": "on", "until": "2026-03-03T00:00", "kind": "sick", "start": "", "end": "2026-03-03T00:00"}
    told = client.post(reverse("shifts"), form, follow=True).content.decode()
    assert Absence.objects.exists(), told
    assert "Fewer people are on call then for Pair" in told


def test_coverage_tells_the_empty_seat_whichever_it_is(pair, people, manager, clock):
    window = Window(clock.now, clock.now + 10 * DAY)
    assert (of_roster(pair, window).gaps, of_roster(pair, window).shortages) == ([], [])
    actions.add_absence(people[0], start=clock.now + DAY, end=clock.now + 2 * DAY, by=manager)
    actions.add_absence(people[1], start=clock.now + 4 * DAY, end=clock.now + 5 * DAY, by=manager)
    found = of_roster(pair, window)
    assert found.gaps == []
    assert [(each.held, each.wanted, each.start, each.end) for each in found.shortages] == [
        (1, 2, clock.now + DAY, clock.now + 2 * DAY), (1, 2, clock.now + 4 * DAY, clock.now + 5 * DAY),
    ]  # fmt: skip


def test_the_roster_s_page_in_the_admin_tells_it_while_one_edits(pair, clock, manager):
    client = signed_in(manager)
    form = form_of_pair(pair, at_once=3)
    told = preview_of(client, pair, form).content.decode()
    assert "Fewer people than wanted" in told
    assert "2 of 3, Mon 2026-03-02 10:00 to" in told
    assert "On call, seat 3" in told


def test_seats_are_what_layers_calendars_and_stand_ins_want(
    roster, pair, team, people, manager, clock, django_assert_num_queries
):
    empty = Roster.objects.create(slug="empty", name="Empty", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(pair, people, at_once=5, starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1))  # over
    calendar = CalendarSource.objects.create(layer=layer_of(roster, [], at_once=7), url="https://example.com/c.ics")
    turn = {"source": calendar, "person": people[0]}
    CalendarTurn.objects.create(**turn, seat=2, during=(clock.now, clock.now + DAY))
    CalendarTurn.objects.create(**turn, seat=4, during=(clock.now - DAY, clock.now))
    Override.objects.create(roster=empty, person=manager, seat=3, during=(clock.now, clock.now + DAY))
    during = DateTimeTZRange(clock.now, clock.now + 2 * DAY)
    week = Roster.objects.create(slug="week", name="Week", team=team, stands_in_for=empty, stands_in_during=during)
    layer_of(week, people, at_once=2)
    with django_assert_num_queries(2):
        found = queries.seats([roster, pair, empty, week], clock.now)
    assert found == {roster.pk: 3, pair.pk: 2, empty.pk: 2, week.pk: 2}
    clock.shift(days=2)
    assert queries.seats([roster, pair, empty], clock.now) == {roster.pk: 1, pair.pk: 2, empty.pk: 1}


@pytest.fixture
def stand_in(pair, people, manager, clock):
    """Cleo stands in for Ben, in the second seat, for ten days."""
    ends = clock.now + 10 * DAY
    return actions.add_override(pair, person=people[2], start=clock.now, end=ends, seat=1, by=manager)


WOULD_END = "There would be no seat 2 of Pair, in which cleo stands in from Mon 02 Mar 10:00 to Thu 12 Mar 10:00."


def test_a_seat_that_goes_ends_the_override_in_it_once_somebody_says_yes(pair, stand_in, people, manager, clock):
    client = signed_in(manager)
    form = form_of_pair(pair, at_once=1)
    asked = client.post(change_page(pair), form)
    assert asked.context["adminform"].form.errors["accept_gaps"] == [WOULD_END]
    assert "More people are on call then now." in asked.content.decode()
    assert Override.objects.filter(pk=stand_in.pk).exists()
    assert names(pair, clock.now) == [(0, "anna"), (1, "cleo")]
    clock.shift(hours=1)
    assert client.post(change_page(pair), saying_yes(asked, form)).status_code == 302
    assert not Override.objects.exists()
    assert Override.history.first().history_user == manager
    assert names(pair, clock.now) == [(0, "anna")]
    assert names(pair, clock.now - timedelta(minutes=30)) == [(0, "anna"), (1, "cleo")]
    assert queries.seats([pair], clock.now) == {pair.pk: 1}


def test_the_api_names_it_too_and_does_it_when_accepted(pair, stand_in, manager, clock):
    [layer] = client_of(manager).get(f"{ROSTERS}pair/").json()["layers"]
    change = {"layers": [layer | {"at_once": 1}]}
    ahead = send(client_of(manager), "post", f"{ROSTERS}pair/preview/", change).json()["gaps"]
    assert [(each["stands_in"], each["seat"]) for each in ahead] == [("cleo", 1)]
    refused = send(client_of(manager), "patch", f"{ROSTERS}pair/", change)
    assert refused.status_code == 409
    [missing] = refused.json()["missing"]
    assert missing["text"].startswith("There would be no seat 2 of Pair, in which cleo stands in")
    assert Override.objects.exists()
    assert send(client_of(manager), "patch", f"{ROSTERS}pair/", change | {"accept_gaps": True}).status_code == 200
    assert names(pair, clock.now) == [(0, "anna")]


def test_where_only_the_one_in_the_seat_that_goes_was_there_nobody_is_left_and_that_is_said(
    pair, stand_in, people, manager, clock
):
    actions.add_absence(people[0], start=clock.now, end=clock.now + DAY, by=manager)
    with actions.refusing_gaps([pair.pk], by=manager, accepts_all=True) as gaps:
        pair.layers.update(at_once=1)
        pair.layers.get().members.filter(person=people[1]).delete()
        actions.materialise(pair, now=clock.now)
    assert [(each.leaves_nobody, each.stands_in) for each in gaps] == [(True, ""), (False, "cleo")]
    assert gaps[0].end == clock.now + DAY


def test_half_of_a_swap_ends_with_its_seat(pair, people, manager, clock):
    swap = actions.ask_for_swap(pair, by=people[1], start=clock.now, end=clock.now + DAY, asked_of=people[2])
    actions.accept_swap(swap, by=people[2])
    with actions.refusing_gaps([pair.pk], by=manager, accepts_all=True) as gaps:
        Layer.objects.update(at_once=1)
        actions.materialise(pair, now=clock.now)
    assert [each.stands_in for each in gaps] == ["cleo"]
    assert names(pair, clock.now) == [(0, "anna")]
    assert Swap.objects.exists()


def test_a_seat_that_goes_from_a_day_on_ends_what_stands_in_it_then(pair, people, manager, clock):
    day = datetime(2026, 4, 1, 9, tzinfo=UTC)
    times = [(clock.now, clock.now + DAY), (day - DAY, day + DAY), (day + 2 * DAY, day + 3 * DAY)]
    for start, end in times:
        actions.add_override(pair, person=people[2], start=start, end=end, seat=1, by=manager)
    following = actions.change_from(pair.layers.get(), day.date(), by=manager)
    with actions.refusing_gaps([pair.pk], by=manager, accepts_all=True) as gaps:
        Layer.objects.filter(pk=following.pk).update(at_once=1)
        actions.materialise(pair, now=clock.now)
    assert [(each.start, each.end) for each in gaps if each.stands_in] == [(day, day + DAY), times[2]]
    left = Override.objects.order_by("during").values_list("during__startswith", "during__endswith")
    assert list(left) == [times[0], (day - DAY, day)]
    assert {seat for seat, _ in names(pair, day + 2 * DAY)} == {0}


def test_nobody_is_put_into_a_seat_that_is_gone_by_then(pair, responder, manager, clock):
    """Not on its own, nor by a table."""
    day = datetime(2026, 3, 9, 9, tzinfo=UTC)
    pair.layers.update(length=1)
    following = actions.change_from(pair.layers.get(), day.date(), by=manager)
    Layer.objects.filter(pk=following.pk).update(at_once=1)
    enter = partial(actions.add_override, pair, person=responder, seat=1, by=manager)
    for start, end in [(day, day + DAY), (day - DAY, day + DAY)]:
        with pytest.raises(Invalid, match="Pair does not have seat 2 for all of that time") as refused:
            enter(start=start, end=end)
        assert refused.value.field == "seat"
        table = f"roster,person,start,end,seat,reason\npair,{responder.email},{start:%F %H:%M},{end:%F %H:%M},2,\n"
        plan = actions.plan_overrides_import(table.encode(), by=manager)
        assert ([each.reason for each in plan.problems], plan.added) == ([str(refused.value)], ())
    enter(start=day - DAY, end=day)
    assert (1, "rita") in names(pair, day - DAY)


def test_a_stand_in_that_ends_takes_its_second_seat_with_it(roster, team, people, manager, clock):
    during = DateTimeTZRange(clock.now, clock.now + 5 * DAY)
    week = Roster.objects.create(slug="week", name="Week", team=team, stands_in_for=roster, stands_in_during=during)
    layer_of(week, people[:2], at_once=2)
    actions.materialise(week, now=clock.now)
    actions.add_override(roster, person=people[2], start=clock.now, end=clock.now + DAY, seat=1, by=manager)
    with actions.refusing_gaps(queries.with_stood_for([week]), by=manager, accepts_all=True) as gaps:
        actions.retire(week, by=manager)
    assert [each.stands_in for each in gaps] == ["cleo"]
    assert {seat for seat, _ in names(roster, clock.now)} == {0}


def test_whoever_may_not_see_the_roster_is_not_told_who_stands_in(pair, people, manager, clock):
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    gap = NamedGap(pair.pk, clock.now, clock.now + DAY, stands_in="cleo", seat=1)
    with pytest.raises(LeavesGap) as asked:
        actions.GapWatch([pair.pk], by=stranger).refuse([gap], ())
    assert "cleo" not in str(asked.value)
    assert "Pair" not in str(asked.value)


def test_what_was_named_of_seats_comes_back_as_it_was(clock):
    gaps = [
        NamedGap(1, clock.now, None, held=1, wanted=3),
        NamedGap(1, clock.now, clock.now + DAY, stands_in="cleo", seat=1),
    ]
    asked = LeavesGap(gaps, ["Pair", "Pair"])
    request = type("Request", (), {"POST": {gap_questions.ACCEPTED: gap_questions.yes_to(asked)}})()
    assert gap_questions.accepted(request) == gaps
