"""What the site knows: one project of a service desk, its workflow, and the issues that were made since it started."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.jira import documents

PROJECT = {"id": "10000", "key": "OPS", "name": "Operations", "projectTypeKey": "service_desk"}
ISSUE_TYPES = ({"id": "10001", "name": "[System] Incident"}, {"id": "10002", "name": "Task"})
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
CATEGORIES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
#: The workflow of incidents as a service project has it: each status is reached from every other.
STATUSES = {
    "Open": "new",
    "Work in progress": "indeterminate",
    "Pending": "indeterminate",
    "Completed": "done",
    "Canceled": "done",
}
AUTHOR = {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "ADO Incidents", "active": True}
LONGEST_SUMMARY = 255


def now() -> str:
    """This instant as Jira writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


@dataclass
class Comment:
    """Something that was said on an issue."""

    id: str
    body: documents.Node
    properties: list[dict[str, Any]]
    created: str = field(default_factory=now)

    def as_json(self, *, version: str) -> dict[str, Any]:
        """As the API's ``version`` shows it."""
        shown = {"id": self.id, "author": AUTHOR, "created": self.created, "updated": self.created}
        internal = any(each.get("key") == "sd.public.comment" for each in self.properties)
        return shown | {"body": body_of(self.body, version), "jsdPublic": not internal}


@dataclass
class Issue:
    """An issue and everything about it."""

    id: str
    key: str
    fields: dict[str, Any]
    status: str = "Open"
    comments: list[Comment] = field(default_factory=list)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: str = field(default_factory=now)

    @property
    def incident(self) -> str | None:
        """By which the product names it in the link back of the description."""
        linked = documents.links(self.fields["description"])
        return linked[-1][0] if linked else None

    def as_json(self, root: str, *, version: str, wanted: list[str]) -> dict[str, Any]:
        """As the API's ``version`` shows it, with the ``wanted`` fields (all of them where none or ``*all`` is)."""
        fields = self.fields | {
            "description": body_of(self.fields["description"], version),
            "status": status_as_json(self.status),
            "created": self.created,
            "creator": AUTHOR,
        }
        everything = not wanted or "*all" in wanted or "*navigable" in wanted
        shown = fields if everything else {name: value for name, value in fields.items() if name in wanted}
        return {"id": self.id, "key": self.key, "self": f"{root}/issue/{self.id}", "fields": shown}


def body_of(document: documents.Node, version: str) -> Any:
    """A text as the API's ``version`` shows it."""
    return document if version == "3" else documents.plain(document)


def status_as_json(name: str) -> dict[str, Any]:
    """A status with its category."""
    key = STATUSES[name]
    number = str(10100 + list(STATUSES).index(name))
    return {"id": number, "name": name, "statusCategory": {"key": key, "name": CATEGORIES[key]}}


@dataclass
class Site:
    """The issues, in the order in which they were made."""

    issues: list[Issue] = field(default_factory=list)

    def create(self, fields: dict[str, Any]) -> Issue:
        """Keep an issue of these fields."""
        number = len(self.issues) + 1
        issue = Issue(str(10200 + number), f"{PROJECT['key']}-{number}", fields)
        self.issues.append(issue)
        return issue

    def find(self, name: str) -> Issue | None:
        """The issue of that id or key."""
        return next((each for each in self.issues if name.upper() in (each.id, each.key)), None)
