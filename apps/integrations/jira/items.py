"""Action items as issues in Jira: made, changed and moved with the item (R30)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from apps.core.texts import one_line
from apps.integrations.jira import documents, marked, workflow
from apps.integrations.jira.client import JiraClient
from apps.integrations.tools import Made, Task

ITEM_TYPE = "Task"


class Items:
    """The issue has a label made of the item's mark: by it it is found again."""

    def __init__(
        self, client: JiraClient, *, site: str, project: str, issue_type: str, priorities: Mapping[str, str]
    ) -> None:
        self._client = client
        self._priorities = priorities
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
            **self._told(task),
        }
        return self._linked(self._client.create(fields), task)

    def change(self, made: Made, task: Task, *, reopened: bool) -> None:
        """Write what the item says, and move the issue where the item is done, cancelled, or open again."""
        self._client.change(made.ref, self._told(task))
        wanted, stands = workflow.goal_of_item(task.state), self._client.status(made.ref)
        if wanted.category != workflow.DONE and (workflow.is_open(stands) or not reopened):
            return  # somebody may work on it there, or has finished it: that is asked for soon
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

    def _told(self, task: Task) -> dict[str, Any]:
        """The fields that change with the item; a priority only where one is told what it is called there."""
        priority = self._priorities.get(task.priority)
        told = {
            "summary": one_line(f"{task.reference}: {task.title}")[: marked.LONGEST_SUMMARY],
            "description": _description(task),
        }
        return told | ({"priority": {"name": priority}} if priority else {})


def _description(task: Task) -> documents.Node:
    facts = (
        ("Kind", task.kind),
        ("Priority", task.priority),
        ("Owner", task.owner),
        ("Due", task.due),
        ("Ticket of the incident", task.ticket),
    )
    back = documents.paragraph([documents.text("Follows from "), documents.link(task.reference, task.incident_url)])
    return documents.document([*documents.facts(facts), back])
