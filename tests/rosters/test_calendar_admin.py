"""Calendars in the admin: where the turns of a layer come from, and importing one as overrides."""

from __future__ import annotations

import re

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.rosters import actions
from apps.rosters.calendars import feeds, reading
from apps.rosters.models import CalendarFeed, CalendarSource, FeedKind, Override, Roster
from apps.teams.models import Team, TeamRole
from tests.integrations.provider import Answer, Provider
from tests.rosters.admin_forms import as_shown
from tests.rosters.building import member, shown
from tests.rosters.calendars import calendar, event

pytestmark = pytest.mark.django_db(transaction=True)

ADD = reverse("admin:rosters_roster_add")
FLOATING = calendar(
    event("1", ":20260303T090000", ":20260304T090000", summary="Anna"),
    event("2", ":20260304T090000", ":20260305T090000", summary="Zoe"),
)


def signed_in(person) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def form_of(team, **more) -> dict:
    """What the page of a new roster sends: one layer whose turns come from a calendar."""
    layer = {
        "name": "From the calendar", "position": 1, "rotation": "weeks", "length": 1, "handoff_time": "09:00",
        "starts_on": "2026-03-01", "at_once": 1, "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
        "calendar-TOTAL_FORMS": 1, "calendar-INITIAL_FORMS": 0, "calendar-0-url": "",
    }  # fmt: skip
    return {
        "slug": "cal", "name": "Cal", "team": team.pk, "time_zone": "Asia/Tokyo",
        "layers-TOTAL_FORMS": 1, "layers-INITIAL_FORMS": 0, "overrides-TOTAL_FORMS": 0, "overrides-INITIAL_FORMS": 0,
        **{f"layers-0-{name}": value for name, value in layer.items()},
        **{f"layers-0-calendar-0-{name}": value for name, value in more.items()},
    }  # fmt: skip


def upload(text: bytes, name: str = "turns.ics") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text, content_type="text/calendar")


def errors_of(answer) -> dict[str, list[str]]:
    layer = answer.context["inline_admin_formsets"][0].formset.forms[0]
    nested = next(each.formset for each in layer.nested_formsets if each.formset.prefix.endswith("calendar"))
    return {name: [str(each) for each in errors] for name, errors in nested.forms[0].errors.items()}


def change_form_of(roster: Roster, **more) -> dict:
    """The same for a roster that is there, with its layer and calendar."""
    layer = roster.layers.get()
    form = form_of(roster.team, id=layer.calendar.pk, layer=layer.pk, **{"url": layer.calendar.url, **more})
    return form | {
        "layers-INITIAL_FORMS": 1, "layers-0-id": layer.pk, "layers-0-roster": roster.pk,
        "layers-0-calendar-INITIAL_FORMS": 1,
    }  # fmt: skip


def change_page(roster: Roster) -> str:
    return reverse("admin:rosters_roster_change", args=[roster.pk])


def test_the_page_sends_files(roster, manager):
    page = signed_in(manager).get(change_page(roster)).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert 'name="layers-0-calendar-__prefix__-file"' in page or 'name="layers-0-calendar-0-file"' in page


def test_a_file_gives_turns_at_once_in_the_zone_of_the_roster(clock, team, manager, people):
    answer = signed_in(manager).post(ADD, form_of(team, file=upload(FLOATING)))
    assert answer.status_code == 302, errors_of(answer)
    roster = Roster.objects.get(slug="cal")
    assert shown(roster) == [("anna", "03-03 00:00", "03-04 00:00", "layer")]
    source = CalendarSource.objects.get()
    assert (source.file_name, source.history.get().history_user) == ("turns.ics", manager)
    page = signed_in(manager).get(change_page(roster)).content.decode()
    assert "From the file turns.ics" in page
    assert "Zoe, first 2026-03-04: Nobody on call here has this name." in re.sub(r"\s+", " ", page)


@pytest.mark.parametrize(
    ("entered", "field", "said"),
    [
        ({"url": "calendar"}, "url", "valid URL"),
        ({"url": "ftp://example.com/x.ics"}, "url", "valid URL"),
        ({"url": "http://192.168.0.7/x.ics"}, "url", "private network"),
        ({"url": "webcal://localhost/x.ics"}, "url", "private network"),
        ({"url": "https://[/x.ics"}, "url", ""),
        ({"file": (b"<html>",)}, "file", "no calendar in the iCalendar format"),
        ({"file": (b"x" * (reading.LARGEST + 1),)}, "file", "larger than 5 MB"),
        ({"file": (calendar(event("1", ":20260303T080000Z", more="RRULE:FREQ=SECONDLY")),)}, "file", "every hour"),
        ({"url": "https://example.com/x.ics", "file": (FLOATING,)}, "file", "Either an address or a file."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_saved(clock, team, manager, entered, field, said):
    if "file" in entered:
        entered = entered | {"file": upload(*entered["file"])}
    form = form_of(team, **{"url": "", "id": "", **entered})
    answer = signed_in(manager).post(ADD, form)
    assert answer.status_code == 200
    assert said in " ".join(errors_of(answer)[field])
    assert not Roster.objects.exists()
    assert not CalendarSource.objects.exists()


def test_an_address_is_read_by_the_engine_after_saving(clock, team, manager, people, settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer(200, FLOATING)) as server:
        answer = signed_in(manager).post(ADD, form_of(team, url=server.url))
        assert answer.status_code == 302, errors_of(answer)
        assert server.received == []
        roster = Roster.objects.get(slug="cal")
        assert shown(roster) == []
        run_due()
        assert shown(roster) == [("anna", "03-03 00:00", "03-04 00:00", "layer")]


def test_saving_again_reads_again_and_another_address_keeps_the_old_turns_until_then(
    clock, team, manager, people, settings
):
    settings.OUTBOUND_PRIVATE = "allowed"
    client = signed_in(manager)
    client.post(ADD, form_of(team, file=upload(FLOATING)))
    roster = Roster.objects.get(slug="cal")
    answer = client.post(change_page(roster), change_form_of(roster, url="http://127.0.0.1:1/x.ics"))
    assert answer.status_code == 302, errors_of(answer)
    assert len(shown(roster)) == 1
    run_due()
    page = client.get(change_page(roster)).content.decode()
    assert "127.0.0.1 does not answer." in page
    assert "Its last good copy counts." in page
    assert len(shown(roster)) == 1


def test_an_address_is_not_just_emptied(roster, manager, people):
    CalendarSource.objects.create(layer=roster.layers.get(), url="https://example.com/x.ics")
    answer = signed_in(manager).post(change_page(roster), change_form_of(roster, url=""))
    assert errors_of(answer) == {"url": ["Give an address, or choose a file."]}
    assert CalendarSource.objects.get().url == "https://example.com/x.ics"


def test_a_page_that_was_opened_before_puts_no_old_address_back(roster, manager):
    layer, client = roster.layers.get(), signed_in(manager)
    for address in ("https://example.com/one.ics", "https://example.com/two.ics"):
        sent = as_shown(client.get(change_page(roster))) | {"name": ["Renamed"]}
        actions.use_address(layer, address, by=manager, accept_gaps=True)
        answer = client.post(change_page(roster), sent)
        assert "was changed while you edited it" in answer.content.decode()
        assert (Roster.objects.get().name, CalendarSource.objects.get().url) == ("Platform", address)


def test_a_calendar_is_taken_away_again(clock, team, manager, people):
    client = signed_in(manager)
    client.post(ADD, form_of(team, file=upload(FLOATING)))
    roster = Roster.objects.get(slug="cal")
    form = change_form_of(roster) | {"layers-0-calendar-0-DELETE": "on", "accept_gaps": "on"}
    assert client.post(change_page(roster), form).status_code == 200
    assert CalendarSource.objects.exists()
    assert client.post(change_page(roster), form | {"layers-0-add_people": "cleo"}).status_code == 302
    assert not CalendarSource.objects.exists()
    assert {name for name, *_ in shown(roster)} == {"cleo"}


def test_the_preview_shows_the_turns_of_a_file_and_saves_nothing(clock, team, manager, people):
    preview = reverse("admin:rosters_roster_preview_new")
    drawn = signed_in(manager).post(preview, form_of(team, file=upload(FLOATING)))
    assert "anna" in drawn.content.decode()
    assert not CalendarSource.objects.exists()
    assert not Timer.objects.filter(kind="rosters.read_calendar").exists()


@pytest.fixture
def locked_while_reading(monkeypatch) -> list[bool]:
    """For each calendar that is read in its process: whether somebody else would wait for a roster meanwhile."""
    found: list[bool] = []
    really = reading.subprocess.run

    def run(*args, **options):
        with psycopg.connect(**database_of_its_own()) as other:
            try:
                other.execute("SELECT 1 FROM rosters_roster FOR NO KEY UPDATE NOWAIT")
                found.append(False)
            except psycopg.errors.LockNotAvailable:
                found.append(True)
            other.rollback()
        return really(*args, **options)

    monkeypatch.setattr(reading.subprocess, "run", run)
    return found


def database_of_its_own() -> dict[str, object]:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("host", "port", "user", "password", "dbname") if name in known}


def test_a_file_is_read_while_nobody_waits_for_the_roster(clock, team, manager, people, locked_while_reading):
    client = signed_in(manager)
    client.post(ADD, form_of(team, file=upload(FLOATING)))
    roster = Roster.objects.get(slug="cal")
    preview = reverse("admin:rosters_roster_preview", args=[roster.pk])
    drawn = client.post(preview, change_form_of(roster, file=upload(FLOATING)))
    assert "anna" in drawn.content.decode()
    moved = {"time_zone": "Europe/Berlin", "accept_gaps": "on"}
    saved = client.post(change_page(roster), change_form_of(roster, file=upload(FLOATING)) | moved)
    assert saved.status_code in (200, 302)
    assert len(locked_while_reading) >= 3
    assert not any(locked_while_reading)
    refused = client.post(change_page(roster), change_form_of(roster, file=upload(b"<html>")))
    assert "no calendar" in " ".join(errors_of(refused)["file"])


def import_page(roster: Roster) -> str:
    return reverse("admin:rosters_roster_import_calendar", args=[roster.pk])


def planned_on(page) -> str:
    return page.context["planned"]


def test_an_import_is_shown_and_then_done(roster, clock, manager, people):
    client = signed_in(manager)
    assert import_page(roster) in client.get(change_page(roster)).content.decode()
    assert client.get(import_page(roster)).status_code == 200
    text = calendar(
        event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo"),
        event("2", ":20260304T080000Z", ":20260305T080000Z", summary="Cleo"),
        event("3", ":20260305T080000Z", ":20260306T080000Z", summary="Zoe"),
    )
    page = client.post(import_page(roster), {"file": upload(text)})
    said = re.sub(r"\s+", " ", page.content.decode())
    assert "To be added (1)" in said
    assert "So already (1)" in said
    assert "Zoe, first 2026-03-05: Nobody on call here has this name." in said
    assert not Override.objects.exists()
    done = client.post(import_page(roster), {"planned": planned_on(page)}, follow=True)
    assert "1 override added." in done.content.decode()
    assert Override.objects.get().created_by == manager
    again = client.post(import_page(roster), {"planned": planned_on(page)}, follow=True)
    assert "Nothing to change." in again.content.decode()
    assert Override.objects.count() == 1


def test_importing_what_we_export_says_nothing_to_change(roster, clock, manager):
    text = feeds.calendar_of_roster(roster, now=clock.now)
    page = signed_in(manager).post(import_page(roster), {"file": upload(text)})
    assert "Nothing: the roster says so already." in page.content.decode()
    assert "To be added (0)" in page.content.decode()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "This field is required."),
        ({"file": (b"",)}, "empty"),
        ({"file": (b"nonsense",)}, "no calendar in the iCalendar format"),
        ({"file": (b"x" * (reading.LARGEST + 1),)}, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_beside_the_field(roster, manager, sent, said):
    sent = {name: upload(*value) for name, value in sent.items()}
    page = signed_in(manager).post(import_page(roster), sent)
    assert said in " ".join(page.context["form"].errors["file"])


def test_an_event_without_an_end_in_sight_is_shown_and_left_out(roster, clock, manager):
    manager.time_zone = "Asia/Tokyo"
    text = calendar(
        event("1", ":20260303T080000Z", ":99991231T235959Z", summary="Cleo"),
        event("2", ":00010101T000000Z", ":20260303T080000Z", summary="Ben"),
        event("3", ";VALUE=DATE:99991231", summary="Anna"),
        event("4", ":00000101T000000Z", ":20260303T080000Z", summary="Nobody"),
    )
    page = signed_in(manager).post(import_page(roster), {"file": upload(text)})
    said = re.sub(r"\s+", " ", page.content.decode())
    assert page.status_code == 200
    assert "Left out (2)" in said
    assert said.count("It lasts at most 93 days.") == 2
    assert "Anna: It cannot be read: its dates lie too far away." in said
    assert "Nobody: It cannot be read: DTSTART" in said


def test_what_was_not_shown_is_not_done(roster, clock, manager, team):
    other = Roster.objects.create(slug="other", name="Other", team=team)
    client = signed_in(manager)
    text = calendar(event("1", ":20260303T080000Z", ":20260304T080000Z", summary="Cleo"))
    planned = planned_on(client.post(import_page(roster), {"file": upload(text)}))
    for page, sent in ((other, planned), (roster, planned[:-2]), (roster, "nonsense")):
        answer = client.post(import_page(page), {"planned": sent}, follow=True)
        assert "choose the file again" in answer.content.decode()
    assert not Override.objects.exists()


def test_only_managers_of_the_team_import(roster, clock, responder):
    stranger = member("sam@example.com", Team.objects.create(slug="ai", name="AI"), TeamRole.MANAGER)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    assert [signed_in(person).get(import_page(roster)).status_code for person in (responder, stranger, auditor)] == [
        404, 404, 403,
    ]  # fmt: skip


def test_an_administrator_revokes_anybodys_link(roster, responder):
    feed, token = actions.make_feed(FeedKind.ROSTER, by=responder, roster=roster)
    admin = signed_in(member("ada@example.com", None, TeamRole.ADMIN))
    listed = reverse("admin:rosters_calendarfeed_changelist")
    page = admin.get(listed).content.decode()
    assert "Platform" in page
    assert token not in page
    admin.post(listed, {"action": "revoke", "_selected_action": [feed.pk]})
    assert CalendarFeed.objects.get().revoked_at is not None
    assert signed_in(responder).get(listed).status_code == 403
