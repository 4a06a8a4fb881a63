"""The page on which a chain is edited, in a real browser: drawn while one types, with and without a script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from apps.catalog.models import Service
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.rosters.models import Roster
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.escalation import make_chain
from tests.factories.incidents import make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> User:
    """Manages Platform, whose own chain of a P0 has three levels and is climbed twice."""
    make_procedures()
    team = make_team()
    Service.objects.create(slug="api", name="Public API", team=team)
    Roster.objects.create(slug="nights", name="Nights of the platform engineers in Europe and Asia", team=team)
    mia, max_ = make_person("Mia", team, TeamRole.MANAGER), make_person("Maximilian Longname", team, TeamRole.RESPONDER)
    mia.is_staff = True
    mia.save()
    put_on_call(team, max_)
    make_chain("P0", [max_, mia], minutes=(0, 15))
    make_chain("P1", [max_, mia], minutes=(0, 15))
    own = make_chain("P0", [max_, mia, make_person("Eve")], team=team)
    own.repeats, own.repeat_every = 1, timedelta(hours=6)
    own.save()
    first = own.levels.get(number=1)
    LevelTarget.objects.create(
        level=first, position=1, kind=TargetKind.ROSTER, roster=Roster.objects.get(slug="nights")
    )
    return mia


@pytest.fixture
def context(browser, live_server, mia, request) -> BrowserContext:
    width, theme = getattr(request, "param", ("wide", "light"))
    with signed_in(browser, live_server.url, mia, width=width, theme=theme) as found:
        yield found


@pytest.fixture
def own(mia) -> Policy:
    return Policy.objects.get(team__slug="platform")


@pytest.mark.parametrize("context", LOOKS, indirect=True, ids="-".join)
def test_every_page_of_a_chain_is_accessible_quiet_and_never_scrolls_sideways(context, own, tmp_path):
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on("console", lambda said: trouble.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    severity = Policy.objects.get(severity__code="P1").severity_id
    addresses = {
        "list": "/policies/",
        "chain": own.get_absolute_url(),
        "edit": f"{own.get_absolute_url()}edit/",
        "new": "/policies/new/",
        "copy": f"/policies/new/?severity={severity}&scope=service:api&copied=on",
    }
    for name, address in addresses.items():
        assert page.goto(address).status == 200
        trouble += troubles(page, name)
        keep_picture(page, tmp_path / f"{name}.png")
    page.goto(addresses["edit"])
    after(page, 3).fill("1m")
    expect(page.locator("#preview")).to_contain_text("A higher level is never due before a lower one.")
    trouble += troubles(page, "problem")
    keep_picture(page, tmp_path / "problem.png")
    page.get_by_role("button", name="Add a level").click()
    expect(page.locator(".level-part")).to_have_count(4)
    page.get_by_label("Outside working hours").last.select_option("other")
    trouble += troubles(page, "added")
    keep_picture(page, tmp_path / "added.png")
    assert trouble == []


def test_the_picture_follows_what_one_types_and_only_saving_saves(context, own, mia):
    page = context.new_page()
    page.goto(f"{own.get_absolute_url()}edit/")
    after(page, 2).fill("25m")
    expect(page.locator("#preview")).to_contain_text("After 25 min")
    page.get_by_label("Whom, 1").first.select_option(label="Eve")
    expect(page.locator("#preview li").first).to_contain_text("Eve")
    page.get_by_role("button", name="Add a level").click()
    expect(page.locator(".level-part")).to_have_count(4)
    page.get_by_label("Whom, 1").last.select_option(f"person:{mia.pk}")
    expect(page.locator("#preview li h3")).to_have_count(4)
    assert own.levels.count() == 3
    page.get_by_role("button", name="Save the chain").click()
    expect(page.get_by_role("status")).to_contain_text(["The chain is saved."])
    assert list(own.levels.values_list("after", flat=True))[1] == timedelta(minutes=25)
    assert own.levels.count() == 4


def test_enter_in_a_field_draws_and_saves_nothing(context, own):
    page = context.new_page()
    page.goto(f"{own.get_absolute_url()}edit/")
    after(page, 2).fill("25m")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("After 25 min")
    assert own.levels.get(number=2).after == timedelta(minutes=15)


def test_a_chain_is_begun_and_saved_without_javascript(browser, live_server, context):
    plain = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
    )
    page = plain.new_page()
    page.goto("/policies/")
    page.get_by_role("link", name="New policy").click()
    page.get_by_label("Severity").select_option(label=str(Policy.objects.get(severity__code="P1").severity))
    page.get_by_label("For the incidents of").select_option("service:api")
    page.get_by_role("button", name="Draw the chain").click()
    page.get_by_role("button", name="Remove this level").first.click()
    page.get_by_label("Number").first.select_option("1")
    page.get_by_role("button", name="Add a target").first.click()
    page.get_by_label("Whom, 2").first.select_option("on_call")
    page.get_by_role("button", name="Move up").first.click()
    page.get_by_role("button", name="Preview").last.click()
    expect(page.locator("#preview li").first).to_contain_text("On call of the incident's team")
    page.get_by_role("button", name="Save the chain").click()
    expect(page.get_by_role("status")).to_contain_text(["The chain is saved."])
    made = Policy.objects.get(service__slug="api")
    assert [str(target) for target in made.levels.get().targets.all()] == ["On call of the incident's team", "Mia"]
    plain.close()


def test_a_manager_finds_the_chain_in_the_admin_as_it_looks_for_administrators(context, own, tmp_path):
    page = context.new_page()
    assert page.goto(f"/admin/escalation/policy/{own.pk}/change/").status == 200
    expect(page.locator("#id_version")).to_be_hidden()
    keep_picture(page, tmp_path / "admin.png")


def after(page: Page, level: int) -> Locator:
    """The field of that level's time."""
    return page.locator('[name$="-after"]').nth(level - 1)


def troubles(page: Page, name: str) -> list[str]:
    """What is wider than the screen, and what cannot be used by everybody."""
    found = [f"{name}: {each['id']} {each['nodes'][0]['target']}" for each in violations(page)]
    width = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"{name}: {width} px wide"] if width > page.viewport_size["width"] else [])
