"""What was typed is there again after the house asked once more who one is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.contacts.actions import upsert_endpoint
from apps.rosters.models import Roster
from apps.teams.models import Membership, Team, TeamRole, User
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import PASSWORD, signed_in
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chief(transactional_db: None) -> User:
    make_team("platform")
    return make_person("Chief", None, TeamRole.ADMIN)


def confirm(page: Page, settings: Any) -> None:
    """The credential that is asked for, given; it holds for a while again."""
    expect(page.get_by_text("Nothing was done yet")).to_be_visible()
    settings.CONFIRMED_FOR = timedelta(minutes=15)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").first.click()


def test_on_a_page(browser: Any, live_server: Any, chief: User, settings: Any, tmp_path: Any) -> None:
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto("/invitations/")
        page.get_by_label("Email").fill("new@example.com")
        page.get_by_label("Role").select_option("responder")
        page.get_by_label("Platform").check()
        settings.CONFIRMED_FOR = timedelta()
        page.get_by_role("button", name="Send the invitation").click()
        confirm(page, settings)
        expect(page.get_by_text("What you typed is here again")).to_be_visible()
        keep_picture(page, tmp_path / "typed.png")
        assert page.url == f"{live_server.url}/invitations/"
        expect(page.get_by_label("Email")).to_have_value("new@example.com")
        expect(page.get_by_label("Role")).to_have_value("responder")
        expect(page.get_by_label("Platform")).to_be_checked()
        page.get_by_role("button", name="Send the invitation").click()
        expect(page.get_by_text("A mail to new@example.com is on its way.")).to_be_visible()
        page.goto("/invitations/#typed")
        expect(page.get_by_label("Email")).to_have_value("")


def test_in_the_admin_with_rows_that_were_added(
    browser: Any, live_server: Any, chief: User, settings: Any, tmp_path: Any
) -> None:
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto("/admin/teams/user/add/")
        expect(page.locator("[name=password1]")).to_have_css("border-top-width", "1px")
        page.locator("[name=email]").fill("new@example.com")
        page.locator("[name=name]").fill("Nora")
        page.locator("#memberships-group a.add-row").click()
        page.locator("[name=memberships-0-role]").select_option("responder")
        settings.CONFIRMED_FOR = timedelta()
        page.get_by_role("button", name="Save", exact=True).click()
        confirm(page, settings)
        expect(page.get_by_text("What you typed is here again")).to_be_visible()
        keep_picture(page, tmp_path / "typed-admin.png")
        expect(page.locator("[name=name]")).to_have_value("Nora")
        expect(page.locator("[name=memberships-0-role]")).to_have_value("responder")


def test_what_somebody_else_changed_meanwhile_is_told_and_not_written_over(
    browser: Any, live_server: Any, chief: User, settings: Any
) -> None:
    team = Team.objects.get(slug="platform")
    rita, bob = make_person("Rita", team, TeamRole.RESPONDER), make_person("Bob", team, TeamRole.STAKEHOLDER)
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto(f"/admin/teams/team/{team.pk}/change/")
        page.locator("[name=name]").fill("Platform and data")
        settings.CONFIRMED_FOR = timedelta()
        Membership.objects.get(person=rita).delete()
        team.time_zone = "Europe/Lisbon"
        team.save()
        page.get_by_role("button", name="Save", exact=True).click()
        confirm(page, settings)
        expect(page.get_by_text("What you typed is here again")).to_be_visible()
        expect(page.locator("[name=name]")).to_have_value("Platform and data")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Europe/Lisbon").first).to_be_visible()
    assert Team.objects.values_list("name", "time_zone").get() == ("Platform", "Europe/Lisbon")
    assert Membership.objects.get(team=team).person == bob


def test_of_several_forms_that_lead_to_one_address_it_is_the_one_that_was_sent(
    browser: Any, live_server: Any, chief: User, settings: Any
) -> None:
    team = Team.objects.get(slug="platform")
    put_on_call(team, make_person("Rita", team, TeamRole.RESPONDER))
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto(f"/rosters/{Roster.objects.get().slug}/")
        settings.CONFIRMED_FOR = timedelta()
        page.get_by_role("button", name="Link to the whole team").click()
        confirm(page, settings)
        page.wait_for_url(f"{live_server.url}/rosters/**")
        page.wait_for_timeout(300)
        kinds = page.locator("form [name=kind]").evaluate_all("(fields) => fields.map((field) => field.value)")
    assert kinds == ["roster", "team"]


def test_a_secret_that_is_not_kept_is_asked_for_once_more(
    browser: Any, live_server: Any, chief: User, settings: Any
) -> None:
    endpoint = upsert_endpoint(slug="tickets", name="Tickets", url="https://old.example.com/hook")
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto(f"/admin/contacts/webhookendpoint/{endpoint.pk}/change/")
        page.locator("[name=url]").fill("https://new.example.com/hook")
        settings.CONFIRMED_FOR = timedelta()
        page.get_by_role("button", name="Save", exact=True).click()
        assert "new.example.com" not in page.evaluate("sessionStorage.getItem('typed')")
        confirm(page, settings)
        expect(page.get_by_text("Type once more, for it is not kept: Address.")).to_be_visible()


def test_no_secret_is_kept(browser: Any, live_server: Any, chief: User) -> None:
    with signed_in(browser, live_server.url, chief, width="wide", theme="light") as context:
        page = context.new_page()
        page.goto("/profile/sign-in/password/")
        for field in page.locator("[type=password]").all():
            field.fill("wrong wrong wrong")
        kept = page.evaluate("""() => {
            const form = document.querySelector("form[method=post]:has([type=password])");
            form.addEventListener("submit", (event) => event.preventDefault());
            form.requestSubmit();
            return sessionStorage.getItem("typed");
        }""")
        assert kept is not None
        assert "wrong" not in kept
