"""What a roster's page says of itself while one edits: gaps, on whom it hangs, strain, and who bears what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.contacts.models import ContactMethod, MethodKind
from apps.core.errors import Invalid
from apps.rosters import actions, coverage, findings, planning, rules
from apps.rosters.coverage import reach
from apps.rosters.models import LayerMember, Restriction, Roster
from apps.rosters.rules import Window
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import ADD_ROSTER, change_page, entered, form_of, preview_of, saying_yes, signed_in
from tests.rosters.building import layer_of, member

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NOBODY_TAKES_TURNS = "Nobody takes turns in this layer: add people, or a calendar."


@pytest.fixture
def reached(clock, people):
    """All of the people can be paged."""
    for person in people:
        ContactMethod.objects.create(
            person=person, kind=MethodKind.EMAIL, value=person.email, verified_at=clock.now, position=1
        )


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def said(client, roster, form) -> str:
    return words(preview_of(client, roster, form).content.decode())


def listed(roster, now):
    """The findings of ``roster`` as it is stored, by their titles."""
    window = Window(now, now + 90 * DAY)
    layers = [layer for layer, _ in planning.by_layer(roster, window)]
    found = findings.of_plan_in_words(roster, planning.planned(roster, window), window, layers=layers)
    return found, {part.title: part.lines for part in found.parts}


def test_where_nothing_is_wrong_it_says_so(roster, clock, manager, reached):
    page = said(signed_in(manager), roster, entered(roster))
    assert "The next 90 days: nothing is wrong." in page
    assert "None: somebody is on call whenever somebody should be." in page
    assert "Everybody here can be paged." in page


def test_gaps_of_the_form_are_listed_before_anything_is_saved(roster, clock, manager, reached):
    client = signed_in(manager)
    page = said(client, roster, entered(roster, covers="Mon-Sat 00:00-24:00"))
    assert "Gaps 13" in page
    assert "Sun 2026-03-08 00:00 to Mon 2026-03-09 00:00 CET (1 d)" in page
    assert "and 5 more" in page
    assert not Restriction.objects.exists()
    assert "Gaps 0" in words(client.get(change_page(roster)).content.decode())


def test_what_nobody_wants_covered_is_no_gap_and_drawn_as_such(clock, team, manager, people, reached):
    form = form_of(team, people) | {"layers-0-covers": "Mon-Fri 09:00-18:00"}
    drawn = preview_of(signed_in(manager), None, form).content.decode()
    assert "Gaps 0" in words(drawn)
    assert "Not needed: Fri 6 Mar 18:00 to Mon 9 Mar 00:00" in drawn
    assert 'class="bar nobody"' not in drawn
    primary = preview_of(signed_in(manager), None, form | {"is_primary": "on"}).content.decode()
    assert "Nobody: Fri 6 Mar 18:00 to Mon 9 Mar 00:00" in primary
    assert "Not needed" not in primary


def test_a_gap_that_leave_makes_is_told_beside_what_nobody_wants(clock, team, people, reached):
    roster = Roster.objects.create(slug="office", name="Office", team=team, time_zone="Europe/Berlin")
    Restriction.objects.create(layer=layer_of(roster, people[:1]), weekdays=[0, 1, 2, 3, 4])
    actions.materialise(roster, now=clock.now)
    actions.add_absence(people[0], start=clock.now + DAY, end=clock.now + 2 * DAY, by=people[0])
    _, parts = listed(roster, clock.now)
    assert parts["Gaps"] == ["Tue 2026-03-03 11:00 to Wed 2026-03-04 11:00 CET, 9 h in 2 parts (9 h)"]


def test_who_cannot_be_paged_and_on_whom_it_hangs(roster, clock, manager, people):
    ContactMethod.objects.create(
        person=people[0], kind=MethodKind.EMAIL, value=people[0].email, verified_at=clock.now, position=1
    )
    ContactMethod.objects.create(person=people[1], kind=MethodKind.EMAIL, value=people[1].email, position=1)
    page = said(signed_in(manager), roster, entered(roster))
    assert "Only anna can be paged" in page
    assert "ben cannot be paged and is on call for 30 d" in page
    assert "Without a verified contact method 2 ben cleo" in page
    assert "2 people who cannot be paged" in page


def test_no_break_and_too_many_nights_count_what_was_before(roster, clock, manager, people, reached):
    clock.shift(days=14)
    actions.materialise(roster)
    LayerMember.objects.exclude(person=people[2]).delete()
    roster.layers.update(starts_on="2026-03-16")
    _, parts = listed(roster, clock.now)
    [no_break, nights] = parts["Strain"]
    assert no_break.startswith("cleo: 90 d 2 h without a break, Mon 2026-03-16 09:00 to")
    assert nights.startswith("cleo: 14 nights within 14 days, ")


def test_the_load_is_a_table_with_who_has_more_and_who_less(roster, clock, manager, people, reached):
    for weeks in range(8):
        start = clock.now + timedelta(weeks=weeks)
        actions.add_override(roster, person=people[0], start=start, end=start + 7 * DAY, by=manager)
    form = entered(roster)
    page = said(signed_in(manager), roster, form)
    assert re.search(r"anna \d+ h 7\d % \d+ \d+ h 0 h 2\.2 × the (hours|nights|weekend hours)", page)
    assert re.search(r"ben \d+ h 1\d % \d+ \d+ h 0 h 0\.4 × the", page)
    assert "3 unequal shares" in page


def test_whoever_has_no_turn_is_in_the_table(roster, clock, people, reached):
    layer_of(roster, people[:1], name="Above", position=2)
    found, _ = listed(roster, clock.now)
    assert [(load.person.name, load.percent, load.less) for load in found.loads] == [
        ("anna", 100, []), ("ben", 0, ["no turn"]), ("cleo", 0, ["no turn"]),
    ]  # fmt: skip


def test_holidays_are_those_of_each_person(roster, clock, people, reached):
    people[0].holidays_of = "DE-BE"
    people[0].save()
    found, _ = listed(roster, clock.now)
    holidays = {load.person.name: load.holidays for load in found.loads}
    assert holidays["anna"] != "0 h"
    assert holidays["ben"] == "0 h"


def test_the_page_says_before_saving_what_the_report_says_after_it(roster, clock, manager, people, reached):
    clock.shift(days=3, hours=5)
    actions.materialise(roster)
    actions.add_absence(people[1], start=clock.now + DAY, end=clock.now + 9 * DAY, by=people[1])
    Restriction.objects.create(layer=roster.layers.get(), weekdays=[0, 1, 2, 3, 4])
    window = Window(clock.now, clock.now + 60 * DAY)
    before = coverage.of_plan(roster, planning.planned(roster, window), window, who_can_be_paged=reach.who_can_be_paged)
    actions.materialise(roster)
    after = coverage.of_rosters(Roster.objects.all(), window, who_can_be_paged=reach.who_can_be_paged)
    assert before.people == after.people
    [mine], [stored] = before.rosters, after.rosters
    assert (mine.wanted, mine.weak_points, mine.shares) == (stored.wanted, stored.weak_points, stored.shares)
    assert [gap.parts for gap in mine.gaps] == [gap.parts for gap in stored.gaps]


def test_a_retired_roster_misses_nobody(roster, clock, manager, people):
    actions.retire(roster, by=manager)
    page = signed_in(manager).get(change_page(roster)).content.decode()
    assert 'class="bar nobody"' not in page
    assert "It is retired: nobody needs to be on call here any more." in page
    assert "failure" not in page


def test_it_costs_the_same_for_three_and_for_thirty_people(roster, clock, team, manager, people, reached):
    client = signed_in(manager)
    form = entered(roster)
    preview_of(client, roster, form)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(roster, clock.now)
        return len(asked)

    few = queries()
    layer = roster.layers.get()
    for number in range(27):
        person = member(f"p{number}@example.com", team, TeamRole.RESPONDER)
        LayerMember.objects.create(layer=layer, person=person, position=10 + number)
    assert queries() == few
    assert len(listed(roster, clock.now)[0].loads) == 30


def test_who_only_looks_reads_it_and_others_managers_do_not(roster, clock, manager, reached):
    auditor = signed_in(member("audrey@example.com", None, TeamRole.AUDITOR))
    assert "nothing is wrong" in words(auditor.get(change_page(roster)).content.decode())
    other = signed_in(member("olga@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER))
    assert "The next 90 days" not in said(other, roster, entered(roster))
    assert other.get(change_page(roster)).status_code == 302


# Layers that nobody takes turns in


@pytest.mark.parametrize(("people", "from_calendar"), [([7], False), ([], True), ([7], True)])
def test_somebody_or_a_calendar_takes_turns(people, from_calendar):
    rules.check_takes_turns(people, from_calendar=from_calendar)


def test_a_layer_in_which_nobody_takes_turns_is_invalid():
    with pytest.raises(Invalid, match=f"^{NOBODY_TAKES_TURNS}$") as refused:
        rules.check_takes_turns([], from_calendar=False)
    assert refused.value.field == "people"


def test_a_new_layer_without_people_is_refused_beside_its_field(clock, team, manager, people):
    client = signed_in(manager)
    answer = client.post(ADD_ROSTER, form_of(team, []))
    assert answer.status_code == 200
    [layer] = answer.context["inline_admin_formsets"][0].formset.forms
    assert layer.errors == {"add_people": [NOBODY_TAKES_TURNS]}
    assert f"Nothing was saved. Add people: {NOBODY_TAKES_TURNS}" in words(answer.content.decode())
    assert not Roster.objects.exists()
    assert client.post(ADD_ROSTER, form_of(team, []) | {"layers-0-add_people": "anna"}).status_code == 302


def test_people_who_cannot_be_read_are_not_taken_for_nobody(clock, team, manager):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, []) | {"layers-0-add_people": "Zoe"})
    [layer] = answer.context["inline_admin_formsets"][0].formset.forms
    assert layer.errors == {"add_people": ["Nobody is called Zoe."]}


def test_the_last_people_of_a_layer_are_not_taken_out(roster, clock, manager, people):
    client = signed_in(manager)
    form = entered(roster) | {f"layers-0-members-{number}-DELETE": "on" for number in range(3)}
    assert client.post(change_page(roster), form | {"accept_gaps": "on"}).status_code == 200
    assert roster.layers.get().members.count() == 3
    away = form | {"layers-0-DELETE": "on"}
    asked = client.post(change_page(roster), away)
    assert client.post(change_page(roster), saying_yes(asked, away)).status_code == 302
    assert not roster.layers.exists()


def test_while_one_edits_a_layer_without_people_is_drawn_and_told(clock, team, manager, people):
    drawn = preview_of(signed_in(manager), None, form_of(team, [])).content.decode()
    assert drawn.count('class="roster-week"') == 6
    assert "1 layer without people" in drawn
    assert "Layers that nobody takes turns in 1 Everybody" in words(drawn)


def test_an_empty_layer_that_was_there_stops_nobody_from_saving_the_rest(roster, clock, manager, people, reached):
    client = signed_in(manager)
    empty = layer_of(roster, [], name="Nights", position=0)
    form = entered_with(roster, empty)
    assert "Layers that nobody takes turns in 1 Nights" in said(client, roster, form)
    assert client.post(change_page(roster), form | {"name": "Renamed"}).status_code == 302
    roster.refresh_from_db()
    assert roster.name == "Renamed"
    refused = client.post(change_page(roster), form | {"layers-0-length": 2})
    assert NOBODY_TAKES_TURNS in words(refused.content.decode())


def entered_with(roster, empty):
    """What the page of ``roster`` sends, whose first layer is the ``empty`` one."""
    full = roster.layers.exclude(pk=empty.pk).get()
    form = form_of(roster.team, []) | {
        "slug": roster.slug, "name": roster.name, "is_primary": "on",
        "layers-TOTAL_FORMS": 2, "layers-INITIAL_FORMS": 2,
        "layers-0-position": 0, "layers-0-add_people": "", "layers-0-covers": "",
    }  # fmt: skip
    for number, layer in enumerate((empty, full)):
        form |= {key.replace("layers-0", f"layers-{number}"): value for key, value in form.items() if "layers-0" in key}
        form |= {
            f"layers-{number}-id": layer.pk, f"layers-{number}-roster": roster.pk, f"layers-{number}-name": layer.name,
            f"layers-{number}-position": layer.position,
        }  # fmt: skip
    form |= {"layers-1-members-TOTAL_FORMS": 3, "layers-1-members-INITIAL_FORMS": 3}
    for number, place in enumerate(full.members.all()):
        form |= {
            f"layers-1-members-{number}-id": place.pk,
            f"layers-1-members-{number}-layer": full.pk,
            f"layers-1-members-{number}-person": place.person_id,
            f"layers-1-members-{number}-position": place.position,
        }
    return form


def test_overrides_on_the_page_say_their_times_by_the_clock_of_whoever_looks(roster, clock, manager, people):
    manager.time_zone = "Asia/Tokyo"
    manager.save()
    actions.add_override(roster, person=people[1], start=clock.now + DAY, end=clock.now + 2 * DAY, by=manager)
    page = signed_in(manager).get(reverse("admin:rosters_roster_change", args=[roster.pk])).content.decode()
    assert "Tue 03 Mar 2026 19:00 JST" in page
    assert "By the clock in Asia/Tokyo." in page
