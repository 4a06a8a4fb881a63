"""What an action refuses of a form on the pages of rosters stands beside its field, and what was entered stays."""

from __future__ import annotations

import pytest

from apps.rosters import actions as rosters
from apps.rosters.models import Absence, Override, Shadow, Swap
from tests.desk.covering import make_roster

BACKWARDS = {"start": "2026-03-05T09:00", "end": "2026-03-04T09:00"}


@pytest.fixture
def roster(house, clock):
    """Rita and Cora take turns."""
    return make_roster(clock, house.platform, "platform", house.rita, house.cora)


def swap_page(roster, person) -> str:
    return f"/shifts/{roster.shifts.filter(person=person).order_by('during').first().pk}/swap/"


def told(answer) -> dict[str, list[str]]:
    """What stands beside the fields of a page that was refused; above it stands nothing."""
    assert answer.status_code == 422
    assert [str(each) for each in answer.context["messages"]] == []
    return dict(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("/rosters/platform/", "It ends after it starts."),
        ("/rosters/platform/shadows/", "It ends after it starts."),
        ("/shifts/", "An absence ends after it starts."),
        ("swap", "It ends after it starts."),
    ],
)
def test_an_end_before_the_start_is_told_beside_the_end(roster, house, rita, page, said):
    address = swap_page(roster, house.rita) if page == "swap" else page
    answer = rita.post(
        address, {"person": house.rita.pk, "kind": "leave", "whom": "", "reason": "A concert", **BACKWARDS}
    )
    assert told(answer) == {"end": [said]}
    assert said in answer.content.decode()
    assert answer.context["form"]["end"].value() == BACKWARDS["end"]
    assert not any(kind.objects.exists() for kind in (Override, Shadow, Absence, Swap))


def test_who_cannot_stand_in_is_told_beside_the_person(house, clock, rita):
    pair = make_roster(clock, house.platform, "pair", house.rita, house.cora, is_primary=False)
    pair.layers.update(at_once=2)
    rosters.materialise(pair, now=clock.now)
    seat = 1 - pair.shifts.get(person=house.rita, during__contains=clock.now).seat
    times = {"start": "2026-03-02T12:00", "end": "2026-03-02T14:00"}
    answer = rita.post("/rosters/pair/", {"person": house.rita.pk, "seat": seat, **times})
    assert "in another seat" in told(answer)["person"][0]


def test_who_is_a_shadow_already_is_told_beside_the_person(roster, house, cora):
    times = {"start": "2026-03-03T09:00", "end": "2026-03-05T09:00"}
    cora.post("/rosters/platform/shadows/", {"person": house.cora.pk, **times}, follow=True)
    answer = cora.post("/rosters/platform/shadows/", {"person": house.cora.pk, **times})
    assert "a shadow in Platform on call within that time already" in told(answer)["person"][0]


def test_who_cannot_take_the_shift_is_told_beside_whom_one_asks(roster, house, clock, rita):
    shift = roster.shifts.filter(person=house.rita).order_by("during").last()
    rosters.add_absence(house.cora, start=shift.start, end=shift.end, by=house.cora)
    times = {"start": f"{shift.start:%Y-%m-%dT%H:%M}", "end": f"{shift.end:%Y-%m-%dT%H:%M}"}
    answer = rita.post(f"/shifts/{shift.pk}/swap/", {"whom": f"person:{house.cora.pk}", **times})
    assert told(answer) == {"whom": ["Cora is away then."]}


def test_what_no_field_of_the_page_is_about_is_said_above_it(roster, house, rita):
    shift = roster.shifts.filter(person=house.rita).order_by("during").first()
    rosters.ask_for_swap(roster, by=house.rita, start=shift.start, end=shift.end)
    form = {"whom": "", "start": f"{shift.start:%Y-%m-%dT%H:%M}", "end": f"{shift.end:%Y-%m-%dT%H:%M}"}
    answer = rita.post(swap_page(roster, house.rita), form)
    assert answer.status_code == 422
    assert "You asked for this time already" in str(*answer.context["messages"])
    assert not answer.context["form"].errors
