"""Frozen, split, copied, standing in, and edited by two at once: rosters as their managers keep them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.rosters import actions
from apps.rosters.models import Override, Roster
from apps.rosters.models.rosters import LAST_PLACE, MOST_LAYERS
from apps.teams.models import TeamRole
from tests.rosters.admin_forms import (
    ADD_ROSTER,
    ROSTERS,
    as_shown,
    change_page,
    entered,
    form_of,
    signed_in,
)
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db


def test_the_layers_of_a_frozen_roster_stand_still_and_overrides_go_on(roster, clock, manager, people):
    roster.frozen_until = clock.now + timedelta(days=7)
    roster.save()
    client = signed_in(manager)
    before = shown(roster)
    assert 'name="layers-0-name"' not in client.get(change_page(roster)).content.decode()
    form = entered(roster, covers="Mon 9-10") | {
        "frozen_until_0": "2026-03-09",
        "frozen_until_1": "10:00",
        "time_zone": "Asia/Tokyo",
        "overrides-TOTAL_FORMS": 1,
        "overrides-0-person": people[2].pk,
        "overrides-0-start": "2026-03-02T12:00",
        "overrides-0-end": "2026-03-02T13:00",
    }
    assert client.post(change_page(roster), form).status_code == 302
    assert [each for each in shown(roster) if each[3] == "layer"][2:] == before[1:]
    assert shown(roster, 2)[1] == ("cleo", "03-02 12:00", "03-02 13:00", "override")
    client.post(reverse("admin:rosters_roster_change_from", args=[roster.pk]), {
        "layer": roster.layers.get().pk, "day": "2026-03-20",
    })  # fmt: skip
    assert roster.layers.count() == 1


def test_an_override_is_taken_back_on_the_page_of_its_roster(roster, clock, manager, people):
    override = actions.add_override(
        roster, person=people[1], start=clock.now, end=clock.now + timedelta(hours=4), by=manager
    )
    form = entered(roster) | {
        "overrides-TOTAL_FORMS": 1,
        "overrides-INITIAL_FORMS": 1,
        "overrides-0-id": override.pk,
        "overrides-0-roster": roster.pk,
        "overrides-0-DELETE": "on",
    }
    assert signed_in(manager).post(change_page(roster), form).status_code == 302
    assert not Override.objects.exists()
    assert shown(roster, 1)[0][:1] == ("anna",)


def test_a_layer_is_split_from_a_day_on(roster, clock, manager):
    page = reverse("admin:rosters_roster_change_from", args=[roster.pk])
    client = signed_in(manager)
    assert page in client.get(change_page(roster)).content.decode()
    before = shown(roster)
    refused = client.post(page, {"layer": roster.layers.get().pk, "day": "2026-03-01"})
    assert "does not last on 2026-03-01" in refused.content.decode()
    assert client.post(page, {"layer": roster.layers.get().pk, "day": "2026-03-09"}).status_code == 302
    assert [str(layer.starts_on) for layer in roster.layers.all()] == ["2026-03-02", "2026-03-09"]
    assert shown(roster) == before


def test_copying_rosters_is_one_action(roster, clock, manager):
    signed_in(manager).post(ROSTERS, {"action": "copy", "_selected_action": [roster.pk]})
    assert list(Roster.objects.values_list("name", flat=True)) == ["Platform", "Platform (copy)"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stands_in_until": ""}, "from when and until when"),
        ({"stands_in_for": ""}, "from when and until when"),
        ({"stands_in_until": "2026-03-01T00:00"}, "It ends after it starts"),
    ],
)
def test_a_stand_in_says_for_whom_and_when(roster, clock, team, manager, people, change, said):
    client = signed_in(manager)
    form = form_of(team, people[2:]) | {
        "stands_in_for": roster.pk, "stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00",
    }  # fmt: skip
    assert said in client.post(ADD_ROSTER, form | change).content.decode()
    assert client.post(ADD_ROSTER, form).status_code == 302
    assert shown(roster, 3)[2] == ("cleo", "03-03 12:00", "03-04 00:00", "override")
    nights = Roster.objects.get(slug="nights")
    assert 'value="2026-03-03T12:00"' in client.get(change_page(nights)).content.decode()


def test_taking_a_stand_in_away_gives_the_time_back_to_the_layers(roster, clock, team, manager, people):
    client = signed_in(manager)
    form = form_of(team, people[2:]) | {
        "stands_in_for": roster.pk, "stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00",
    }  # fmt: skip
    client.post(ADD_ROSTER, form)
    nights = Roster.objects.get(slug="nights")
    assert shown(roster, 3)[2][0] == "cleo"
    ended = entered(nights) | {"time_zone": "Europe/Berlin", "accept_gaps": "on"}
    ended |= {"layers-0-members-TOTAL_FORMS": 1, "layers-0-members-INITIAL_FORMS": 1}
    del ended["is_primary"]
    assert client.post(change_page(nights), ended).status_code == 302
    assert shown(roster, 2)[1] == ("ben", "03-03 08:00", "03-04 08:00", "layer")


def test_a_roster_that_another_stands_in_for_stands_in_for_none(roster, clock, team, manager, people):
    client = signed_in(manager)
    stands_in = {"stands_in_from": "2026-03-03T12:00", "stands_in_until": "2026-03-04T00:00"}
    client.post(ADD_ROSTER, form_of(team, people) | stands_in | {"stands_in_for": roster.pk})
    other = Roster.objects.create(slug="other", name="Other", team=team)
    form = entered(roster) | stands_in | {"stands_in_for": other.pk}
    assert "Another roster stands in for this one" in client.post(change_page(roster), form).content.decode()


def test_what_the_house_refuses_is_said_and_not_an_error(roster, clock, manager, people):
    actions.retire(roster, by=manager)
    form = entered(roster) | {
        "overrides-TOTAL_FORMS": 1,
        "overrides-0-person": people[2].pk,
        "overrides-0-start": "2026-03-02T12:00",
        "overrides-0-end": "2026-03-02T13:00",
    }
    answer = signed_in(manager).post(change_page(roster), form, follow=True)
    assert "The roster Platform is retired." in answer.content.decode()


def test_of_two_who_edit_a_roster_at_once_the_second_is_told(roster, clock, manager):
    client = signed_in(manager)
    seen = client.get(change_page(roster)).context["edited_version"]
    assert client.post(change_page(roster), entered(roster, length=2) | {"edited_version": seen}).status_code == 302
    answer = client.post(change_page(roster), entered(roster, name="Nights") | {"edited_version": seen})
    assert "was changed while you edited it" in answer.content.decode()
    assert (roster.layers.get().length, roster.layers.get().name) == (2, "Days")


def test_a_page_that_claims_to_have_a_hundred_thousand_layers_is_answered(clock, team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people) | {"layers-TOTAL_FORMS": 100_000})
    assert answer.status_code == 200
    assert len(answer.context["inline_admin_formsets"][0].formset.forms) == 50
    assert not Roster.objects.exists()


def test_a_layer_that_no_position_is_left_for_is_refused_beside_it(roster, clock, manager, team):
    roster.layers.update(position=LAST_PLACE)
    client = signed_in(manager)
    new = {name.replace("layers-0-", "layers-1-"): value for name, value in form_of(team, []).items()}
    new |= {"layers-1-name": "Top", "layers-1-position": "", "layers-1-add_people": "anna"}
    sent = new | as_shown(client.get(change_page(roster))) | {"layers-TOTAL_FORMS": 2}
    answer = client.post(change_page(roster), sent)
    assert answer.status_code == 200
    layers = answer.context["inline_admin_formsets"][0].formset
    assert layers.errors == [{}, {"position": ["None is left above 10,000: give the layers lower positions."]}]
    assert client.post(change_page(roster), sent | {"layers-0-position": LAST_PLACE - 1}).status_code == 302
    assert [layer.position for layer in roster.layers.all()] == [LAST_PLACE - 1, LAST_PLACE]


def test_a_split_that_makes_a_layer_too_many_is_told_beside_the_layer(roster, clock, manager, people):
    for number in range(MOST_LAYERS - 1):
        layer_of(roster, people[:1], name=f"L{number}")
    page = reverse("admin:rosters_roster_change_from", args=[roster.pk])
    answer = signed_in(manager).post(page, {"layer": roster.layers.first().pk, "day": "2026-03-20"})
    assert answer.context["form"].errors == {"layer": ["Platform would have more than 50 layers."]}


def test_a_layer_whose_position_is_emptied_is_put_above_what_the_page_leaves_there(roster, clock, manager, people):
    layer_of(roster, people[:1], name="Top", position=LAST_PLACE)
    client = signed_in(manager)
    sent = as_shown(client.get(change_page(roster))) | {"layers-0-position": "", "layers-1-position": "5"}
    assert client.post(change_page(roster), sent).status_code == 302
    assert list(roster.layers.values_list("name", "position")) == [("Top", 5), ("Days", 6)]


def test_the_highest_layer_is_not_put_above_the_highest_position(roster, clock, manager):
    roster.layers.update(position=LAST_PLACE)
    client = signed_in(manager)
    answer = client.post(change_page(roster), as_shown(client.get(change_page(roster))) | {"layers-0-position": ""})
    assert list(answer.context["inline_admin_formsets"][0].formset.errors[0]) == ["position"]
    assert roster.layers.get().position == LAST_PLACE


def test_people_are_added_after_whoever_has_the_last_place(roster, clock, manager):
    layer, client = roster.layers.get(), signed_in(manager)
    layer.members.filter(person__name="cleo").update(position=LAST_PLACE)
    for name in ("dora", "emil"):
        member(f"{name}@example.com", roster.team, TeamRole.RESPONDER)
    added = as_shown(client.get(change_page(roster))) | {"layers-0-add_people": "emil, dora"}
    assert client.post(change_page(roster), added).status_code == 302
    assert [each.person.name for each in layer.members.all()] == ["anna", "ben", "cleo", "emil", "dora"]
    assert client.post(change_page(roster), as_shown(client.get(change_page(roster)))).status_code == 302
