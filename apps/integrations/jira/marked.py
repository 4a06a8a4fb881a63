"""Issues that are known by a label, which is made of a mark of ours."""

from __future__ import annotations

import hashlib

import structlog

from apps.core.errors import ProviderError
from apps.integrations.jira.client import MOST_AT_ONCE, Issue, JiraClient
from apps.integrations.tools import Made

log = structlog.get_logger(__name__)

#: A summary is cut there (characters).
LONGEST_SUMMARY = 255


def label_of(mark: str) -> str:
    """The label of what has that mark: labels have no spaces and few signs."""
    return f"ado-{hashlib.sha256(mark.encode()).hexdigest()[:16]}"


def find(client: JiraClient, *, project: str, mark: str) -> Issue | None:
    """The issue with the label, even if it is younger than what Jira's search knows. Raises ProviderError."""
    label = label_of(mark)
    found = client.search(f'labels = "{label}"', most=1) or _among_the_youngest(client, project, label)
    return found[0] if found else None


def _among_the_youngest(client: JiraClient, project: str, label: str) -> list[Issue]:
    """Jira's search lags behind by seconds, sometimes minutes: the keys around its youngest are read themselves."""
    youngest = client.search(f'project = "{project}" ORDER BY key DESC', most=1)
    number = int(youngest[0].key.rpartition("-")[2]) if youngest else 0
    first = max(1, number - MOST_AT_ONCE // 4)
    keys = [f"{project}-{each}" for each in range(first, first + MOST_AT_ONCE)]
    return [issue for issue in client.fetch(keys) if label in issue.labels]


def linked(client: JiraClient, issue: Issue, *, site: str, mark: str, address: str, words: str) -> Made:
    """The issue, once it links back. Where we may make no links that in its description has to do."""
    try:
        client.link(issue.ref, key=mark, address=address, words=words)
    except ProviderError as error:
        if not error.permanent:
            raise
        log.warning("jira_not_linked", issue=issue.key, error=str(error))
    return Made(ref=issue.ref, label=issue.key, url=f"{site}/browse/{issue.key}")
