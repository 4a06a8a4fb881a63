"""What the page of a roster asks before it leaves nobody on call, and what a yes counts for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.rosters import actions, gap_questions, queries
from apps.rosters.models import Restriction, Roster
from apps.teams.actions import add_member
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import (
    ADD_ROSTER,
    change_page,
    entered,
    form_of,
    form_on,
    preview_of,
    revert_page,
    saying_yes,
    signed_in,
)
from tests.rosters.building import layer_of, member, shown
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import ROSTERS, send

pytestmark = pytest.mark.django_db

NO_PRIMARY = "Nobody would be on call for the team Platform: it would have no primary roster."


def march(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


@pytest.fixture
def prim(clock, team, people):
    """The primary roster: Anna until 10 March, and then nobody."""
    prim = Roster.objects.create(slug="prim", name="Prim", team=team, is_primary=True)
    layer_of(prim, people[:1], ends_on=date(2026, 3, 10))
    actions.materialise(prim, now=clock.now)
    return prim


@pytest.fixture
def standin(clock, team, people, prim):
    """Covers 8 to 20 March of it."""
    standin = Roster.objects.create(slug="standin", name="Standin", team=team)
    layer_of(standin, people)
    standin.stands_in_for, standin.stands_in_during = prim, DateTimeTZRange(march(8), march(20))
    standin.save()
    actions.materialise(standin, now=clock.now)
    return standin


@pytest.fixture
def office(clock, team, people):
    """Another roster, of office hours."""
    office = Roster.objects.create(slug="office", name="Office", team=team)
    layer = layer_of(office, people)
    Restriction.objects.create(layer=layer, weekdays=[0, 1, 2, 3, 4], start="09:00", end="18:00")
    actions.materialise(office, now=clock.now)
    return office


def form_for(roster: Roster, **changes: object) -> dict[str, object]:
    """What the page of ``roster`` sends when nothing is changed on it but ``changes``; None leaves a field out."""
    form = entered(roster) | {"time_zone": roster.time_zone}
    if not roster.is_primary:
        del form["is_primary"]
    for restriction in Restriction.objects.filter(layer__roster=roster):
        form["layers-0-covers"] = f"Mon-Fri {restriction.start:%H:%M}-{restriction.end:%H:%M}"
    return {name: value for name, value in (form | changes).items() if value is not None}


def asked_about(answer) -> list[str]:
    """The gaps that the page which asks names."""
    assert answer.status_code == 200
    return answer.context["adminform"].form.errors["accept_gaps"]


def test_a_stand_in_is_not_ended_unasked_where_nobody_is_left_in_the_other_roster(standin, prim, manager):
    client, form, before = signed_in(manager), form_for(standin), shown(prim)
    asked = client.post(change_page(standin), form)
    [gap] = asked_about(asked)
    assert gap.startswith("Nobody would be on call for Prim from Tue 10 Mar")
    assert not [str(each) for each in get_messages(asked.wsgi_request) if "successfully" in str(each)]
    standin.refresh_from_db()
    assert (standin.stands_in_for, shown(prim)) == (prim, before)
    assert client.post(change_page(standin), saying_yes(asked, form)).status_code == 302
    standin.refresh_from_db()
    assert standin.stands_in_for is None
    assert shown(prim)[-1][2] == "03-10 09:00"


def test_a_version_is_not_brought_back_unasked_where_nobody_is_left_in_another_roster(standin, prim, manager):
    client = signed_in(manager)
    form = form_on(client.get(revert_page(standin)))
    asked = client.post(revert_page(standin), form)
    [gap] = asked_about(asked)
    assert gap.startswith("Nobody would be on call for Prim from Tue 10 Mar")
    assert client.post(revert_page(standin), saying_yes(asked, form)).status_code == 302
    standin.refresh_from_db()
    assert standin.stands_in_for is None


def asked_before(client, roster: Roster, form: dict[str, object]) -> str:
    """What the preview says that saving asks; empty for nothing."""
    drawn = preview_of(client, roster, form).content.decode()
    assert "roster-findings" in drawn
    return drawn.partition("Saving asks")[2].partition("</section>")[0]


def test_the_preview_says_what_saving_asks_of_the_roster_that_it_stands_in_for(standin, prim, manager):
    client, before = signed_in(manager), (shown(prim), shown(standin))
    assert "Nobody would be on call for Prim from Tue 10 Mar" in asked_before(client, standin, form_for(standin))
    standin.refresh_from_db()
    assert (standin.stands_in_for, shown(prim), shown(standin)) == (prim, *before)


def test_the_preview_says_what_saving_asks_and_no_more_once_it_is_ticked(roster, manager, clock):
    client, form = signed_in(manager), form_for(roster, is_primary=None)
    assert asked_before(client, roster, form_for(roster)) == ""
    assert NO_PRIMARY in asked_before(client, roster, form)
    sent = saying_yes(client.post(change_page(roster), form), form)
    assert asked_before(client, roster, sent) == ""
    assert Roster.objects.get().is_primary


def test_a_tick_counts_for_the_gaps_that_the_page_named_and_for_no_others(roster, clock, manager):
    client, page = signed_in(manager), change_page(roster)
    asked = client.post(page, entered(roster, covers="Mon-Fri 09:00-18:00"))
    wider = saying_yes(asked, entered(roster, covers="Mon-Fri 09:00-12:00"))
    again = client.post(page, wider)
    assert "Nobody would be on call for Platform from Mon 02 Mar 11:00 to Tue 03 Mar 08:00." in asked_about(again)
    form = again.context["adminform"].form
    assert (form["accept_gaps"].value(), roster.layers.get().restrictions.count()) == (False, 0)
    assert client.post(page, saying_yes(again, wider)).status_code == 302


def test_a_tick_without_what_was_named_counts_for_nothing(roster, clock, manager):
    form = entered(roster, covers="Mon-Fri 09:00-18:00") | {"accept_gaps": "on"}
    for forged in ("", "on", "x:y:z"):
        asked_about(signed_in(manager).post(change_page(roster), form | {gap_questions.ACCEPTED: forged}))
    assert not roster.layers.get().restrictions.exists()


def test_what_was_named_counts_for_nothing_without_a_tick(roster, clock, manager):
    client, form = signed_in(manager), entered(roster, covers="Mon-Fri 09:00-18:00")
    asked = client.post(change_page(roster), form)
    yes = saying_yes(asked, form)
    del yes["accept_gaps"]
    asked_about(client.post(change_page(roster), yes))


def test_a_new_primary_roster_with_gaps_is_saved_with_a_yes(clock, team, manager, people):
    client = signed_in(manager)
    form = form_of(team, people) | {"layers-0-covers": "Mon-Fri 09:00-18:00", "is_primary": "on"}
    asked = client.post(ADD_ROSTER, form)
    assert (
        asked_about(asked)[0] == "Nobody would be on call for the new roster from Mon 02 Mar 17:00 to Tue 03 Mar 08:00."
    )
    assert client.post(ADD_ROSTER, saying_yes(asked, form)).status_code == 302
    assert Roster.objects.get().is_primary


def test_a_roster_that_begins_to_stand_in_is_asked_about_no_other_time(roster, clock, team, people, manager):
    second, third = (Roster.objects.create(slug=slug, name=slug, team=team) for slug in ("second", "third"))
    for each in (second, third):
        layer_of(each, people)
        actions.materialise(each, now=clock.now)
    said = {"stands_in_for": roster.pk, "stands_in_from": "2026-03-08T00:00", "stands_in_until": "2026-03-20T00:00"}
    assert signed_in(manager).post(change_page(second), form_for(second, **said)).status_code == 302
    times = {"stands_in_from": march(21).isoformat(), "stands_in_until": march(28).isoformat()}
    changed = send(client_of(manager), "patch", f"{ROSTERS}third/", {"stands_in_for": "platform", **times})
    assert changed.status_code == 200
    assert {shift.start.month for shift in third.shifts.all()} == {3}


def test_within_the_time_of_a_stand_in_what_it_leaves_open_is_asked_about(standin, clock, manager):
    form = form_for(
        standin, stands_in_for=standin.stands_in_for_id, stands_in_from="2026-03-08T00:00",
        **{"stands_in_until": "2026-03-20T00:00", "layers-0-covers": "Mon-Fri 09:00-18:00"},
    )  # fmt: skip
    found = asked_about(signed_in(manager).post(change_page(standin), form))
    days = {int(day) for gap in found for day in re.findall(r"(\d\d) Mar", gap)}
    assert min(days) >= 8
    assert max(days) <= 20


def test_of_many_gaps_the_first_ten_are_named_and_the_others_counted(roster, clock, manager):
    client = signed_in(manager)
    asked = client.post(change_page(roster), entered(roster, covers="Mon-Fri 09:00-18:00"))
    told = asked_about(asked)
    assert len(told) == 11
    assert re.fullmatch(r"And \d+ more such times\.", told[10])
    assert "Somebody is on call then now, and nobody would be." in asked.content.decode()


def test_the_api_lists_a_hundred_gaps_at_most_and_says_how_many_more_there_are(roster, clock, manager):
    times = [{"weekdays": [0, 1, 2, 3, 4, 5, 6], "start": "09:00", "end": "12:00"}]
    times.append({"weekdays": [0, 1, 2, 3, 4, 5, 6], "start": "14:00", "end": "18:00"})
    [layer] = client_of(manager).get(f"{ROSTERS}platform/").json()["layers"]
    refused = send(client_of(manager), "patch", f"{ROSTERS}platform/", {"layers": [layer | {"restrictions": times}]})
    told = refused.json()
    assert (refused.status_code, len(told["missing"])) == (409, 100)
    assert re.fullmatch(r"And \d+ more such times\.", told["missing"][-1]["text"])
    assert told["detail"].count("Nobody would be on call") == 10


def test_a_team_is_not_left_without_a_primary_roster_unasked(roster, team, manager, clock):
    client, form = signed_in(manager), form_for(roster, is_primary=None)
    asked = client.post(change_page(roster), form)
    assert asked_about(asked) == [NO_PRIMARY]
    assert queries.on_call_people(team, clock.now)
    clock.shift(minutes=1)
    assert client.post(change_page(roster), saying_yes(asked, form)).status_code == 302
    assert not queries.on_call_people(team, clock.now)


def test_the_primary_roster_does_not_go_to_another_team_unasked(roster, manager, clock):
    other = Team.objects.create(slug="other", name="Other")
    add_member(manager, other, TeamRole.MANAGER)
    client, form = signed_in(manager), form_for(roster, team=other.pk)
    asked = client.post(change_page(roster), form)
    assert asked_about(asked) == [NO_PRIMARY]
    assert client.post(change_page(roster), saying_yes(asked, form)).status_code == 302
    roster.refresh_from_db()
    assert roster.team == other


def test_the_api_asks_before_a_team_has_no_primary_roster(roster, team, manager, clock):
    client = client_of(manager)
    refused = send(client, "patch", f"{ROSTERS}platform/", {"is_primary": False})
    assert (refused.status_code, [each["text"] for each in refused.json()["missing"]]) == (409, [NO_PRIMARY])
    assert queries.on_call_people(team, clock.now)
    assert send(client, "patch", f"{ROSTERS}platform/", {"is_primary": False, "accept_gaps": True}).status_code == 200
    assert send(client, "patch", f"{ROSTERS}platform/", {"is_primary": True}).status_code == 200


def test_a_roster_that_becomes_primary_is_asked_about_all_its_gaps(office, manager, clock):
    client, form = signed_in(manager), form_for(office, is_primary="on")
    asked = client.post(change_page(office), form)
    assert asked_about(asked)[0] == "Nobody would be on call for Office from Mon 02 Mar 18:00 to Tue 03 Mar 09:00."
    refused = send(client_of(manager), "patch", f"{ROSTERS}office/", {"is_primary": True})
    assert (refused.status_code, refused.json()["missing"][0]["gate"]) == (409, "accept_gaps")
    office.refresh_from_db()
    assert not office.is_primary
    assert client.post(change_page(office), saying_yes(asked, form)).status_code == 302
    office.refresh_from_db()
    assert office.is_primary


def test_who_may_not_see_the_other_roster_is_not_told_its_name(clock, team, manager, people):
    other = Team.objects.create(slug="security", name="Security")
    secret = Roster.objects.create(slug="secret", name="Secret", team=other, is_primary=True)
    layer_of(secret, [member("bob@example.com", other, TeamRole.RESPONDER)], ends_on=date(2026, 3, 10))
    during = DateTimeTZRange(clock.now, clock.now + timedelta(days=20))
    standin = Roster.objects.create(
        slug="standin", name="Standin", team=team, stands_in_for=secret, stands_in_during=during
    )
    layer_of(standin, people)
    actions.materialise(standin, now=clock.now)
    told = asked_about(signed_in(manager).post(change_page(standin), form_for(standin)))
    assert told[0].startswith("Nobody would be on call for a roster of another team from Tue 10 Mar")
