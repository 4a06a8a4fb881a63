"""An incident as an alert in PagerDuty: triggered, acknowledged and resolved with it (R14, R33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from apps.core import http
from apps.incidents.models import EventKind
from apps.integrations.pagerduty.client import LONGEST_SUMMARY, Deed, EventsClient
from apps.integrations.tools import Brief, Made, News, Provider, Setting, StepKind, register

API = "https://events.pagerduty.com"
#: How severe PagerDuty is told that it is; of severities of another name it is a warning.
_SEVERITIES = {"P0": "critical", "P1": "error", "P2": "warning", "P3": "info"}
_DEEDS = {
    EventKind.ACKNOWLEDGED: Deed.ACKNOWLEDGE,
    EventKind.RESOLVED: Deed.RESOLVE,
    EventKind.REOPENED: Deed.TRIGGER,
    EventKind.SEVERITY_CHANGED: Deed.TRIGGER,
    EventKind.DESCRIBED: Deed.TRIGGER,
}


class Alert:
    """The alert has the incident's mark as its key: however often it is triggered there is one."""

    def __init__(self, client: EventsClient) -> None:
        self._client = client

    def find(self, brief: Brief) -> Made | None:
        """Nothing: triggering it again makes no second one."""
        return None

    def make(self, brief: Brief, *, key: str) -> Made:
        """Trigger it."""
        self._client.send(Deed.TRIGGER, dedup_key=brief.mark, **_told(brief))
        return Made(ref=brief.mark, label="PagerDuty alert")

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Acknowledge, resolve or trigger it again, as happened here."""
        deed = _DEEDS[EventKind(news.kind)]
        self._client.send(deed, dedup_key=made.ref, **(_told(brief) if deed is Deed.TRIGGER else {}))

    def end(self, made: Made, brief: Brief) -> None:
        """Resolve it, which it is already if it was resolved here."""
        self._client.send(Deed.RESOLVE, dedup_key=made.ref)

    def check(self) -> str:
        """Resolve an alert that there is not: PagerDuty takes that from whoever may send, and does nothing."""
        self._client.send(Deed.RESOLVE, dedup_key="ado-incidents-connection-test")
        return "It takes our events."


def _told(brief: Brief) -> dict[str, Any]:
    details = {"Summary": brief.summary, "Impact": brief.impact, "Status": brief.status_label}
    return {
        "payload": {
            "summary": f"[{brief.severity}] {brief.reference}: {brief.title}"[:LONGEST_SUMMARY],
            "source": brief.team,
            "severity": _SEVERITIES.get(brief.severity, "warning"),
            "timestamp": brief.declared_at.isoformat(),
            "component": ", ".join(brief.services),
            "group": brief.team,
            "custom_details": {name: value for name, value in details.items() if value},
        },
        "client": "ADO Incidents",
        "client_url": brief.url,
        "links": [{"href": brief.url, "text": brief.reference}],
    }


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[Alert]:
    """Reach PagerDuty with the integration key of a service there."""
    with http.client(told.get("url") or API, public_only=True) as client:
        yield Alert(EventsClient(client, told["routing_key"]))


register(
    Provider(
        key="pagerduty",
        label="PagerDuty",
        makes=StepKind.PAGE,
        settings=(
            Setting("routing_key", "Integration key", secret=True, help_text="Of an Events API v2 integration there."),
            Setting("url", "Address", address=True, leads=True, required=False, help_text=f"Empty: {API}."),
        ),
        opened=opened,
        follows=frozenset(_DEEDS),
    )
)
