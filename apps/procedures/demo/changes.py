"""What was changed in the demo's organisation, so that one sees beside an incident what may have caused it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.alerts import actions as alerts
from apps.alerts.formats import IncomingChange, Link
from apps.alerts.models import ChangeKind, Integration
from apps.procedures.demo import organisation

WEB = "https://github.example.com"


@dataclass(frozen=True)
class Changed:
    """A change of the demo: how long ago, in which repository, and by whom."""

    ago: timedelta
    repository: str
    kind: ChangeKind
    summary: str
    author: str


CHANGES = (
    Changed(
        timedelta(days=12, hours=7, minutes=50),
        "ado/application",
        ChangeKind.DEPLOYMENT,
        "Deployment of v4.11.0 to production: success",
        "jonas-keller",
    ),
    Changed(
        timedelta(hours=20, minutes=35),
        "ado/prioritisation",
        ChangeKind.COMMITS,
        "2 commits to main: Store scores as numeric(5, 2)",
        "yuki-tanaka",
    ),
    Changed(
        timedelta(hours=20, minutes=10),
        "ado/prioritisation",
        ChangeKind.DEPLOYMENT,
        "Deployment of v2.8.1 to production: success",
        "yuki-tanaka",
    ),
    Changed(
        timedelta(hours=2, minutes=20),
        "ado/agents",
        ChangeKind.COMMITS,
        "3 commits to main: Fetch repositories in four workers",
        "priya-nair",
    ),
    Changed(
        timedelta(hours=2),
        "ado/agents",
        ChangeKind.WORKFLOW,
        "Deploy on main: success",
        "priya-nair",
    ),
    Changed(
        timedelta(minutes=51),
        "ado/application",
        ChangeKind.COMMITS,
        "1 commit to main: Read limits from the new settings",
        "ines-duarte",
    ),
    Changed(
        timedelta(minutes=39),
        "ado/application",
        ChangeKind.DEPLOYMENT,
        "Deployment of v4.12.0 to production: success",
        "ines-duarte",
    ),
)


def record(changes: Iterable[Changed], *, now: datetime) -> None:
    """Take them in as if the demo's GitHub had told of each when it happened."""
    host = Integration.objects.get(name=organisation.REPOSITORIES_HOST)
    for number, change in enumerate(changes, start=1):
        told = IncomingChange(
            sender_id=f"demo-{number}",
            kind=change.kind,
            summary=change.summary,
            author=change.author,
            labels={"repository": change.repository},
            links=(Link("Repository", f"{WEB}/{change.repository}"),),
        )
        alerts.record_changes(host, [told], received_at=now - change.ago)
