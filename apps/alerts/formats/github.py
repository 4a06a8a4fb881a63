"""Webhooks of GitHub: what was pushed, deployed and run. Source: "Webhook events and payloads" of its documentation.

The event stands in a header, so it comes in the envelope. Events that say nothing of a change are kept quietly.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.alerts.formats.base import (
    NOTHING,
    IncomingChange,
    Link,
    Reading,
    SenderFormat,
    Unreadable,
    an_object,
    given_fingerprint,
    instant,
    link,
    one_line,
    text,
)
from apps.alerts.models import ChangeKind

#: In the envelope.
EVENT = "event"
SIGNATURE = "HTTP_X_HUB_SIGNATURE_256"
#: States of a deployment that change nothing yet, or nothing any more.
QUIET_STATES = ("queued", "pending", "waiting", "inactive")
LONGEST_AUTHOR = 200
BRANCH = "refs/heads/"


class GitHub(SenderFormat):
    """One event of a repository or an organisation."""

    def count(self, body: Any) -> int:
        """One."""
        return 1

    def read(self, body: Any, envelope: Mapping[str, str] = NOTHING) -> Reading:
        """Return the change that the event tells of, if any. Raises Unreadable if it lacks what such events have."""
        reader = _READERS.get(envelope.get(EVENT, ""))
        if reader is None:
            return Reading()
        change = reader(an_object(body, name="The event"))
        return Reading(changes=(change,) if change else ())

    def envelope(self, environ: Mapping[str, Any]) -> dict[str, str]:
        """Which event it is."""
        return {EVENT: text(environ.get("HTTP_X_GITHUB_EVENT"), limit=80)}

    def is_genuine(self, body: bytes, environ: Mapping[str, Any], *, secret: str) -> bool:
        """Whether the signature is that of ``body`` under ``secret``."""
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), str(environ.get(SIGNATURE, "")).encode())


def _push(event: dict[str, Any]) -> IncomingChange | None:
    """Commits that came onto a branch; a branch or tag that was only named or removed brings none."""
    commits, ref = event.get("commits"), text(event.get("ref"), limit=500)
    if not isinstance(commits, list):
        raise Unreadable("'commits' is not a list.")
    if not commits or event.get("deleted"):
        return None
    head = event.get("head_commit") if isinstance(event.get("head_commit"), dict) else {}
    last = text(head.get("message") if head else "").strip().partition("\n")[0]
    count = f"{len(commits)} commits" if len(commits) > 1 else "1 commit"
    pushed_at = _repository(event).get("pushed_at")
    return _change(
        event,
        f"push {ref} {text(event.get('after'), limit=80)}",
        kind=ChangeKind.COMMITS,
        summary=f"{count} to {ref.removeprefix(BRANCH)}" + (f": {last}" if last else ""),
        labels={"branch": ref.removeprefix(BRANCH), "commit": text(event.get("after"), limit=80)},
        links=link("Commits", event.get("compare")),
        at=_unix(pushed_at) or instant(pushed_at),
    )


def _deployment(event: dict[str, Any]) -> IncomingChange:
    deployment = an_object(event.get("deployment"), name="'deployment'")
    return _deployed(event, deployment, f"deployment {_id(deployment)}", outcome="begun", at=deployment)


def _deployment_status(event: dict[str, Any]) -> IncomingChange | None:
    deployment = an_object(event.get("deployment"), name="'deployment'")
    status = an_object(event.get("deployment_status"), name="'deployment_status'")
    outcome = text(status.get("state"), limit=40)
    if outcome in QUIET_STATES:
        return None
    found = link("Deployment", status.get("log_url")) or link("Deployment", status.get("target_url"))
    name = f"deployment_status {_id(status)}"
    return _deployed(event, deployment, name, outcome=outcome.replace("_", " "), links=found, at=status)


def _deployed(
    event: dict[str, Any],
    deployment: dict[str, Any],
    name: str,
    *,
    outcome: str,
    at: dict[str, Any],
    links: tuple[Link, ...] = (),
) -> IncomingChange:
    environment, ref = one_line(deployment.get("environment")), one_line(deployment.get("ref"))
    return _change(
        event,
        name,
        kind=ChangeKind.DEPLOYMENT,
        summary=f"Deployment of {ref or 'a version'} to {environment or 'an environment'}: {outcome}",
        labels={"environment": environment, "ref": ref, "commit": text(deployment.get("sha"), limit=80)},
        links=links,
        at=instant(at.get("created_at")),
    )


def _workflow_run(event: dict[str, Any]) -> IncomingChange | None:
    """A run that is over."""
    run = an_object(event.get("workflow_run"), name="'workflow_run'")
    if event.get("action") != "completed":
        return None
    branch, conclusion = one_line(run.get("head_branch")), one_line(run.get("conclusion"))
    return _change(
        event,
        f"workflow_run {_id(run)} {text(run.get('run_attempt'), limit=20)}",
        kind=ChangeKind.WORKFLOW,
        summary=f"{one_line(run.get('name')) or 'A workflow'} on {branch or 'no branch'}: {conclusion or 'completed'}",
        labels={"branch": branch, "commit": text(run.get("head_sha"), limit=80)},
        links=link("Run", run.get("html_url")),
        at=instant(run.get("updated_at")),
    )


_READERS: dict[str, Callable[[dict[str, Any]], IncomingChange | None]] = {
    "push": _push,
    "deployment": _deployment,
    "deployment_status": _deployment_status,
    "workflow_run": _workflow_run,
}


def _change(
    event: dict[str, Any],
    name: str,
    *,
    kind: ChangeKind,
    summary: str,
    labels: dict[str, str],
    links: tuple[Link, ...],
    at: datetime | None,
) -> IncomingChange:
    repository, sender = _repository(event), event.get("sender")
    full_name = one_line(repository.get("full_name"))
    if not full_name:
        raise Unreadable("'repository.full_name' is missing.")
    login = one_line(sender.get("login")) if isinstance(sender, dict) else ""
    return IncomingChange(
        sender_id=given_fingerprint(f"{full_name} {name}"),
        kind=kind,
        summary=one_line(summary),
        author=login[:LONGEST_AUTHOR],
        labels={"repository": full_name} | {key: value for key, value in labels.items() if value},
        links=(*links, *link("Repository", repository.get("html_url"))),
        at=at,
    )


def _repository(event: dict[str, Any]) -> dict[str, Any]:
    return an_object(event.get("repository"), name="'repository'")


def _id(thing: dict[str, Any]) -> str:
    number = text(thing.get("id"), limit=80)
    if not number:
        raise Unreadable("An 'id' is missing.")
    return number


def _unix(seconds: Any) -> datetime | None:
    """A push says its time in seconds, other events as text."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
    except (ValueError, OverflowError, OSError):
        return None
