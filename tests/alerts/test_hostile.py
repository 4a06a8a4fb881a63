"""Whatever is posted in any format is stored and understood, or shown as what it is; nothing is lost, nothing fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.alerts import actions, inbox
from apps.alerts.doors.base import Answer, parse
from apps.alerts.formats import FORMATS
from apps.alerts.inbox import Outcome
from apps.alerts.models import Alert, Change, Format, InboxEntry, Integration
from tests.alerts.building import STARTS, changed, notification, prometheus_alert, pushed, triggered
from tests.hostile import BODIES, OF_JSON, TEXTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "procedures", "application")]

#: A body of each format as a sender of good will posts it.
GOOD: dict[Format, Any] = {
    Format.ALERTMANAGER: notification(prometheus_alert()),
    Format.GENERIC: {
        "title": "Down",
        "key": "db-1",
        "status": "firing",
        "severity": "critical",
        "service": "application",
        "labels": {"component": "application"},
        "links": ["https://example.com/"],
    },
    Format.GRAFANA: notification(prometheus_alert(panelURL="https://grafana.example.com/d/1")),
    Format.PAGERDUTY: triggered(
        payload={"custom_details": {"region": "eu"}, "timestamp": STARTS},
        links=[{"href": "https://example.com/", "text": "Runbook"}],
        images=[{"src": "https://example.com/a.png", "href": "https://example.com/", "alt": "Graph"}],
        client="CI",
        client_url="https://example.com/",
    ),
    Format.OPSGENIE: {
        "message": "Down",
        "alias": "db-1",
        "description": "It is down",
        "details": {"component": "application"},
        "tags": ["db"],
        "entity": "db",
        "source": "https://example.com/",
        "priority": "P1",
    },
    Format.GITHUB: pushed(),
    Format.CHANGES: {
        "summary": "Version 7",
        "id": "7",
        "kind": "deployment",
        "at": STARTS,
        "author": "octocat",
        "service": "application",
        "services": ["application"],
        "labels": {"repository": "octo/website"},
        "links": {"Commit": "https://example.com/"},
    },
}
#: What is said beside the body.
ENVELOPES = {Format.GITHUB: {"event": "push"}}
#: Every other event that is read, and every deed of a vendor.
MORE: list[tuple[Format, dict[str, str], Any]] = [
    (Format.PAGERDUTY, {"about": "change"}, changed(custom_details={"build": 7})),
    (Format.PAGERDUTY, {}, {"event_action": "resolve", "dedup_key": "queue"}),
    (Format.OPSGENIE, {"action": "acknowledge", "alias": "db-1"}, {"user": "Rita", "note": "On it"}),
    (Format.OPSGENIE, {"action": "close", "alias": "db-1"}, {"source": "x"}),
    (Format.GITHUB, {"event": "deployment"}, pushed(deployment={"id": 1, "ref": "v7", "environment": "production"})),
    (
        Format.GITHUB,
        {"event": "deployment_status"},
        pushed(deployment={"ref": "v7"}, deployment_status={"id": 2, "state": "success", "created_at": STARTS}),
    ),
    (
        Format.GITHUB,
        {"event": "workflow_run"},
        pushed(action="completed", workflow_run={"id": 3, "run_attempt": 1, "name": "CI", "conclusion": "failure"}),
    ),
    (Format.GITHUB, {"event": "star"}, pushed()),
]


#: What is no JSON, or nested so deeply that nobody reads it: 400, and nothing is kept.
REFUSED = {
    "nothing", "no text", "half a sign", "open", "deep", "deep objects", "not a number", "long number", "markup",
}  # fmt: skip


def test_each_format_has_a_body_here():
    assert GOOD.keys() == FORMATS.keys()


def spoiled(body: Any, value: Any) -> Iterator[Any]:
    """``body`` with ``value`` in the place of each value and each name, one after the other."""
    if isinstance(body, dict):
        for key, each in body.items():
            yield {**body, key: value}
            yield {**body, str(value): each}
            yield from ({**body, key: other} for other in spoiled(each, value))
    elif isinstance(body, list):
        for place, each in enumerate(body):
            yield from ([*body[:place], other, *body[place + 1 :]] for other in spoiled(each, value))
    else:
        yield value


def integration_of(sender_format: Format, platform: Any) -> Integration:
    made, _ = actions.create_integration(
        team=platform, name=f"Hostile {sender_format}", sender_format=sender_format, by=None
    )
    return made


def keep(sender: Integration, body: bytes, envelope: dict[str, str] | None = None) -> InboxEntry:
    said = ENVELOPES.get(Format(sender.format), {}) if envelope is None else envelope
    return InboxEntry.objects.create(integration=sender, body=body, envelope=said)


def work_off() -> None:
    while inbox.handle_next(inbox.waiting()) is Outcome.HANDLED:
        pass


@pytest.mark.parametrize("name", [*TEXTS, *OF_JSON])
@pytest.mark.parametrize("sender_format", FORMATS)
def test_a_hostile_value_anywhere_costs_nothing_but_itself(platform, sender_format, name):
    value, sender = {**TEXTS, **OF_JSON}[name], integration_of(sender_format, platform)
    bodies = list(spoiled(GOOD[sender_format], value))
    for body in bodies:
        sent = json.dumps(body).encode()
        assert FORMATS[sender_format].count(parse(sent)) >= 0
        keep(sender, sent)
    work_off()
    assert InboxEntry.objects.filter(handled_at=None).count() == 0
    assert InboxEntry.objects.exclude(failures=0).count() == 0
    assert InboxEntry.objects.count() == len(bodies)
    assert Alert.objects.filter(integration=sender).exists() or Change.objects.filter(integration=sender).exists()


@pytest.mark.parametrize("name", [*TEXTS, *OF_JSON])
def test_nor_does_it_in_any_other_event(platform, name):
    senders = {each: integration_of(each, platform) for each in {sender_format for sender_format, *_ in MORE}}
    for sender_format, envelope, body in MORE:
        for each in spoiled(body, {**TEXTS, **OF_JSON}[name]):
            keep(senders[sender_format], json.dumps(each).encode(), envelope)
    work_off()
    assert InboxEntry.objects.filter(handled_at=None).count() == 0
    assert InboxEntry.objects.exclude(failures=0).count() == 0


@pytest.mark.parametrize("value", [None, True, -1, 10**400, [], {}, [[[]]], {"a": {"b": []}}], ids=str)
@pytest.mark.parametrize("sender_format", FORMATS)
def test_a_value_of_another_kind_anywhere_costs_nothing_but_itself(platform, sender_format, value):
    sender = integration_of(sender_format, platform)
    for body in spoiled(GOOD[sender_format], value):
        keep(sender, json.dumps(body).encode())
    work_off()
    assert InboxEntry.objects.filter(handled_at=None).count() == 0
    assert InboxEntry.objects.exclude(failures=0).count() == 0


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("sender_format", FORMATS)
def test_a_hostile_body_is_refused_or_kept(platform, sender_format, name):
    if name in REFUSED:
        with pytest.raises(Answer, match="JSON"):
            parse(BODIES[name])
        return
    assert FORMATS[sender_format].count(parse(BODIES[name])) >= 0
    entry = keep(integration_of(sender_format, platform), BODIES[name])
    work_off()
    entry.refresh_from_db()
    assert entry.handled_at is not None
    assert entry.failures == 0
    assert entry.problem or Alert.objects.exists()
