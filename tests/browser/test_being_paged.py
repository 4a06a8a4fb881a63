"""The pages of whoever is paged, in a real browser: readable and quiet, live, and usable by a thumb."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import BrowserContext, expect

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.engine.runner import run_due
from apps.notifications import actions
from apps.notifications.models import Channel, NotificationRule, Urgency
from apps.teams.models import TeamRole, User
from tests.browser.accessibility import violations
from tests.browser.pictures import keep_picture
from tests.browser.signing_in import LOOKS, signed_in
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.factories.transports import Recorder, served

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+49 30 901820"


@pytest.fixture
def phones(transactional_db):
    with served(Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.PUSH) as recorder:
        yield recorder


@pytest.fixture
def cora(phones: Recorder, settings) -> User:
    """Commander and on call, with a method in every state, steps of her own, a page of an incident and one by hand."""
    raw = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    settings.VAPID_PRIVATE_KEY = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    make_procedures()
    team = make_team()
    cora, max_ = make_person("Cora", team, TeamRole.COMMANDER), make_person("Max", team, TeamRole.RESPONDER)
    put_on_call(team, max_)
    make_chain("P0", [cora, max_, make_person("Eve")])
    now = house_clock.now()
    states = (
        (MethodKind.SMS, PHONE, {"verified_at": now}),
        (MethodKind.VOICE, PHONE, {}),
        (MethodKind.EMAIL, "a-rather-long-address-of-hers@an-even-longer-domain.example.com", {"disabled_at": now}),
        (MethodKind.SLACK, "U0123456", {"verified_at": now}),
        (MethodKind.VOICE, "+1-555-ONCALL", {}),
    )
    for position, (kind, value, more) in enumerate(states, start=1):
        ContactMethod.objects.create(person=cora, kind=kind, value=value, position=position, **more)
    for minutes, method in enumerate(cora.contact_methods.filter(kind__in=("email", "sms"))):
        NotificationRule.objects.create(
            person=cora, urgency=Urgency.HIGH, method=method, after=timedelta(minutes=minutes)
        )
    contacts.request_code(cora.contact_methods.get(kind="voice", value=PHONE), by=cora)
    declare(team, max_, title="Agent pipeline fails for every run since the last deployment")
    actions.page_by_hand([cora], to="Cora", text="Can you look at the queue?\nIt grows.", by=max_)
    actions.page_by_hand([max_, cora], to="both", text="Lunch?", by=cora, urgency=Urgency.LOW)
    run_due()
    return cora


@pytest.fixture
def context(browser, live_server, cora, request) -> BrowserContext:
    """Signed in as Cora, in the width and theme that the test asks for."""
    width, theme = getattr(request, "param", ("wide", "light"))
    with signed_in(browser, live_server.url, cora, width=width, theme=theme) as found:
        yield found


@pytest.mark.parametrize("context", LOOKS, indirect=True, ids="-".join)
def test_every_page_is_accessible_quiet_and_never_scrolls_sideways(context, cora, tmp_path):
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on("console", lambda said: trouble.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    sent = cora.direct_pages.get()
    received = cora.notifications.filter(direct__isnull=False).exclude(direct=sent).get().direct
    incident = cora.notifications.filter(incident__isnull=False).first().incident
    addresses = (
        "/", "/profile/", "/notifications/", "/page/", f"/page/{sent.pk}/", f"/page/{received.pk}/", "/oncall/",
        incident.get_absolute_url(),
    )  # fmt: skip
    for number, address in enumerate(addresses):
        assert page.goto(address).status == 200
        page.evaluate("document.querySelectorAll('details:not(.panels details)').forEach((each) => each.open = true)")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > page.viewport_size["width"]:
            trouble.append(f"{address}: {width} px wide")
        trouble += [f"{address}: {each['id']} {each['nodes'][0]['target']}" for each in violations(page)]
        keep_picture(page, tmp_path / f"{number}.png")
    assert trouble == []


def test_a_test_shows_its_outcome_without_a_reload(context, cora):
    page = context.new_page()
    page.goto("/profile/")
    page.get_by_role("button", name="Send a test to every method").click()
    expect(page.locator("#test")).to_contain_text("Planned")
    run_due()
    expect(page.locator("#test li", has_text="Text message")).to_contain_text("Sent", timeout=10_000)


def test_a_code_that_is_being_typed_is_not_swept_away(context, cora):
    page = context.new_page()
    page.goto("/profile/")
    method = cora.contact_methods.get(kind="voice", value=PHONE)
    field = page.locator(f"#code-{method.pk}")
    field.fill("123")
    page.get_by_role("heading", level=1).click()
    page.wait_for_timeout(6_000)
    expect(field).to_have_value("123")
    field.fill(contacts.code_of(method.verification))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Verified")


def test_somebody_is_paged_and_their_answer_appears(context, cora):
    page = context.new_page()
    page.goto("/page/")
    page.get_by_label("Whom").select_option(label="Max")
    page.get_by_label("What is it about?").fill("The disk is full")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This wakes 1 person")
    page.get_by_role("button", name="Page Max now").click()
    expect(page.locator("#answers")).to_contain_text("0 of 1")
    max_ = User.objects.get(name="Max")
    actions.answer_one(max_.notifications.filter(direct__text="The disk is full").get())
    expect(page.locator("#answers")).to_contain_text("1 of 1", timeout=10_000)


def test_all_of_mine_are_acknowledged_after_a_question(context, cora):
    page = context.new_page()
    page.goto("/notifications/")
    page.get_by_role("button", name="Acknowledge all of mine").click()
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge all of mine").click()
    expect(page.locator("main")).not_to_contain_text("Waits for you")
    assert not cora.notifications.filter(kind="page", acknowledged_at__isnull=True).exists()


def test_the_worker_is_registered_only_after_a_click_and_says_what_the_browser_refuses(context, cora):
    page = context.new_page()
    page.goto("/profile/")
    registered = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
    assert page.evaluate(registered) == 0
    page.get_by_role("button", name="Allow push messages on this device").click()
    expect(page.locator("[data-push-said]")).to_contain_text("This device cannot be used")
    assert page.evaluate("navigator.serviceWorker.register('/sw.js').then((worker) => worker.scope)").endswith("/")
