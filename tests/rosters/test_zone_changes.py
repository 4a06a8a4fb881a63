"""The rules of a zone change: shifts that are still to come move with them, and their managers are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.core.errors import RuleViolation
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.notifications.models import Notification, Urgency
from apps.rosters import actions, handlers
from apps.rosters.actions import FOLLOW_ZONE
from apps.rosters.models import Roster, Shift, ZoneChange, ZoneRules
from apps.teams.models import Team, TeamRole
from tests.rosters.admin_forms import change_page, entered, signed_in
from tests.rosters.building import layer_of, member
from tests.zone_files import ALWAYS_WINTER, CENTRAL_EUROPE, LONGER_SUMMER, Database, database

pytestmark = pytest.mark.django_db(transaction=True)

BERLIN = "Europe/Berlin"
SUMMER = datetime(2026, 3, 29, 1, tzinfo=UTC)
#: Anna to Cleo by turns for 120 days from 2 March on: those of 28 March on begin or end otherwise without summer time.
MOVED = 95
SAID = (
    "The rules of Europe/Berlin changed: from Sun 2026-03-29 02:00 CET on its clocks are 1 h behind what was planned"
    f" by. {MOVED} shifts of Platform moved, the first on Sat 2026-03-28."
)


@pytest.fixture
def zones(tmp_path) -> Database:
    with database(tmp_path) as own:
        own.publish(BERLIN, CENTRAL_EUROPE)
        yield own


@pytest.fixture
def noted(zones, roster, manager) -> Roster:
    """The roster, once the rules of its zone were looked at."""
    actions.look_at_zones()
    return roster


def look() -> None:
    handlers.look_at_zones(Timer())
    run_due()


def told(person) -> list[Notification]:
    return list(Notification.objects.filter(person=person, step__startswith="zone:").order_by("pk"))


def follows() -> int:
    return Timer.objects.filter(kind=FOLLOW_ZONE).count()


def reasons(roster) -> list[tuple[str, object]]:
    records = roster.history.order_by("history_id")
    return [(each.history_change_reason, each.history_user) for each in records if each.history_change_reason]


def test_rules_that_stay_move_nothing_and_tell_nobody(noted, clock, manager):
    before = list(Shift.objects.values_list("pk", "during"))
    clock.shift(hours=5)
    look()
    assert (follows(), list(Shift.objects.values_list("pk", "during"))) == (0, before)
    assert not told(manager)


def test_coming_shifts_follow_the_new_rules_and_the_past_stays(noted, clock, zones):
    clock.set(datetime(2026, 4, 10, 12, tzinfo=UTC))
    handlers.roll_on(Timer())
    run_due()
    past = list(Shift.objects.filter(during__startswith__lt=clock.now).values_list("pk", "during__startswith"))
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert list(Shift.objects.filter(during__startswith__lt=clock.now).values_list("pk", "during__startswith")) == past
    held = noted.shifts.get(during__contains=clock.now)
    assert (held.start.hour, held.end) == (7, datetime(2026, 4, 11, 8, tzinfo=UTC))
    coming = noted.shifts.filter(during__startswith__gt=clock.now)
    assert {shift.start.hour for shift in coming} == {8}


def test_managers_are_told_once_from_when_on_and_how_much_moved(noted, clock, zones, manager, responder):
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    clock.shift(days=1)
    look()
    handlers.roll_on(Timer())
    run_due()
    [notice] = told(manager)
    assert notice.subject == "Platform: shifts moved with the rules of Europe/Berlin"
    assert (notice.text.splitlines()[0], notice.urgency) == (SAID, Urgency.LOW)
    assert "/rosters/platform/" in notice.text
    assert not told(responder)


def test_a_change_of_tomorrow_is_urgent(noted, clock, zones, manager):
    clock.set(datetime(2026, 3, 28, 9, tzinfo=UTC))
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert [notice.urgency for notice in told(manager)] == [Urgency.HIGH]


def test_what_moved_stands_in_the_history_as_a_deed_of_the_engine(noted, zones):
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert reasons(noted) == [(SAID, None)]
    assert (ZoneChange.objects.get().moved, ZoneRules.objects.get().differs_from) == (MOVED, SUMMER)


def test_the_nightly_filling_leaves_the_one_that_is_stood_for_to_what_says_so(noted, zones):
    stood_for = Roster.objects.create(slug="ai", name="AI", team=noted.team, time_zone="Asia/Singapore")
    week = (datetime(2026, 4, 6, tzinfo=UTC), datetime(2026, 4, 13, tzinfo=UTC))
    own = Roster.objects.filter(pk=noted.pk)
    own.update(is_primary=False, stands_in_for=stood_for, stands_in_during=week)
    zones.publish(BERLIN, ALWAYS_WINTER)
    handlers.roll_on(Timer())
    assert not Timer.objects.filter(kind="rosters.materialise").exists()


def test_the_nightly_filling_says_what_it_moves(noted, zones, manager):
    zones.publish(BERLIN, ALWAYS_WINTER)
    handlers.roll_on(Timer())
    run_due()
    assert len(told(manager)) == 1


def test_rules_that_change_beyond_the_horizon_count_once_it_reaches_them(noted, clock, zones, manager):
    zones.publish(BERLIN, LONGER_SUMMER)
    look()
    assert (follows(), told(manager)) == (0, [])
    clock.set(datetime(2026, 8, 1, 12, tzinfo=UTC))
    handlers.roll_on(Timer())
    run_due()
    [held] = noted.shifts.filter(during__contains=datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert (held.start.hour, told(manager)) == (7, [])


def test_the_layers_own_zone_counts_and_other_rosters_stay_as_they_are(zones, clock, team, people, manager):
    asia = Roster.objects.create(slug="asia", name="Asia", team=team, time_zone="Asia/Singapore")
    layer_of(asia, people, time_zone=BERLIN)
    untouched = Roster.objects.create(slug="nights", name="Nights", team=team, time_zone="Asia/Singapore")
    layer_of(untouched, people)
    for each in (asia, untouched):
        actions.materialise(each, now=clock.now)
    actions.look_at_zones()
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert list(ZoneChange.objects.values_list("roster__slug", "moved")) == [("asia", MOVED)]
    assert follows() == 1


def test_a_roster_that_lives_elsewhere_in_all_its_layers_is_not_told(zones, clock, team, people, manager):
    roster = Roster.objects.create(slug="asia", name="Asia", team=team, time_zone=BERLIN)
    layer_of(roster, people, time_zone="Asia/Singapore")
    actions.materialise(roster, now=clock.now)
    actions.look_at_zones()
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert (follows(), told(manager)) == (1, [])


def test_a_frozen_roster_keeps_its_wall_times_and_a_retired_one_is_left_alone(noted, clock, zones, team, people):
    Roster.objects.filter(pk=noted.pk).update(frozen_until=clock.now + timedelta(days=100))
    gone = Roster.objects.create(slug="gone", name="Gone", team=team, time_zone=BERLIN, retired_at=clock.now)
    layer_of(gone, people)
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert noted.shifts.get(during__contains=datetime(2026, 5, 1, 12, tzinfo=UTC)).start.hour == 8
    assert list(ZoneChange.objects.values_list("roster__slug", flat=True)) == ["platform"]


def test_one_that_is_retired_before_its_turn_comes_is_left_alone(noted, clock, zones, manager):
    zones.publish(BERLIN, ALWAYS_WINTER)
    actions.look_at_zones()
    actions.retire(noted, by=manager)
    run_due()
    assert (Timer.objects.get(kind=FOLLOW_ZONE).state, told(manager)) == (State.DONE, [])


def test_one_that_is_deleted_before_its_turn_comes_is_let_go(zones, clock, team):
    empty = Roster.objects.create(slug="empty", name="Empty", team=team, time_zone=BERLIN)
    actions.look_at_zones()
    zones.publish(BERLIN, ALWAYS_WINTER)
    actions.look_at_zones()
    empty.delete()
    run_due()
    assert Timer.objects.get(kind=FOLLOW_ZONE).state == State.DONE


def test_the_roster_that_another_stands_in_for_moves_with_it_and_its_own_managers_hear(zones, clock, team, people):
    other_team = Team.objects.create(slug="ai", name="AI")
    boss = member("boss@example.com", other_team, TeamRole.MANAGER)
    stood_for = Roster.objects.create(slug="ai", name="AI", team=other_team, time_zone="Asia/Singapore")
    layer_of(stood_for, people[:1])
    week = (datetime(2026, 4, 6, tzinfo=UTC), datetime(2026, 4, 13, tzinfo=UTC))
    holidays = Roster.objects.create(
        slug="easter", name="Easter", team=team, time_zone=BERLIN, stands_in_for=stood_for, stands_in_during=week
    )
    layer_of(holidays, people)
    actions.materialise(holidays, now=clock.now)
    actions.look_at_zones()
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    assert dict(ZoneChange.objects.values_list("roster__slug", "moved")) == {"easter": 8, "ai": 8}
    [notice] = told(boss)
    assert "8 shifts of AI moved, the first on Mon 2026-04-06" in notice.text


def test_it_is_said_beside_the_field_on_the_page_and_in_the_preview_until_somebody_edits(noted, zones, manager):
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    client = signed_in(manager)
    page = client.get(change_page(noted)).content.decode()
    field = page[page.index("field-time_zone") :]
    assert SAID in field[: field.index("field-is_primary")]
    assert SAID in page[page.index("six-weeks-said") :]
    assert SAID in client.get(reverse("roster", args=[noted.slug])).content.decode()
    assert client.post(change_page(noted), entered(noted) | {"name": "Platforms"}).status_code == 302
    noted.refresh_from_db()
    assert noted.name == "Platforms"
    assert "The rules of Europe/Berlin" not in client.get(change_page(noted)).content.decode()
    assert "The rules of Europe/Berlin" not in client.get(reverse("roster", args=[noted.slug])).content.decode()


def test_it_is_said_beside_the_zone_of_the_layer(zones, clock, team, people, manager):
    roster = Roster.objects.create(slug="asia", name="Asia", team=team, time_zone="Asia/Singapore")
    layer_of(roster, people, time_zone=BERLIN)
    actions.materialise(roster, now=clock.now)
    actions.look_at_zones()
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    page = signed_in(manager).get(change_page(roster)).content.decode()
    of_roster, of_layer = page.split("layers-0-", maxsplit=1)
    assert "The rules of Europe/Berlin changed" in of_layer.split("layers-0-time_zone", maxsplit=1)[1]
    assert "The rules of" not in of_roster[of_roster.index("field-time_zone") : of_roster.index("field-is_primary")]


def test_it_is_said_until_a_week_after_the_first_shift_that_moved(noted, clock, zones, manager):
    zones.publish(BERLIN, ALWAYS_WINTER)
    look()
    page = reverse("roster", args=[noted.slug])
    clock.set(datetime(2026, 4, 4, 7, tzinfo=UTC))
    assert SAID in signed_in(manager).get(page).content.decode()
    clock.set(datetime(2026, 4, 4, 9, tzinfo=UTC))
    assert SAID not in signed_in(manager).get(page).content.decode()


def test_a_roster_that_cannot_be_filled_stops_no_other(noted, clock, zones, team, people, monkeypatch):
    other = Roster.objects.create(slug="other", name="Other", team=team, time_zone=BERLIN)
    layer_of(other, people)
    actions.materialise(other, now=clock.now)
    zones.publish(BERLIN, ALWAYS_WINTER)

    def fails_for_one(roster, **options):
        if roster == noted:
            raise RuleViolation("It breaks.")
        actions.materialise(roster, **options)

    monkeypatch.setattr("apps.rosters.actions.zones.materialise", fails_for_one)
    look()
    assert list(ZoneChange.objects.values_list("roster__slug", flat=True)) == ["other"]
    assert set(Timer.objects.filter(kind=FOLLOW_ZONE).values_list("state", flat=True)) == {State.DONE, State.PENDING}
