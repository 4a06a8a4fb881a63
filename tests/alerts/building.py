"""Builds what alerts need to become incidents, and the bodies that their senders post."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from apps.alerts.models import AlertSettings, InboxEntry, SeverityRule
from apps.engine.runner import run_due
from apps.incidents.models import Procedures, ProceduresOrigin, ProceduresRevision, Severity

STARTS = "2026-03-02T09:59:30.123456789Z"
ENDS = "2026-03-02T10:20:00Z"

#: The rules of contract.md, "How the ADO rules read an alert".
RULES = (
    (["priority", "severity"], ["P0", "P1", "P2", "P3"], None),
    (["severity"], ["critical"], "P0"),
    (["severity"], ["high", "error", "page"], "P1"),
    (["severity"], ["warning", ""], "P2"),
    (["severity"], ["info", "low"], "P3"),
    (["severity"], ["*"], "P2"),
)
OPSGENIE_PRIORITIES = {"P1": "P0", "P2": "P1", "P3": "P2", "P4": "P3", "P5": "P3"}


def put_procedures_in_force() -> None:
    """Severities P0 to P3 (of which P3 resolves by alert), the ADO alert rules, and a revision to run under."""
    Procedures.objects.create(
        pk=1,
        title="ADO",
        version="1.0",
        last_updated=date(2026, 1, 1),
        next_review=date(2026, 7, 1),
        owner="Platform",
        warn_before="response/3",
        closure_within=timedelta(hours=24),
        review_within=timedelta(days=5),
        business_calendar={
            "time_zone": "UTC",
            "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "start": "09:00",
            "end": "17:00",
            "holidays": "US",
        },
    )
    ProceduresRevision.objects.create(version="1.0", digest="0" * 64, document={}, origin=ProceduresOrigin.FILE)
    severities = {
        f"P{rank}": Severity.objects.create(
            code=f"P{rank}",
            label=f"Severity {rank}",
            rank=rank,
            impact="…",
            response_time=timedelta(minutes=15 * 2**rank),
            resolution_target=timedelta(hours=2 * 2**rank),
            auto_resolve=rank == 3,
        )
        for rank in range(4)
    }
    for position, (labels, values, code) in enumerate(RULES):
        severity = severities[code] if code else None
        SeverityRule.objects.create(position=position, labels=labels, values=values, severity=severity)
    AlertSettings.objects.create(pk=1, opsgenie_priorities=OPSGENIE_PRIORITIES)


def notification(*alerts: dict[str, Any]) -> dict[str, Any]:
    """What Alertmanager posts to a webhook (version 4), with the alerts given."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="ADOApplicationDown"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "all",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
    }


def prometheus_alert(
    status: str = "firing",
    *,
    labels: dict[str, str] | None = None,
    fingerprint: str = "699de64ae8ff5e73",
    **fields: Any,
) -> dict[str, Any]:
    """One alert of a notification: ADOApplicationDown, unless labels say otherwise."""
    named = {"alertname": "ADOApplicationDown", "component": "application", "severity": "critical", "team": "platform"}
    return {
        "status": status,
        "labels": named if labels is None else labels,
        "annotations": {
            "summary": "ADO application is down",
            "description": "ADO application has been down for more than 1 minute",
            "runbook_url": "https://docs.ado.com/runbooks/application-down",
        },
        "startsAt": STARTS,
        "endsAt": ENDS if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up",
        "fingerprint": fingerprint,
        **fields,
    }


def triggered(**fields: Any) -> dict[str, Any]:
    """What is posted to PagerDuty's Events API: an alert is triggered."""
    payload = {"summary": "Queue is stuck", "source": "queue-1", "severity": "critical", "component": "application"}
    return {"event_action": "trigger", "dedup_key": "queue", "payload": payload | fields.pop("payload", {}), **fields}


def changed(**payload: Any) -> dict[str, Any]:
    """What is posted to PagerDuty's Events API: a change."""
    return {"payload": {"summary": "Version 7 is live", "source": "ci", "timestamp": STARTS, **payload}}


def pushed(**fields: Any) -> dict[str, Any]:
    """What GitHub posts of two commits that came onto the main branch."""
    return {
        "ref": "refs/heads/main",
        "after": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "compare": "https://github.com/octo/website/compare/a...b",
        "commits": [{"id": "1"}, {"id": "2"}],
        "head_commit": {"message": "Retry once\n\nand say so", "timestamp": STARTS},
        "repository": {
            "full_name": "octo/website",
            "html_url": "https://github.com/octo/website",
            "pushed_at": int(at("09:30").timestamp()),
        },
        "sender": {"login": "octocat"},
        **fields,
    }


def at(text: str) -> datetime:
    """An instant of the morning of 2 March 2026, UTC: ``at("10:05")``."""
    return datetime.fromisoformat(f"2026-03-02T{text}").replace(tzinfo=UTC)


def severity(code: str) -> Severity:
    return Severity.objects.get(code=code)


def take_in() -> None:
    """Run what is due until the inbox is empty: its thread calls a worker ten times a second at most."""
    end = time.monotonic() + 5
    while True:
        run_due()
        if not InboxEntry.objects.filter(handled_at=None).exists():
            return
        assert time.monotonic() < end, "the inbox is not worked off"
        time.sleep(0.02)
