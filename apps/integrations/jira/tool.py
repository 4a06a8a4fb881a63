"""An incident as a ticket in Jira Service Management: made, moved and commented with it (R14, R33)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from apps.core import http
from apps.core.errors import ProviderError
from apps.core.texts import one_line
from apps.incidents.models import EventKind, Status
from apps.integrations.jira import documents, marked, workflow
from apps.integrations.jira.client import Issue, JiraClient
from apps.integrations.jira.items import ITEM_TYPE, Items
from apps.integrations.tools import Brief, Made, News, Provider, Setting, StepKind, pairs, register

ISSUE_TYPE = "[System] Incident"
_ITEM_PRIORITIES = "high=High, medium=Medium, low=Low"
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]+")
#: What becomes of the incident, where its news do not say it themselves.
_BECOMES = {
    EventKind.ACKNOWLEDGED: Status.ACKNOWLEDGED,
    EventKind.RESOLVED: Status.RESOLVED,
    EventKind.REOPENED: Status.INVESTIGATING,
}
#: What changes the fields of the ticket.
_REWRITES = frozenset({EventKind.SEVERITY_CHANGED, EventKind.DESCRIBED})
#: What is said in words alone, and of a private incident not at all.
_WORDS = frozenset({EventKind.NOTE, EventKind.UPDATE_SENT})


class Ticket:
    """The ticket has a label made of the incident's mark: by it it is found again."""

    def __init__(
        self, client: JiraClient, *, site: str, project: str, issue_type: str, priorities: Mapping[str, str]
    ) -> None:
        self._client = client
        self._site = site
        self._project = project
        self._issue_type = issue_type
        self._priorities = priorities

    def find(self, brief: Brief) -> Made | None:
        """The ticket with our label, even if it is younger than what Jira's search knows."""
        issue = marked.find(self._client, project=self._project, mark=brief.mark)
        return self._linked(issue, brief) if issue else None

    def make(self, brief: Brief, *, key: str) -> Made:
        """Make it, with a link back."""
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "labels": [marked.label_of(brief.mark)],
            "description": _description(brief),
            **self._told(brief),
        }
        return self._linked(self._client.create(fields), brief)

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Say what happened in a comment, once, and change or move the ticket as far as its project lets us."""
        kind = EventKind(news.kind)
        if brief.private and kind in _WORDS:
            return
        self._say(made, brief, str(kind.label) if brief.private else news.text, key=news.key)
        if kind in _REWRITES:
            self._client.change(made.ref, self._told(brief))
        elif kind not in _WORDS:
            self._move(made, str(news.data.get("status") or _BECOMES.get(kind, brief.status)))

    def end(self, made: Made, brief: Brief) -> None:
        """Say how it ended, and move the ticket to where tickets are done; one that somebody deleted is ended."""
        try:
            self._say(made, brief, f"{brief.reference} is {brief.status_label.lower()}.", key="end")
            self._move(made, brief.status)
        except http.Refused as error:
            if error.reply.status != 404:
                raise

    def check(self) -> str:
        """Who we are there, and whether the project has tickets of that type."""
        name, project = self._client.myself(), self._client.project(self._project)
        if self._issue_type not in project.issue_types:
            known = ", ".join(project.issue_types)
            raise ProviderError(f"{project.name} has no {self._issue_type}, but {known}.", permanent=True)
        return f"{name} makes a {self._issue_type} in {project.name}."

    def _told(self, brief: Brief) -> dict[str, Any]:
        """The fields that change with the incident."""
        summary = one_line(f"[{brief.severity}] {brief.reference}: {brief.title}")[: marked.LONGEST_SUMMARY]
        priority = self._priorities.get(brief.severity)
        return {"summary": summary, **({"priority": {"name": priority}} if priority else {})}

    def _linked(self, issue: Issue, brief: Brief) -> Made:
        return marked.linked(
            self._client, issue, site=self._site, mark=brief.mark, address=brief.url, words=brief.reference
        )

    def _say(self, made: Made, brief: Brief, words: str, *, key: str) -> None:
        """Comment it, unless a comment with its key is there: the key is in where the comment's link leads."""
        address = f"{brief.url}#{key}"
        if self._client.has_comment_with(made.ref, address):
            return
        signed = documents.paragraph([documents.link(brief.reference, address)])
        self._client.comment(made.ref, documents.document([*documents.paragraphs(words), signed]))

    def _move(self, made: Made, status: str) -> None:
        wanted, ways = workflow.goal(status), self._client.transitions(made.ref)
        transition = workflow.way(wanted, self._client.status(made.ref), ways)
        if transition is not None:
            self._client.move(made.ref, transition, workflow.told_on(transition))


def _description(brief: Brief) -> documents.Node:
    facts = (
        ("Severity", brief.severity),
        ("Impact", brief.impact),
        ("Team", brief.team),
        ("Services", ", ".join(brief.services)),
        ("Commander", brief.commander),
        ("Declared", f"{brief.declared_at:%Y-%m-%d %H:%M} UTC"),
    )
    back = documents.paragraph([documents.text("Worked on in "), documents.link(brief.reference, brief.url)])
    return documents.document([*documents.paragraphs(brief.summary), *documents.facts(facts), back])


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[Ticket]:
    """Reach Jira as an account of its own, in one project. Raises ProviderError for what cannot be told to it."""
    priorities = pairs(told.get("priorities", ""), example="P0=Highest, P1=High")
    with _reached(told) as (client, site, project):
        kind = told.get("issue_type") or ISSUE_TYPE
        yield Ticket(client, site=site, project=project, issue_type=kind, priorities=priorities)


@contextmanager
def items(told: Mapping[str, str]) -> Iterator[Items]:
    """The same for action items."""
    priorities = pairs(told.get("item_priorities", ""), example=_ITEM_PRIORITIES)
    with _reached(told) as (client, site, project):
        kind = told.get("item_type") or ITEM_TYPE
        yield Items(client, site=site, project=project, issue_type=kind, priorities=priorities)


@contextmanager
def _reached(told: Mapping[str, str]) -> Iterator[tuple[JiraClient, str, str]]:
    site, project = told["site"].rstrip("/"), told["project"].upper()
    if not _PROJECT.fullmatch(project):
        raise ProviderError(f"{project!r} is no key of a project.", permanent=True)
    with http.client(site, public_only=True) as client:
        yield JiraClient(client, email=told["email"], token=told["token"]), site, project


register(
    Provider(
        key="jira",
        label="Jira Service Management",
        makes=StepKind.TICKET,
        settings=(
            Setting("site", "Site", address=True, leads=True, help_text="As in https://example.atlassian.net."),
            Setting("email", "Email", leads=True, help_text="Of the account that makes the tickets."),
            Setting("token", "API token", secret=True, help_text="Of the same account."),
            Setting("project", "Project", help_text="Its key, as in OPS."),
            Setting("issue_type", "Issue type", required=False, help_text=f"Empty: {ISSUE_TYPE}."),
            Setting(
                "item_priorities",
                "Priorities of action items",
                required=False,
                help_text=f"As in {_ITEM_PRIORITIES}. Empty: none is set.",
            ),
            Setting("item_type", "Type of action items", required=False, help_text=f"Empty: {ITEM_TYPE}."),
            Setting(
                "priorities",
                "Priorities",
                required=False,
                help_text="Of each severity, as in P0=Highest, P1=High. Empty: none is set.",
            ),
        ),
        opened=opened,
        tasks=items,
        follows=frozenset({EventKind.STATUS_CHANGED, *_BECOMES, *_REWRITES, *_WORDS}),
    )
)
