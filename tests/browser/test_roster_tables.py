"""A roster that goes through a spreadsheet, in a real browser: taken away, edited, looked at, brought in."""

from __future__ import annotations

import csv
from datetime import date, time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.rosters import actions
from apps.rosters.models import Layer, LayerMember, Override, Roster
from apps.teams.models import Team, TeamRole, User
from tests.browser.accessibility import WCAG, violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def roster(transactional_db: None) -> Roster:
    team: Team = make_team()
    roster = Roster.objects.create(slug="days", name="Days of Platform", team=team, time_zone="Europe/Berlin")
    layer = Layer.objects.create(
        roster=roster, name="Week", rotation="days", handoff_time=time(9), starts_on=date(2026, 3, 2)
    )
    for place, name in enumerate(("Anna", "Ben", "Cleo"), start=1):
        LayerMember.objects.create(layer=layer, person=make_person(name, team, TeamRole.RESPONDER), position=place)
    actions.materialise(roster)
    return roster


@pytest.fixture
def mona(roster: Roster) -> User:
    mona = make_person("Mona", roster.team, TeamRole.MANAGER)
    mona.is_staff = True
    mona.save()
    return mona


@pytest.fixture
def context(browser, live_server, mona, request) -> BrowserContext:
    width, theme = request.param
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as found:
        yield found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, rows: list[dict[str, str]]) -> Path:
    """Save as a spreadsheet does where semicolons separate cells."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken_away(page: Page, button: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)
    return path


def show(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Show what it would do").click()


def look_at(page: Page, path: Path) -> None:
    """Hold the page to what pages of the house are held to."""
    found = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations(page, WCAG)]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    keep_picture(page, path)


@pytest.mark.parametrize("context", LOOKS, indirect=True, ids="-".join)
def test_a_roster_goes_through_a_spreadsheet(context: BrowserContext, roster: Roster, tmp_path: Path) -> None:
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(f"/admin/rosters/roster/{roster.pk}/change/")
    page.get_by_role("link", name="Export and import as tables").click()
    look_at(page, tmp_path / "tables.png")
    exported = rows_of(taken_away(page, "Export layers and people", tmp_path / "layers.csv"))
    assert [row["person"] for row in exported] == ["anna@example.com", "ben@example.com", "cleo@example.com"]
    shifts = rows_of(taken_away(page, "Export shifts", tmp_path / "shifts.csv"))

    page.get_by_role("link", name="Import layers and people").click()
    show(page, tmp_path / "layers.csv")
    expect(page.get_by_role("status")).to_contain_text("Nothing to change")
    exported[1]["person"] = "nobody@example.com"
    show(page, save(tmp_path / "wrong.csv", exported))
    expect(page.get_by_text("Row 3:")).to_contain_text("Nobody has the mail address nobody@example.com.")
    look_at(page, tmp_path / "wrong.png")
    for row in exported:
        row["restrictions"] = "mon-fri 09:00-18:00"
    exported[1]["person"] = "mona@example.com"
    show(page, save(tmp_path / "edited.csv", exported))
    expect(page.get_by_text("Removed: Ben")).to_be_visible()
    expect(page.get_by_text("Nobody would be on call for Days of Platform from").first).to_be_visible()
    look_at(page, tmp_path / "layers.png")
    assert roster.layers.get().members.filter(person__name="Ben").exists()
    page.get_by_label("Import all the same").check()
    page.get_by_role("button", name="Change 1 roster").click()
    expect(page.get_by_text("Changed: Days of Platform.")).to_have_count(1)
    assert roster.layers.get().restrictions.count() == 1
    assert list(roster.layers.get().members.values_list("person__name", flat=True)) == ["Anna", "Mona", "Cleo"]

    page.goto("/admin/rosters/roster/tables/")
    page.get_by_role("link", name="Import overrides").click()
    last = shifts[-1] | {"person": "ben@example.com"}
    show(page, save(tmp_path / "overrides.csv", [last, last | {"end": "late"}]))
    expect(page.get_by_text("To be added (1)")).to_be_visible()
    expect(page.get_by_text("Left out (1)")).to_be_visible()
    look_at(page, tmp_path / "overrides.png")
    page.get_by_role("button", name="Add 1 override").click()
    expect(page.get_by_text("1 override added.")).to_be_visible()
    assert Override.objects.get().person.name == "Ben"
    assert trouble == []
