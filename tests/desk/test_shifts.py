"""The page of a roster in its views, and one's own shifts: taking, swapping, and being away."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from apps.engine.runner import run_due
from apps.rosters import actions as rosters
from apps.rosters.models import Absence, AbsenceKind, Layer, LayerMember, Override, Restriction, Roster, Swap, SwapState
from apps.teams.models import TeamRole
from tests.factories.rosters import calendar_layer
from tests.factories.teams import make_person


@pytest.fixture
def roster(house, clock):
    """The platform team's roster in Berlin time: Rita, then Cora, a week each, since Friday 27 February at 09:00."""
    found = Roster.objects.create(
        slug="platform", name="Platform on call", team=house.platform, time_zone="Europe/Berlin", is_primary=True,
        holidays_of="DE-BE",
    )  # fmt: skip
    layer = Layer.objects.create(roster=found, name="Weekly", starts_on=clock.now.date() - timedelta(days=3))
    for position, person in enumerate((house.rita, house.cora), start=1):
        LayerMember.objects.create(layer=layer, person=person, position=position)
    rosters.materialise(found, now=clock.now)
    return found


def shown(client, **query):
    return client.get("/rosters/platform/", query).content.decode()


def test_two_weeks_are_drawn_from_this_monday_on(roster, rita):
    page = shown(rita)
    assert page.count('class="roster-week"') == 2
    assert "Mar 2026" in page
    assert "Mon 2<" in page
    assert "Rita: Mon 2 Mar 10:00 to Fri 6 Mar 08:00" in page


def test_a_month_is_drawn_in_whole_weeks(roster, rita):
    page = shown(rita, view="month", **{"from": "2026-04-15"})
    assert "April 2026" in page
    assert page.count('class="roster-week"') == 5
    assert "Wed 1<" in page
    assert "Good Friday" in page
    assert "from=2026-03-01" in page
    assert "from=2026-05-01" in page


@pytest.mark.parametrize(("zone", "handoff"), [("mine", "08:00"), ("roster", "09:00"), ("utc", "08:00")])
def test_times_are_shown_in_the_zone_that_is_chosen(roster, house, rita, zone, handoff):
    house.rita.time_zone = "Atlantic/Reykjavik"
    house.rita.save()
    assert f"Fri 6 Mar, {handoff}" in shown(rita, view="list", zone=zone)


def test_one_person_is_picked_out(roster, house, rita):
    page = shown(rita, person=house.cora.pk)
    assert "Cora: Fri 6 Mar" in page
    assert "Rita: " not in page
    assert "Nobody: " not in page


@pytest.mark.parametrize(
    "query",
    [
        {"view": "decade"}, {"zone": "mars"}, {"person": "x"}, {"person": "9" * 40}, {"from": "soon"},
        {"from": "9999-12-31"}, {"from": "0001-01-01", "view": "month"}, {"from": "2026-02-30"},
    ],
    ids=str,
)  # fmt: skip
def test_what_an_address_cannot_mean_is_as_if_it_were_not_there(roster, rita, query):
    answer = rita.get("/rosters/platform/", query)
    assert answer.status_code == 200
    assert "Rita" in answer.content.decode()


def test_a_gap_is_drawn_and_weeks_before_are_from_the_record(roster, clock, rita, house):
    Restriction.objects.create(layer=roster.layers.get(), weekdays=[0, 1, 2, 3, 4], start="09:00", end="18:00")
    clock.shift(days=7)
    rosters.materialise(roster, now=clock.now)
    page = shown(rita)
    assert "Nobody: Mon 9 Mar" in page
    assert "Only Mon-Fri 09:00-18:00" in page
    past = shown(rita, **{"from": "2026-03-02"})
    assert "Rita: Mon 2 Mar 10:00 to Fri 6 Mar 08:00" in past


def test_what_the_page_costs_does_not_depend_on_how_much_it_shows(roster, clock, rita, django_assert_max_num_queries):
    rita.get("/rosters/platform/")
    for view in ("weeks", "month", "list"):
        with django_assert_max_num_queries(33):
            rita.get("/rosters/platform/", {"view": view})


def test_a_shift_of_another_is_taken(roster, house, rita, cora):
    shift = roster.shifts.filter(person=house.cora).first()
    assert f"/shifts/{shift.pk}/take/" in shown(rita, view="list")
    rita.post(f"/shifts/{shift.pk}/take/")
    override = Override.objects.get()
    assert (override.person, override.start, override.end) == (house.rita, shift.start, shift.end)


def test_a_swap_is_asked_for_and_accepted(roster, house, clock, rita, cora):
    mine = roster.shifts.filter(person=house.rita).order_by("during").first()
    theirs = roster.shifts.filter(person=house.cora).order_by("during").first()
    assert f"/shifts/{mine.pk}/swap/" in rita.get("/shifts/").content.decode()
    form = rita.get(f"/shifts/{mine.pk}/swap/").content.decode()
    assert f'value="shift:{theirs.pk}"' in form
    asked = rita.post(
        f"/shifts/{mine.pk}/swap/",
        {"start": "2026-03-03T08:00", "end": "2026-03-06T08:00", "whom": f"shift:{theirs.pk}", "reason": "Concert"},
    )
    assert asked.status_code == 302
    swap = Swap.objects.get()
    assert (swap.asked_of, swap.return_start, swap.return_end) == (house.cora, theirs.start, theirs.end)
    page = cora.get("/shifts/").content.decode()
    assert "Concert" in page
    assert f"/swaps/{swap.pk}/accept/" in page
    assert f"/swaps/{swap.pk}/accept/" not in rita.get("/shifts/").content.decode()
    cora.post(f"/swaps/{swap.pk}/accept/")
    swap.refresh_from_db()
    assert swap.state == SwapState.ACCEPTED
    assert roster.shifts.get(during__contains=theirs.start).person == house.rita


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_what_the_form_of_a_swap_shows_is_taken_though_the_shift_begins_and_ends_within_a_minute(
    roster, house, clock, rita, zone
):
    begins = clock.now.replace(microsecond=0) + timedelta(hours=3, seconds=20, microseconds=7)
    ends = begins + timedelta(hours=2, seconds=25)
    rosters.add_override(roster, person=house.cora, start=begins - timedelta(hours=1), end=begins, by=house.cora)
    rosters.add_override(roster, person=house.cora, start=ends, end=ends + timedelta(hours=1), by=house.cora)
    mine = roster.shifts.get(person=house.rita, during=(begins, ends))
    rita.get("/shifts/")
    house.rita.time_zone = zone
    house.rita.save()
    form = rita.get(f"/shifts/{mine.pk}/swap/").content.decode()
    sent = dict(re.findall(r'name="(start|end)"\s+value="([^"]*)"', form))
    assert rita.post(f"/shifts/{mine.pk}/swap/", sent).status_code == 302
    swap = Swap.objects.get()
    assert (swap.start, swap.end) == (begins, ends)


def test_what_the_form_shows_of_a_shift_from_the_second_of_an_hour_that_comes_twice_is_taken(
    roster, house, clock, rita
):
    clock.set(datetime(2026, 10, 20, 12, tzinfo=UTC))
    rosters.materialise(roster)
    begins, ends = datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    rosters.add_override(roster, person=house.rita, start=begins, end=ends, by=house.rita)
    mine = roster.shifts.get(person=house.rita, during=(begins, ends))
    house.rita.time_zone = "Europe/Berlin"
    house.rita.save()
    form = rita.get(f"/shifts/{mine.pk}/swap/").content.decode()
    sent = dict(re.findall(r'name="(start|end)"\s+value="([^"]*)"', form))
    assert sent["start"].endswith("02:30")
    assert rita.post(f"/shifts/{mine.pk}/swap/", sent).status_code == 302
    assert (Swap.objects.get().start, Swap.objects.get().end) == (begins, ends)


def test_nobody_takes_a_shift_that_lies_in_their_own_leave(roster, house, clock, rita):
    theirs = roster.shifts.filter(person=house.cora, during__startswith__gt=clock.now).order_by("during").first()
    rosters.add_absence(house.rita, start=theirs.start, end=theirs.start + timedelta(hours=1), by=house.rita)
    theirs = roster.shifts.filter(person=house.cora, during__startswith=theirs.start).get()
    answer = rita.post(f"/shifts/{theirs.pk}/take/", follow=True)
    assert "You are away then" in answer.content.decode()
    assert roster.shifts.get(during__contains=theirs.start).person == house.cora


def test_what_is_left_of_a_shift_is_taken_by_whoever_was_away_for_what_is_over_of_it(roster, house, clock, rita):
    theirs = roster.shifts.filter(person=house.cora, during__startswith__gt=clock.now).order_by("during").first()
    back = theirs.start + timedelta(hours=1)
    rosters.add_absence(house.rita, start=theirs.start, end=back, by=house.rita)
    clock.set(back)
    rita.post(f"/shifts/{theirs.pk}/take/")
    assert roster.shifts.get(during__contains=back).person == house.rita


def test_cover_is_asked_for_and_taken_by_another_of_the_team(roster, house, rita, cora, signed_in):
    mine = roster.shifts.filter(person=house.rita).order_by("during").first()
    rita.post(f"/shifts/{mine.pk}/swap/", {"start": "2026-03-03T08:00", "end": "2026-03-04T08:00", "whom": ""})
    swap = Swap.objects.get()
    assert "asks for cover" in shown(cora)
    assert f"/swaps/{swap.pk}/accept/" in cora.get("/shifts/").content.decode()
    assert "asks for cover" not in signed_in(house.ella).get("/shifts/").content.decode()
    cora.post(f"/swaps/{swap.pk}/accept/")
    assert Override.objects.get().person == house.cora


def test_a_swap_is_refused_and_another_withdrawn(roster, house, rita, cora):
    for word, client, state in (("refuse", cora, SwapState.REFUSED), ("withdraw", rita, SwapState.WITHDRAWN)):
        swap = rosters.ask_for_swap(
            roster, by=house.rita, asked_of=house.cora, start=roster.shifts.first().start,
            end=roster.shifts.first().start + timedelta(hours=4),
        )  # fmt: skip
        client.post(f"/swaps/{swap.pk}/{word}/")
        swap.refresh_from_db()
        assert swap.state == state


def test_nobody_gives_away_the_shift_of_another_or_sees_that_of_another_team(roster, house, rita, cora, signed_in):
    shift = roster.shifts.filter(person=house.cora).first()
    assert rita.get(f"/shifts/{shift.pk}/swap/").status_code == 404
    ella = signed_in(house.ella)
    assert ella.post(f"/shifts/{shift.pk}/take/").status_code == 404
    swap = rosters.ask_for_swap(roster, by=house.cora, start=shift.start, end=shift.end)
    assert ella.post(f"/swaps/{swap.pk}/accept/").status_code == 404


@pytest.fixture
def ellas(roster, house):
    """The shift of Cora that Ella of another team took over."""
    shift = roster.shifts.filter(person=house.cora).order_by("during").first()
    swap = rosters.ask_for_swap(roster, by=house.cora, start=shift.start, end=shift.end, asked_of=house.ella)
    rosters.accept_swap(swap, by=house.ella)
    return roster.shifts.get(person=house.ella)


def test_whoever_took_a_shift_of_another_team_sees_where_it_is_and_gives_it_away(ellas, roster, house, signed_in):
    ella = signed_in(house.ella)
    assert "/rosters/platform/" in ella.get("/shifts/").content.decode()
    page = shown(ella, view="list")
    assert "Ella" in page
    assert f"/shifts/{roster.shifts.filter(person=house.rita).first().pk}/take/" not in page
    address = f"/shifts/{ellas.pk}/swap/"
    assert ella.get(address).status_code == 200
    ella.post(address, {"start": f"{ellas.start:%Y-%m-%dT%H:%M}", "end": f"{ellas.end:%Y-%m-%dT%H:%M}", "whom": ""})
    swap = Swap.objects.get(asked_by=house.ella)
    ella.post(f"/swaps/{swap.pk}/withdraw/")
    swap.refresh_from_db()
    assert swap.state == SwapState.WITHDRAWN


def test_it_is_no_more_than_seeing(ellas, roster, house, signed_in):
    ella = signed_in(house.ella)
    ritas = roster.shifts.filter(person=house.rita).order_by("during").last()
    ella.post(f"/shifts/{ritas.pk}/take/")
    ella.post("/rosters/platform/notes/", {"text": "Hello"})
    ritas.refresh_from_db()
    assert ritas.person == house.rita
    assert not roster.handover_notes.exists()


def test_whoever_asked_withdraws_what_they_no_longer_have(ellas, roster, house, signed_in, clock):
    swap = rosters.ask_for_swap(roster, by=house.ella, start=ellas.start, end=ellas.end)
    rosters.add_override(roster, person=house.cora, start=ellas.start, end=ellas.end, by=house.cora)
    assert not roster.shifts.filter(person=house.ella).exists()
    ella = signed_in(house.ella)
    assert ella.get("/rosters/platform/").status_code == 404
    ella.post(f"/swaps/{swap.pk}/withdraw/")
    swap.refresh_from_db()
    assert swap.state == SwapState.WITHDRAWN


def test_leave_of_whoever_has_turns_by_a_calendar_stands_on_the_page(roster, house, rita, clock):
    pat = make_person("Pat", house.platform, TeamRole.RESPONDER)
    calendar_layer(roster, (pat, clock.now + timedelta(days=20), clock.now + timedelta(days=21)), position=0)
    rosters.add_absence(pat, start=clock.now + timedelta(days=9), end=clock.now + timedelta(days=10), by=pat)
    assert "Pat" in shown(rita)


def test_a_mistake_in_a_swap_is_told(roster, house, rita):
    mine = roster.shifts.filter(person=house.rita).order_by("during").first()
    address = f"/shifts/{mine.pk}/swap/"
    for entered, said in (
        ({"start": "2026-03-03T08:00", "end": "2026-03-02T08:00"}, "ends after it starts"),
        ({"start": "2026-03-03T08:00", "end": "2026-03-12T08:00"}, "is not on call for Platform on call"),
        ({"start": "2026-03-03T08:00", "end": "2026-03-04T08:00", "whom": "person:x"}, "not one of the available"),
    ):
        answer = rita.post(address, entered)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert not Swap.objects.exists()


def test_being_away_is_entered_and_taken_back(roster, house, clock, rita, cora):
    rita.post("/shifts/", {"start": "2026-03-03T08:00", "end": "2026-03-04T08:00", "kind": "leave", "reason": "Hiking"})
    absence = Absence.objects.get()
    assert roster.shifts.get(during__contains=absence.start).person == house.cora
    assert "Hiking" in rita.get("/shifts/").content.decode()
    assert "3 Mar 08:00" in shown(cora)
    assert "Hiking" not in shown(cora)
    assert cora.post(f"/absences/{absence.pk}/remove/").status_code == 404
    rita.post(f"/absences/{absence.pk}/remove/")
    assert roster.shifts.get(during__contains=absence.start).person == house.rita


def test_the_swaps_that_leave_ends_are_named(roster, house, clock, rita, cora):
    tuesday = {"start": clock.now + timedelta(hours=22), "end": clock.now + timedelta(hours=46)}
    rosters.ask_for_swap(roster, by=house.rita, **tuesday)
    rosters.ask_for_swap(
        roster, by=house.rita, start=clock.now + timedelta(hours=70), end=clock.now + timedelta(hours=71)
    )
    rita.post("/shifts/", TUESDAY)
    page = rita.get("/shifts/").content.decode()
    assert "these swaps are off" in page
    assert "• Tue 03 Mar 08:00, asked by Rita" in page
    assert "Thu 05 Mar 08:00, asked by" not in page


def test_leave_that_is_there_already_is_said_to_be(roster, house, rita):
    assert rita.post("/shifts/", TUESDAY).status_code == 302
    again = rita.post("/shifts/", TUESDAY)
    assert again.status_code == 422
    assert "It is there already" in again.content.decode()
    assert Absence.objects.count() == 1


TUESDAY = {"start": "2026-03-03T08:00", "end": "2026-03-04T08:00", "kind": "leave"}
NOBODY_ON_TUESDAY = "Nobody would be on call for Platform on call from Tue 03 Mar 08:00 to Wed 04 Mar 08:00."


@pytest.fixture
def alone(roster, house, clock):
    """Cora left the roster, so that Rita is the only one."""
    LayerMember.objects.filter(person=house.cora).delete()
    rosters.materialise(roster, now=clock.now)
    return roster


def again(answer):
    """What the page that asks sends once somebody says yes."""
    sent: dict[str, list[str]] = {}
    for name, value in answer.context["again"]:
        sent.setdefault(name, []).append(value)
    return sent


def test_being_away_that_leaves_nobody_on_call_is_entered_once_it_was_said_so(alone, rita):
    asked = rita.post("/shifts/", TUESDAY)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert NOBODY_ON_TUESDAY in page
    assert "Enter it all the same" in page
    assert not Absence.objects.exists()
    assert rita.post("/shifts/", again(asked)).status_code == 302
    assert not alone.shifts.filter(during__contains=Absence.objects.get().start).exists()


def test_a_yes_to_one_day_is_none_to_two(alone, rita):
    yes = again(rita.post("/shifts/", TUESDAY))
    assert rita.post("/shifts/", yes | {"end": "2026-03-05T08:00"}).status_code == 422
    assert not Absence.objects.exists()


def test_who_is_ill_says_so_with_one_tick_and_the_managers_hear_of_the_gap(alone, house, clock, rita):
    mona = make_person("Mona", house.platform, TeamRole.MANAGER)
    page = rita.get("/shifts/").content.decode()
    assert "I am ill now" in page
    assert "told at once" in page
    assert rita.post("/shifts/", {"ill_now": "on", "end": "2026-03-04T08:00"}).status_code == 302
    absence = Absence.objects.get()
    assert (absence.person, absence.start, absence.kind) == (house.rita, clock.now, AbsenceKind.SICK)
    assert "Nobody is on call then for Platform on call" in rita.get("/shifts/").content.decode()
    run_due()
    assert "Nobody is on call now: Platform on call" in mona.notifications.values_list("subject", flat=True)


def test_who_is_ill_hears_which_shifts_stay_theirs(roster, house, clock, cora):
    mona = make_person("Mona", house.platform, TeamRole.MANAGER)
    rosters.add_override(roster, person=house.cora, start=clock.now, end=clock.now + timedelta(hours=8), by=mona)
    answer = cora.post("/shifts/", {"ill_now": "on", "end": "2026-03-04T08:00"}, follow=True)
    page = answer.content.decode()
    assert "these stay yours: ask for cover" in page
    assert "Platform on call, until Mon 02 Mar 18:00" in page


def test_sickness_to_come_is_leave_like_any_other(alone, rita):
    assert rita.post("/shifts/", TUESDAY | {"kind": "sick"}).status_code == 422
    assert not Absence.objects.exists()


@pytest.mark.parametrize("missing", ["start", "end", "kind"])
def test_from_when_and_why_is_said_by_whoever_is_not_ill_now(roster, rita, missing):
    answer = rita.post("/shifts/", {name: value for name, value in TUESDAY.items() if name != missing})
    assert answer.status_code == 422
    assert answer.context["form"].errors[missing] == ["This field is required."]
    assert not Absence.objects.exists()


def test_an_override_that_leaves_nobody_on_call_is_taken_back_once_it_was_said_so(roster, house, clock, rita):
    roster.layers.all().delete()
    rosters.materialise(roster, now=clock.now)
    override = rosters.add_override(
        roster, person=house.rita, start=clock.now, end=clock.now + timedelta(hours=4), by=house.rita
    )
    page = f"/rosters/platform/overrides/{override.pk}/remove/"
    asked = rita.post(page)
    assert "Nobody would be on call for Platform on call from Mon 02 Mar 10:00 on." in asked.content.decode()
    assert Override.objects.exists()
    assert rita.post(page, again(asked)).status_code == 302
    assert not Override.objects.exists()


def test_a_manager_who_may_enter_the_admin_finds_the_way_to_edit(roster, house, rita, signed_in):
    mona = make_person("Mona", house.platform, TeamRole.MANAGER)
    mona.is_staff = True
    mona.save()
    edit = f"/admin/rosters/roster/{roster.pk}/change/"
    assert edit in shown(signed_in(mona))
    assert edit not in shown(rita)
