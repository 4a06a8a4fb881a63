"""Two who save a roster, or one while its calendar is read: one waits for the other, and the second is told."""

from __future__ import annotations

from functools import partial

import pytest
from django.utils import timezone

from apps.core import clock as house_clock
from apps.core.errors import Invalid
from apps.rosters import actions
from apps.rosters.models import CalendarSource, Roster
from apps.rosters.rules import Window
from tests.escalation.test_races import one_waits_for_the_other
from tests.incidents.test_locking import at_once
from tests.integrations.provider import Answer, Provider
from tests.rosters.admin_forms import ADD_ROSTER, change_page, entered, form_of, signed_in
from tests.rosters.agreement import stored
from tests.rosters.calendars import calendar, event
from tests.rosters.races.outcome import DAY, agrees, holders

pytestmark = pytest.mark.django_db(transaction=True)


# Whole rosters


def test_a_new_primary_roster_that_covers_all_time_is_saved_unasked_while_the_clock_runs(team, manager, people):
    answer = signed_in(manager).post(ADD_ROSTER, form_of(team, people) | {"is_primary": "on"})
    assert answer.status_code == 302
    agrees(Roster.objects.get())


def test_the_second_of_two_who_save_a_roster_is_told(roster, manager, responder):
    shown = signed_in(manager).get(change_page(roster))
    form = entered(roster) | {"edited_version": shown.context["edited_version"]}
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
