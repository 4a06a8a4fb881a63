"""An invitation in a real browser, by a real mail: from the form of a manager to the passkey of who joined."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from apps.engine.runner import run_due
from apps.teams.models import Membership, TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.devices import a_device_with_keys
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, PASSWORD, WIDTHS, signed_in
from tests.factories.teams import make_person, make_team
from tests.notifications.mail_server import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

GUEST = "gina@example.com"


@pytest.fixture
def post(settings, live_server):
    """The mail server of the house, whose links lead to where it is served."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.SITE_URL = live_server.url
        yield server


@pytest.fixture
def mona(transactional_db: None) -> User:
    return make_person("Mona", make_team(), TeamRole.MANAGER)


def link_in(post: MailServer) -> str:
    [mail] = [each for each in post.received if each["To"] == GUEST]
    return re.search(r"http\S+/join/\S+", mail.get_payload(decode=True).decode())[0]


def invite(page) -> None:
    page.goto("/profile/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Email").fill(GUEST)
    page.get_by_label("Role").select_option("responder")
    page.get_by_label("Platform").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator("#messages")).to_contain_text(f"A mail to {GUEST} is on its way")
    run_due()


@pytest.mark.parametrize(("width", "theme"), LOOKS, ids="-".join)
def test_who_is_invited_joins_by_the_link_in_the_mail_with_a_password(
    browser, live_server, mona, post, width, theme, tmp_path
):
    with signed_in(browser, live_server.url, mona, width=width, theme=theme) as context:
        page = context.new_page()
        invite(page)
        expect(page.locator("main")).to_contain_text("Responder of Platform")
        keep_picture(page, tmp_path / "pending.png")
        wide = [page.evaluate("document.documentElement.scrollWidth")]
        assert violations(page) == []
        page.goto(link_in(post))
        expect(page.get_by_text("You are signed in as Mona here.")).to_be_visible()
        keep_picture(page, tmp_path / "join-while-signed-in.png")
        assert violations(page) == []
    options = {"viewport": {"width": WIDTHS[width], "height": 800}, "color_scheme": theme}
    elsewhere = browser.new_context(base_url=live_server.url, **options)
    page = elsewhere.new_page()
    page.goto(link_in(post))
    expect(page.locator("main")).to_contain_text("Mona invites you")
    keep_picture(page, tmp_path / "join.png")
    wide.append(page.evaluate("document.documentElement.scrollWidth"))
    assert violations(page) == []
    page.get_by_label("Your name").fill("Gina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join with the password").click()
    page.wait_for_url(f"{live_server.url}/")
    page.goto(link_in(post))
    expect(page.get_by_role("heading", name="This invitation is over")).to_be_visible()
    expect(page.get_by_text("You are signed in as Gina.")).to_be_visible()
    keep_picture(page, tmp_path / "join-over.png")
    assert violations(page) == []
    elsewhere.close()
    assert max(wide) <= WIDTHS[width]
    assert Membership.objects.filter(person__email=GUEST, team__slug="platform", role="responder").exists()


def test_who_is_invited_joins_with_a_passkey_and_signs_in_with_it(browser, live_server, mona, post):
    with signed_in(browser, live_server.url, mona, width="wide", theme="light") as context:
        invite(context.new_page())
    page = browser.new_page(base_url=live_server.url)
    with a_device_with_keys(page):
        page.goto(link_in(post))
        page.get_by_label("Your name").fill("Gina")
        page.get_by_role("button", name="Join with a passkey").click()
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(f"{live_server.url}/")
    page.close()
    assert not User.objects.get(email=GUEST).has_usable_password()
