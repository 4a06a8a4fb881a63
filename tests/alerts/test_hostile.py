"""Whatever is posted in any format is stored and understood, or shown as what it is; nothing is lost, nothing fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.alerts import actions, inbox
from apps.alerts.formats import FORMATS
from apps.alerts.inbox import Outcome
from apps.alerts.ingest import Answer, _parse
from apps.alerts.models import Alert, Format, InboxEntry, Integration
from tests.alerts.building import notification, prometheus_alert
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
}


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
    made, _ = actions.create_integration(team=platform, name="Hostile", sender_format=sender_format, by=None)
    return made


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
        assert FORMATS[sender_format].count(_parse(sent)) >= 0
        InboxEntry.objects.create(integration=sender, body=sent)
    work_off()
    assert InboxEntry.objects.filter(handled_at=None).count() == 0
    assert InboxEntry.objects.exclude(failures=0).count() == 0
    assert InboxEntry.objects.count() == len(bodies)
    assert Alert.objects.filter(integration=sender).exists()


@pytest.mark.parametrize("value", [None, True, -1, 10**400, [], {}, [[[]]], {"a": {"b": []}}], ids=str)
@pytest.mark.parametrize("sender_format", FORMATS)
def test_a_value_of_another_kind_anywhere_costs_nothing_but_itself(platform, sender_format, value):
    sender = integration_of(sender_format, platform)
    for body in spoiled(GOOD[sender_format], value):
        InboxEntry.objects.create(integration=sender, body=json.dumps(body).encode())
    work_off()
    assert InboxEntry.objects.filter(handled_at=None).count() == 0
    assert InboxEntry.objects.exclude(failures=0).count() == 0


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("sender_format", FORMATS)
def test_a_hostile_body_is_refused_or_kept(platform, sender_format, name):
    if name in REFUSED:
        with pytest.raises(Answer, match="JSON"):
            _parse(BODIES[name])
        return
    assert FORMATS[sender_format].count(_parse(BODIES[name])) >= 0
    entry = InboxEntry.objects.create(integration=integration_of(sender_format, platform), body=BODIES[name])
    work_off()
    entry.refresh_from_db()
    assert entry.handled_at is not None
    assert entry.failures == 0
    assert entry.problem or Alert.objects.exists()
