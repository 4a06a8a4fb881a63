"""A zone that the time zone database does not know any more: everything goes on with the shifts that are there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from icalendar import Calendar

from apps.core.errors import Invalid
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.notifications import coverage_notices
from apps.notifications.models import Notification, Urgency
from apps.rosters import actions, exports, handlers, queries
from apps.rosters.calendars.feeds import calendar_of_feed
from apps.rosters.models import AbsenceKind, CalendarSource, FeedKind, Layer, Roster, ZoneRules
from apps.rosters.planning import planned
from apps.rosters.rules import Window
from tests.rosters.admin_forms import ROSTERS, change_page, entered, preview_of, signed_in
from tests.rosters.building import layer_of, shown
from tests.rosters.calendars import calendar, event
from tests.rosters.test_api import client_of
from tests.rosters.test_api_writing import PLATFORM, send
from tests.zone_files import CENTRAL_EUROPE, Database, database

pytestmark = pytest.mark.django_db(transaction=True)

GONE = "Test/Gone"
SAID = "The time zone database does not know Test/Gone any more. The shifts that are planned stay as they are"


@pytest.fixture
def zones(tmp_path) -> Database:
    with database(tmp_path) as own:
        own.publish(GONE, CENTRAL_EUROPE)
        yield own


@pytest.fixture(params=["roster", "layer"])
def lost(zones, roster, team, people, manager, clock, request) -> Roster:
    """The roster, or its layer, lives in a zone that was known when its shifts were planned; another one does not."""
    if request.param == "roster":
        Roster.objects.filter(pk=roster.pk).update(time_zone=GONE)
    else:
        Layer.objects.filter(roster=roster).update(time_zone=GONE)
    other = Roster.objects.create(slug="other", name="Other", team=team, time_zone="Europe/Berlin")
    layer_of(other, people)
    actions.materialise(other, now=clock.now)
    roster.refresh_from_db()
    actions.materialise(roster, now=clock.now)
    actions.look_at_zones()
    zones.withdraw(GONE)
    return roster


def told(person) -> list[Notification]:
    return list(Notification.objects.filter(person=person, step__startswith="zone:"))


def test_the_shifts_stay_and_the_other_rosters_are_filled_on(lost, clock, settings):
    before = shown(lost)
    clock.shift(days=1)
    handlers.roll_on(Timer())
    run_due()
    assert shown(lost) == before
    other = Roster.objects.get(slug="other")
    assert other.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON
    assert not Timer.objects.exclude(state__in=[State.DONE, State.PENDING]).exists()
    assert [duty.person.name for duty in queries.on_call(at=clock.now)] == ["ben", "ben"]


def test_managers_are_told_once_and_the_history_says_it(lost, clock, manager):
    for _ in range(3):
        handlers.look_at_zones(Timer())
        run_due()
        clock.shift(hours=12)
    [notice] = told(manager)
    assert (notice.subject, notice.urgency) == ("Platform: nobody knows the time zone Test/Gone any more", Urgency.LOW)
    assert notice.text.startswith(SAID)
    assert lost.history.filter(history_user=None, history_change_reason__startswith=SAID).count() == 1


def test_it_may_go_again_and_is_told_again(lost, clock, zones, manager):
    for _ in range(2):
        handlers.look_at_zones(Timer())
        run_due()
        clock.shift(hours=1)
        zones.publish(GONE, CENTRAL_EUROPE)
        handlers.look_at_zones(Timer())
        run_due()
        clock.shift(hours=1)
        zones.withdraw(GONE)
    assert len(told(manager)) == 2


def test_once_it_is_known_again_the_roster_is_filled_on_and_nothing_is_told_that_did_not_move(
    lost, clock, zones, manager, settings
):
    handlers.look_at_zones(Timer())
    run_due()
    clock.shift(days=2)
    zones.publish(GONE, CENTRAL_EUROPE)
    handlers.look_at_zones(Timer())
    run_due()
    assert lost.shifts.order_by("during").last().end == clock.now + settings.ROSTER_HORIZON
    assert (len(told(manager)), ZoneRules.objects.get(name=GONE).missing_since) == (1, None)


def test_a_zone_that_nobody_ever_knew_is_told_too(roster, clock, manager):
    Roster.objects.filter(pk=roster.pk).update(time_zone="Mars/Phobos")
    before = shown(roster)
    handlers.roll_on(Timer())
    run_due()
    assert shown(roster) == before
    assert len(told(manager)) == 1


def test_overrides_swaps_and_leave_go_on(lost, clock, manager, people):
    anna, ben, cleo = people
    noon = clock.now + timedelta(hours=2)
    override = actions.add_override(lost, person=ben, start=noon, end=noon + timedelta(hours=2), by=manager)
    assert [duty.person.name for duty in queries.on_call(at=noon, roster=lost)] == ["ben"]
    actions.remove_override(override, by=manager)
    actions.add_absence(
        ben, start=clock.now + timedelta(days=1), end=clock.now + timedelta(days=1, hours=4), kind=AbsenceKind.SICK,
        by=manager,
    )  # fmt: skip
    gone = clock.now + timedelta(days=1, hours=1)
    assert [duty.person for duty in queries.on_call(at=gone, roster=lost)] == [None]
    later = noon + timedelta(days=2)
    swap = actions.ask_for_swap(lost, by=cleo, start=later, end=later + timedelta(hours=3), asked_of=anna)
    actions.accept_swap(swap, by=anna)
    assert [duty.person.name for duty in queries.on_call(at=later, roster=lost)] == ["anna"]


def test_what_is_planned_is_what_is_there(lost, clock):
    window = Window(clock.now, clock.now + timedelta(days=30))
    assert [(each.person, each.start) for each in planned(lost, window)][1:] == [
        (shift.person_id, shift.start)
        for shift in lost.shifts.filter(during__startswith__gt=clock.now, during__startswith__lt=window.end).order_by(
            "during"
        )
    ]


def test_it_is_said_beside_its_field_on_the_page_and_in_the_preview(lost, clock, manager):
    client = signed_in(manager)
    page = client.get(change_page(lost))
    assert page.status_code == 200
    text = page.content.decode()
    where = "field-time_zone" if lost.time_zone == GONE else "layers-0-time_zone"
    beside = text[text.index(where) :]
    assert SAID in beside[:6000]
    assert SAID in client.get(reverse("roster", args=[lost.slug])).content.decode()
    for view in ("weeks", "month", "list"):
        assert client.get(reverse("roster", args=[lost.slug]), {"view": view, "zone": "roster"}).status_code == 200


def test_it_is_saved_only_with_a_zone_that_is_known(lost, clock, manager):
    client = signed_in(manager)
    form = entered(lost) | ({"time_zone": GONE} if lost.time_zone == GONE else {"layers-0-time_zone": GONE})
    before = shown(lost)
    assert "Test/Gone is not an IANA time zone" in preview_of(client, lost, form).content.decode()
    assert "Test/Gone is not an IANA time zone" in client.post(change_page(lost), form).content.decode()
    assert shown(lost) == before
    assert client.post(change_page(lost), entered(lost) | {"layers-0-time_zone": ""}).status_code == 302
    lost.refresh_from_db()
    assert lost.time_zone == "Europe/Berlin"


@pytest.mark.parametrize("path", ["/oncall/", "/coverage/", "/", "/shifts/", ROSTERS])
def test_no_page_breaks(lost, clock, manager, path):
    assert signed_in(manager).get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/oncall/", "/api/v1/rosters/", PLATFORM, f"{PLATFORM}shifts/", f"{PLATFORM}notes/"]
)
def test_the_api_answers(lost, clock, manager, path):
    assert client_of(manager).get(path).status_code == 200


def test_the_api_changes_other_things_only_with_a_zone_that_is_known(lost, clock, manager):
    client = client_of(manager)
    read = client.get(PLATFORM).json()
    assert send(client, "post", f"{PLATFORM}preview/", {}).status_code == 200
    answer = send(client, "patch", PLATFORM, {"name": "Named", "layers": read["layers"], "time_zone": lost.time_zone})
    assert answer.status_code == 400
    assert "not an IANA time zone" in str(answer.json()["errors"])
    mended = [{**layer, "time_zone": ""} for layer in read["layers"]]
    assert send(client, "patch", PLATFORM, {"layers": mended, "time_zone": "Europe/Berlin"}).status_code == 200


def test_a_layer_is_split_only_with_a_zone_that_is_known(lost, clock, manager):
    with pytest.raises(Invalid, match="not an IANA time zone"):
        actions.change_from(lost.layers.get(), date(2026, 3, 9), by=manager)
    assert lost.layers.count() == 1


def test_coverage_is_told_and_the_weekly_mail_written(lost, clock, manager, capsys):
    call_command("coverage")
    assert "rosters, the next 90 days" in capsys.readouterr().out
    coverage_notices.plan_warnings()
    coverage_notices.plan_weekly()
    run_due()
    assert not Timer.objects.filter(kind__startswith="notifications.coverage").exclude(state=State.DONE).exists()
    assert Notification.objects.filter(person=manager, step__startswith="coverage:").exists()


def test_calendars_and_tables_of_it_can_still_be_had(lost, clock, team, manager):
    feed, _ = actions.make_feed(FeedKind.TEAM, by=manager, team=team)
    read = Calendar.from_ical(calendar_of_feed(feed, now=clock.now))
    first = min(each["DTSTART"].dt for each in read.walk("VEVENT") if "Platform" in each["DESCRIPTION"])
    assert first == lost.shifts.order_by("during").first().start
    days = {"first": date(2026, 3, 2), "last": date(2026, 3, 9)}
    assert "platform,1,anna@example.com" in exports.shifts_csv(Roster.objects.all(), **days)


def test_a_table_of_overrides_names_the_row_that_cannot_be_read(lost, clock, manager):
    table = (
        "roster,person,start,end\n"
        "platform,ben@example.com,2026-03-10T09:00,2026-03-10T12:00\n"
        "other,ben@example.com,2026-03-10T09:00,2026-03-10T12:00\n"
    )
    plan = actions.plan_overrides_import(table.encode(), by=manager)
    refused = [problem.reason for problem in plan.problems]
    assert len(refused) == (1 if lost.time_zone == GONE else 0)
    assert all(text.startswith(SAID) for text in refused)


def test_a_calendar_keeps_its_last_good_copy_and_says_why(lost, clock):
    layer = lost.layers.get()
    text = calendar(event("1", ":20260303T090000", ":20260304T090000", summary="Anna"))
    source = CalendarSource.objects.create(
        layer=layer, file_name="a.ics", uploaded_at=clock.now, good_text=text.decode()
    )
    actions.read_calendar(source.pk, anew=True)
    source.refresh_from_db()
    assert "Test/Gone is not an IANA time zone" in source.failure
