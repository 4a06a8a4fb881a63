"""Action items as issues in Jira: made, changed and moved with the item (R30)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from apps.core.texts import one_line
from apps.integrations.jira import documents, marked, workflow
from apps.integrations.jira.client import JiraClient
from apps.integrations.tools import Made, Task

ITEM_TYPE = "Task"
#: What Jira calls the priorities of items, in a project that has its standard ones.
_PRIORITIES = {"high": "High", "medium": "Medium", "low": "Low"}


class Items:
    """The issue has a label made of the item's mark: by it it is found again."""

    def __init__(self, client: JiraClient, *, site: str, project: str, issue_type: str) -> None:
        self._client = client
        self._site = site
        self._project = project
        self._issue_type = issue_type

    def find(self, task: Task) -> Made | None:
        """The issue with our label."""
        issue = marked.find(self._client, project=self._project, mark=task.mark)
        return self._linked(issue, task) if issue else None

    def make(self, task: Task) -> Made:
        """Make it, with a link to the incident."""
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "labels": [marked.label_of(task.mark)],
            **_told(task),
        }
        return self._linked(self._client.create(fields), task)

    def change(self, made: Made, task: Task) -> None:
        """Write what the item says, and move the issue where the item is done, cancelled, or open again."""
        self._client.change(made.ref, _told(task))
        wanted, stands = workflow.goal_of_item(task.state), self._client.status(made.ref)
        if workflow.is_open(stands) and wanted.category != workflow.DONE:
            return  # somebody may work on it there
        transition = workflow.way(wanted, stands, self._client.transitions(made.ref))
        if transition is not None:
            self._client.move(made.ref, transition, workflow.told_on(transition))

    def done(self, refs: Collection[str]) -> set[str]:
        """Which of them are done, whichever way that is called there, and not given up."""
        return {ref for ref, status in self._client.statuses(refs).items() if workflow.is_done_well(status)}

    def _linked(self, issue: Any, task: Task) -> Made:
        return marked.linked(
            self._client, issue, site=self._site, mark=task.mark, address=task.incident_url, words=task.reference
        )


def _told(task: Task) -> dict[str, Any]:
    facts = (
        ("Kind", task.kind),
        ("Owner", task.owner),
        ("Due", task.due),
        ("Ticket of the incident", task.ticket),
    )
    back = documents.paragraph([documents.text("Follows from "), documents.link(task.reference, task.incident_url)])
    told = {
        "summary": one_line(f"{task.reference}: {task.title}")[: marked.LONGEST_SUMMARY],
        "description": documents.document([*documents.facts(facts), back]),
    }
    return told | ({"priority": {"name": _PRIORITIES[task.priority]}} if task.priority in _PRIORITIES else {})
