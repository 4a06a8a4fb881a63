"""The service worker that shows pages on a lock screen, and what its buttons do; its events are those of a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.engine.runner import run_due
from apps.incidents.models import EventKind, Via
from apps.notifications import links
from apps.notifications.models import Channel
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.factories.transports import served

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = Path(__file__).parents[2] / "static" / "ado" / "sw.js"
#: Runs the worker with a device that remembers what it shows; ``push`` and ``touch`` are what happens to it.
DEVICE = """(source) => {
  const shown = [], heard = {};
  const device = {
    addEventListener: (name, hear) => { heard[name] = hear; },
    registration: { showNotification: async (title, how) => { shown.push({ title, ...how }); } },
    clients: { matchAll: async () => [], openWindow: async (url) => { shown.push({ opened: String(url) }); } },
    location: window.location,
  };
  new Function("self", source)(device);
  const happen = async (name, event) => {
    let work;
    heard[name]({ ...event, waitUntil: (promise) => { work = promise; } });
    await work;
    return shown.at(-1);
  };
  window.push = (told) => happen("push", { data: { json: () => told } });
  window.touch = (action) => happen("notificationclick", { action, notification: { ...shown[0], close() {} } });
}"""


@pytest.fixture
def page(browser, live_server):
    opened = browser.new_page()
    opened.goto(f"{live_server.url}/login/")
    opened.evaluate(DEVICE, WORKER.read_text())
    yield opened
    opened.close()


@pytest.fixture
def paged(transactional_db):
    """Olga's page of a P0 that she is the first to be asked about."""
    make_procedures()
    team = make_team()
    olga = make_person("Olga", team, TeamRole.RESPONDER)
    make_chain("P0", [olga, make_person("Emma", team, TeamRole.RESPONDER)], minutes=(0, 15))
    incident = declare(team)
    with served(Channel.EMAIL):
        run_due()
    return olga.notifications.filter(incident=incident, kind="page").get()


def told(token, *, can_pass_on=True):
    return {"title": "P0", "body": "Down", "tag": "page-1", "acknowledge": token, "can_pass_on": can_pass_on}


@pytest.mark.parametrize(
    ("message", "actions"),
    [
        (told("TOKEN"), ["acknowledge", "decline", "open"]),
        (told("TOKEN", can_pass_on=False), ["acknowledge", "open"]),
        (told(None, can_pass_on=False), ["open"]),
    ],
)
def test_a_device_that_shows_one_button_shows_acknowledge(page, message, actions):
    shown = page.evaluate("(told) => push(told)", message)
    assert [each["action"] for each in shown["actions"]] == actions


@pytest.mark.parametrize(
    ("action", "kind", "title"),
    [
        ("acknowledge", EventKind.ACKNOWLEDGED, "Acknowledged"),
        ("decline", EventKind.PAGE_DECLINED, "Passed on"),
    ],
)
def test_a_button_answers_the_page_and_says_so(page, paged, action, kind, title):
    page.evaluate("(told) => push(told)", told(links.token([paged])))
    shown = page.evaluate("(action) => touch(action)", action)
    assert (shown["title"], shown["requireInteraction"]) == (title, False)
    [event] = paged.incident.timeline.filter(kind=kind)
    assert (event.actor, event.via) == (paged.person, Via.PUSH)


def test_a_page_that_cannot_be_passed_on_by_a_forged_token_says_so_and_stays(page, paged):
    page.evaluate("(told) => push(told)", told(f"{links.token([paged])}x"))
    shown = page.evaluate("(action) => touch(action)", "decline")
    assert (shown["title"], shown["requireInteraction"]) == ("Not passed on", True)
    assert not paged.incident.timeline.filter(kind=EventKind.PAGE_DECLINED).exists()
