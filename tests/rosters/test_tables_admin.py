"""The pages on which managers take rosters away as tables and bring them in."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.rosters import actions, exports, tables
from apps.rosters.models import Override, Roster
from apps.teams.models import Team, TeamRole
from tests.rosters.building import layer_of, member, shown

pytestmark = pytest.mark.django_db

ROSTERS = reverse("admin:rosters_roster_changelist")
TABLES = reverse("admin:rosters_roster_tables")
LAYERS_FILE = reverse("admin:rosters_roster_layers_csv")
SHIFTS_FILE = reverse("admin:rosters_roster_shifts_csv")
IMPORT_LAYERS = reverse("admin:rosters_roster_import_layers")
IMPORT_OVERRIDES = reverse("admin:rosters_roster_import_overrides")
GETS = (TABLES, LAYERS_FILE, f"{SHIFTS_FILE}?from=2026-03-02&to=2026-03-03", IMPORT_LAYERS, IMPORT_OVERRIDES)


def signed_in(person) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def upload(text: str | bytes) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("table.csv", text if isinstance(text, bytes) else text.encode())}


def said(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def cells(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode(), newline="")))


@pytest.fixture
def elsewhere(db, people) -> Roster:
    roster = Roster.objects.create(slug="ai", name="AI", team=Team.objects.create(slug="ai", name="AI"))
    layer_of(roster, people)
    actions.materialise(roster)
    return roster


def test_the_list_and_the_page_of_a_roster_lead_to_its_tables(roster, elsewhere, team, manager):
    other = Roster.objects.create(slug="other", name="Other", team=team)
    client = signed_in(manager)
    assert TABLES in said(client.get(ROSTERS))
    assert f"{TABLES}?of={roster.pk}" in said(client.get(reverse("admin:rosters_roster_change", args=[roster.pk])))
    chosen = {"action": "export", "_selected_action": [roster.pk, other.pk, elsewhere.pk]}
    page = client.post(ROSTERS, chosen, follow=True)
    assert page.context["rosters"] == [other, roster]
    assert f'name="of" value="{roster.pk}"' in said(page)
    assert "Of all rosters in use that you see (2)." in said(client.get(TABLES))


def test_layers_are_taken_away_of_the_rosters_that_are_asked_for_and_seen(roster, elsewhere, manager):
    client = signed_in(manager)
    answer = client.get(LAYERS_FILE, {"of": [roster.pk, elsewhere.pk, "x", "9" * 30]})
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8", 'attachment; filename="platform-layers.csv"',
    )  # fmt: skip
    assert {row["roster"] for row in cells(answer)} == {"platform"}
    assert cells(client.get(LAYERS_FILE, {"of": elsewhere.pk})) == []
    auditor = signed_in(member("audrey@example.com", None, TeamRole.AUDITOR))
    assert {row["roster"] for row in cells(auditor.get(LAYERS_FILE))} == {"platform", "ai"}


def test_shifts_are_taken_away_from_one_day_to_another(roster, elsewhere, manager, clock):
    days = {"from": "2026-03-03", "to": "2026-03-03"}
    answer = signed_in(manager).get(SHIFTS_FILE, {**days, "of": [roster.pk, elsewhere.pk]})
    assert answer["Content-Disposition"] == 'attachment; filename="platform-shifts-2026-03-03-to-2026-03-03.csv"'
    assert [(row["roster"], row["person"]) for row in cells(answer)] == [
        ("platform", "anna@example.com"), ("platform", "ben@example.com"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ({"from": "2026-03-03", "to": "2026-03-02"}, "The last day is not before the first."),
        ({"from": "2026-03-03", "to": "2028-03-02"}, "At most 366 days at once."),
        ({"from": "someday", "to": "2026-03-02"}, "Enter a valid date."),
        ({}, "This field is required."),
    ],
)
def test_days_that_cannot_be_are_told_beside_their_field(roster, manager, days, told):
    page = signed_in(manager).get(SHIFTS_FILE, {**days, "of": roster.pk})
    assert page["Content-Type"].startswith("text/html")
    assert told in said(page)
    assert f'name="of" value="{roster.pk}"' in said(page)


def test_who_may_take_away_and_who_may_bring_in(roster, responder, clock):
    stella = member("stella@example.com", roster.team, TeamRole.STAKEHOLDER)
    auditor = member("audrey@example.com", None, TeamRole.AUDITOR)
    found = {
        person.name: [signed_in(person).get(address).status_code for address in GETS]
        for person in (responder, stella, auditor)
    }
    assert found == {"rita": [403] * 5, "stella": [403] * 5, "audrey": [200, 200, 200, 403, 403]}
    for address in (IMPORT_LAYERS, IMPORT_OVERRIDES):
        assert signed_in(auditor).post(address, upload("roster")).status_code == 403
        assert signed_in(auditor).post(address, {"planned": "x"}).status_code == 403


def layers_file(roster: Roster, **changes: str) -> str:
    text = exports.layers_csv(Roster.objects.filter(pk=roster.pk))
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def test_layers_are_shown_and_then_changed(roster, manager, clock):
    client = signed_in(manager)
    assert client.get(IMPORT_LAYERS).status_code == 200
    before = shown(roster)
    page = client.post(IMPORT_LAYERS, upload(layers_file(roster, ben="mona")))
    for words in (
        "Days: changed",
        "Added: mona",
        "Removed: ben",
        "Order of turns: anna, mona, cleo",
        "Change 1 roster",
    ):
        assert words in said(page)
    assert "Nobody would be on call" not in said(page)
    assert shown(roster) == before
    done = client.post(IMPORT_LAYERS, {"planned": page.context["planned"]}, follow=True)
    assert "Changed: Platform." in said(done)
    assert shown(roster, 2)[1][0] == "mona"
    assert roster.layers.get().members.get(position=2).history.get().history_user == manager
    again = client.post(IMPORT_LAYERS, upload(layers_file(roster)))
    assert "Nothing to change: the rosters say so already." in said(again)
    assert "planned" not in again.context


def test_rows_that_cannot_be_used_are_listed_and_nothing_can_be_imported(roster, elsewhere, manager, clock):
    text = layers_file(roster, **{"ben@example.com": "<b>@example.com"}) + layers_file(elsewhere).split("\n", 1)[1]
    page = signed_in(manager).post(IMPORT_LAYERS, upload(text))
    assert "Row 3: <span" in said(page)
    assert "Nobody has the mail address &lt;b&gt;@example.com." in said(page)
    assert "You manage no roster “ai”." in said(page)
    assert "planned" not in page.context


@pytest.mark.parametrize("address", [IMPORT_LAYERS, IMPORT_OVERRIDES])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (None, "This field is required."),
        (b"", "empty"),
        (b"x" * (tables.LARGEST + 1), "It is larger than 1 MB."),
        (b"\xff\xd8\xff", "not in UTF-8"),
        (b"some,other,table", "Its first row names the columns; missing: roster"),
        (b"roster,layer,person,start,end\n" + b"a,b,c,d,e\n" * (tables.MOST_ROWS + 1), ""),
    ],
    ids=str,
)
def test_a_file_that_cannot_be_used_is_refused_beside_the_field(roster, manager, address, sent, told):
    page = signed_in(manager).post(address, upload(sent) if sent is not None else {})
    assert told in " ".join(page.context["form"].errors["file"])
    assert "planned" not in page.context


def test_a_gap_asks_for_a_yes_to_just_this_gap(roster, manager, clock):
    client = signed_in(manager)

    def with_times(times: str) -> str:
        return layers_file(roster).replace("2026-03-02,,,", f"2026-03-02,,{times},")

    gap = "Nobody would be on call for Platform from Mon 02 Mar 17:00 to Tue 03 Mar 08:00."
    page = client.post(IMPORT_LAYERS, upload(with_times("Mon-Fri 09:00-18:00")))
    assert gap in said(page)
    assert "Import all the same" in said(page)
    fewer = client.post(IMPORT_LAYERS, upload(with_times("Mon-Fri 09:00-19:00"))).context["yes"]
    for sent in ({}, {"accepted_gaps": "on"}, {"accepted_gaps": fewer}):
        asked = client.post(IMPORT_LAYERS, {"planned": page.context["planned"], **sent})
        assert "Nothing was imported. There are times at which nobody would be on call." in said(asked)
        assert gap in said(asked)
        assert not roster.layers.get().restrictions.exists()
    sent = {"planned": asked.context["planned"], "accepted_gaps": asked.context["yes"]}
    assert "Changed: Platform." in said(client.post(IMPORT_LAYERS, sent, follow=True))
    assert roster.layers.get().restrictions.exists()


def test_a_gap_in_a_roster_of_another_team_does_not_name_it(elsewhere, team, people, manager, clock):
    week = (clock.now + timedelta(days=7), clock.now + timedelta(days=14))
    own = Roster.objects.create(slug="week", name="Week", team=team, stands_in_for=elsewhere, stands_in_during=week)
    layer_of(own, people)
    elsewhere.layers.all().delete()
    actions.materialise(own)
    text = layers_file(own).replace("2026-03-02,,,", "2026-03-02,,Mon-Fri,")
    page = signed_in(manager).post(IMPORT_LAYERS, upload(text))
    [gap] = page.context["gaps"]
    assert gap.startswith("Nobody would be on call for a roster of another team from Sat 14 Mar")
    assert gap in said(page)
    assert elsewhere.name not in gap


def test_what_was_changed_meanwhile_is_shown_anew(roster, manager, clock):
    client = signed_in(manager)
    page = client.post(IMPORT_LAYERS, upload(layers_file(roster, ben="mona")))
    roster.layers.update(length=2)
    asked = client.post(IMPORT_LAYERS, {"planned": page.context["planned"]})
    assert "The rosters were changed meanwhile" in said(asked)
    assert "length: 2 becomes 1" in said(asked)
    client.post(IMPORT_LAYERS, {"planned": asked.context["planned"]})
    assert (roster.layers.get().length, shown(roster, 2)[1][0]) == (1, "mona")


@pytest.mark.parametrize("address", [IMPORT_LAYERS, IMPORT_OVERRIDES])
def test_what_was_not_shown_or_long_ago_is_not_done(roster, manager, clock, address):
    client = signed_in(manager)
    text = {
        IMPORT_LAYERS: layers_file(roster, ben="mona"),
        IMPORT_OVERRIDES: "roster,person,start,end\nplatform,mona@example.com,2026-03-05 09:00,2026-03-05 10:00\n",
    }[address]
    planned = client.post(address, upload(text)).context["planned"]
    other = IMPORT_OVERRIDES if address == IMPORT_LAYERS else IMPORT_LAYERS
    for where, sent in ((other, planned), (address, planned[:-2]), (address, "nonsense"), (address, "")):
        assert "choose the file again" in said(client.post(where, {"planned": sent}, follow=True))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=True):
        assert "choose the file again" in said(client.post(address, {"planned": planned}, follow=True))
    assert not Override.objects.exists()
    assert shown(roster, 2)[1][0] == "ben"


def test_overrides_are_shown_and_then_added(roster, manager, clock):
    client = signed_in(manager)
    assert client.get(IMPORT_OVERRIDES).status_code == 200
    text = (
        "roster;person;start;end;reason\n"
        "platform;mona@example.com;2026-03-05 09:00;2026-03-05 10:00;Dentist\n"
        "platform;anna@example.com;2026-03-02 12:00;2026-03-02 13:00;\n"
        "platform;zoe@example.com;2026-03-06 09:00;2026-03-06 10:00;\n"
    )
    page = client.post(IMPORT_OVERRIDES, upload(text))
    for words in ("To be added (1)", "Dentist", "Left out (1)", "zoe@example.com", "So already (1)", "Add 1 override"):
        assert words in said(page)
    assert not Override.objects.exists()
    done = client.post(IMPORT_OVERRIDES, {"planned": page.context["planned"]}, follow=True)
    assert "1 override added." in said(done)
    assert Override.objects.get().created_by == manager
    again = client.post(IMPORT_OVERRIDES, {"planned": page.context["planned"]}, follow=True)
    assert "Nothing to change." in said(again)
    assert Override.objects.count() == 1
    actions.remove_override(Override.objects.get(), by=manager)
    refused = client.post(IMPORT_OVERRIDES, {"planned": page.context["planned"]}, follow=True)
    assert "Nothing was imported: Overrides of Platform were changed since" in said(refused)
    assert not Override.objects.exists()
