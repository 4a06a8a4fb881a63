"""Two people edit the same thing in a real browser: the second is told what changed, and loses nothing they typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.incidents.models import Incident
from apps.postmortems import actions as reviews
from apps.rosters.models import Layer, LayerMember, Roster
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.postmortems import make_questions
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

BEFORE = "Agents answer slowly."
THEIRS = "Agents answer slowly since the release of 14:00; the queue of the pipeline grows by 300 an hour."
MINE = "Agents of two customers do not answer at all."


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    """Mona, who saves first, and Olaf: both manage the team."""
    make_procedures()
    make_questions()
    team = make_team()
    mona, olaf = (make_person(name, team, TeamRole.MANAGER) for name in ("Mona", "Olaf"))
    for person in (mona, olaf):
        person.is_staff = True
        person.save()
    return mona, olaf


@pytest.fixture
def incident(people: tuple[User, User]) -> Incident:
    mona, _ = people
    return declare(mona.memberships.get().team, mona, title="Agents answer slowly", summary=BEFORE)


@pytest.fixture(params=LOOKS, ids="-".join)
def pages(request: Any, browser: Any, live_server: Any, people: tuple[User, User]) -> Iterator[tuple[Page, Page]]:
    """A page of each of the two, each in a session of its own."""
    width, theme = request.param
    with ExitStack() as held:
        found = [
            held.enter_context(signed_in(browser, live_server.url, person, width=width, theme=theme))
            for person in people
        ]
        mona, olaf = (context.new_page() for context in found)
        yield mona, olaf


def test_the_description_of_an_incident(pages: tuple[Page, Page], incident: Incident, tmp_path: Path) -> None:
    def write(page: Page, text: str) -> None:
        page.get_by_role("textbox", name="Summary").fill(text)
        page.get_by_role("button", name="Save", exact=True).click()

    theirs, mine = pages
    for page in pages:
        page.goto(incident.get_absolute_url())
        page.get_by_text("Edit", exact=True).click()
    write(theirs, THEIRS)
    expect(theirs.get_by_text("The description is changed.")).to_be_visible()
    write(mine, MINE)
    assert_told(mine, "description", tmp_path)
    expect(mine.get_by_role("textbox", name="Summary")).to_have_value(MINE)
    assert_readable(mine)
    incident.refresh_from_db()
    assert incident.summary == THEIRS
    mine.get_by_role("button", name="Save", exact=True).click()
    mine.wait_for_url(f"**{incident.get_absolute_url()}")
    incident.refresh_from_db()
    assert incident.summary == MINE


def test_the_answers_of_a_review(pages: tuple[Page, Page], incident: Incident, tmp_path: Path) -> None:
    by = User.objects.get(name="Mona")
    resolve(incident, by)
    review = reviews.open_review(incident.pk, by=by)
    reviews.edit(review.pk, by=by, summary=BEFORE, lead=None, answers={})
    theirs, mine = pages
    for page in pages:
        page.goto(reverse("postmortem", args=[incident.pk]))
    for page, text in ((theirs, THEIRS), (mine, MINE)):
        page.get_by_role("textbox", name="Summary").fill(text)
        page.get_by_role("button", name="Save the answers").click()
    assert_told(mine, "review", tmp_path)
    expect(mine.get_by_role("textbox", name="Summary")).to_have_value(MINE)
    assert_readable(mine)
    mine.get_by_role("button", name="Save the answers").click()
    expect(mine.get_by_text("The review is saved.")).to_be_visible()
    review.refresh_from_db()
    assert review.summary == MINE


def test_a_roster_in_the_admin(pages: tuple[Page, Page], people: tuple[User, User], tmp_path: Path) -> None:
    team = people[0].memberships.get().team
    roster = Roster.objects.create(slug="days", name=BEFORE, team=team, time_zone="Europe/Berlin")
    layer = Layer.objects.create(roster=roster, name="Weeks", starts_on=date(2026, 3, 2))
    LayerMember.objects.create(layer=layer, person=people[0], position=1)
    theirs, mine = pages
    for page in pages:
        page.goto(f"/admin/rosters/roster/{roster.pk}/change/")
    for page, text in ((theirs, THEIRS), (mine, MINE)):
        page.locator("#id_name").fill(text)
        page.get_by_role("button", name="Save", exact=True).click()
    expect(mine.locator("#id_name")).to_have_value(MINE)
    assert_told(mine, "roster", tmp_path)
    assert mine.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    mine.get_by_role("button", name="Save", exact=True).click()
    mine.wait_for_url("**/admin/rosters/roster/")
    roster.refresh_from_db()
    assert roster.name == MINE


def assert_told(page: Page, what: str, pictures: Path) -> None:
    """The page says that it was changed, who changed it, and from which text to which."""
    page.wait_for_load_state()
    keep_picture(page, pictures / f"{what}.png")
    expect(page.get_by_text(f"The {what} was changed while you edited it").last).to_be_in_viewport()
    told = page.get_by_role("alert").filter(has_text="Mona")
    expect(told).to_be_in_viewport()
    for words in (BEFORE, THEIRS):
        expect(told).to_contain_text(words)


def assert_readable(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [f"{found['id']} {found['nodes'][0]['target']}" for found in violations(page)] == []
