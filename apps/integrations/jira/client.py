"""Jira Cloud's REST API v3, the calls about one issue. Source: its public reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from apps.core.http import Reply, send
from apps.integrations.answers import text, understood
from apps.integrations.jira.documents import Node

#: So many issues are read at once at most; Jira's own limit.
MOST_AT_ONCE = 100
#: So far back comments are looked through.
COMMENTS = 50
#: What makes a comment one for those who work there, and not for the customers of a service project.
_INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}


@dataclass(frozen=True, slots=True)
class Issue:
    """What was made there: ``ref`` stays, whatever ``key`` becomes when it is moved."""

    ref: str
    key: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Where an issue stands: ``category`` is ``new``, ``indeterminate`` or ``done``."""

    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from where an issue stands to another status, and what has to be told on it."""

    ref: str
    name: str
    to: Status
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """Where issues are made."""

    name: str
    issue_types: tuple[str, ...]


class JiraClient:
    """Jira as one account sees it. Every call raises ProviderError."""

    def __init__(self, http: httpx.Client, *, email: str, token: str) -> None:
        self._http = http
        self._auth = (email, token)

    def myself(self) -> str:
        """The name of the account."""
        told = self._call("GET", "myself").json()
        with understood("Jira"):
            return text(told["displayName"])

    def project(self, key: str) -> Project:
        """The project of that key, as far as the account may see it."""
        told = self._call("GET", f"project/{key}").json()
        with understood("Jira"):
            return Project(text(told["name"]), tuple(text(each["name"]) for each in told["issueTypes"]))

    def search(self, jql: str, *, most: int) -> list[Issue]:
        """The first ``most`` issues that the query finds; it may not know yet what was made a moment ago."""
        told = self._call("POST", "search/jql", json={"jql": jql, "maxResults": most, "fields": ["labels"]}).json()
        with understood("Jira"):
            return [_issue(each) for each in told["issues"]]

    def fetch(self, keys: Iterable[str]) -> list[Issue]:
        """Those of the issues that there are, MOST_AT_ONCE at most, as they are at this moment."""
        told = self._call("POST", "issue/bulkfetch", json={"issueIdsOrKeys": list(keys), "fields": ["labels"]}).json()
        with understood("Jira"):
            return [_issue(each) for each in told["issues"]]

    def create(self, fields: Mapping[str, Any]) -> Issue:
        """Make an issue."""
        told = self._call("POST", "issue", json={"fields": fields}).json()
        with understood("Jira"):
            return _issue(told)

    def change(self, ref: str, fields: Mapping[str, Any]) -> None:
        """Set these fields of the issue."""
        self._call("PUT", f"issue/{ref}", json={"fields": fields})

    def link(self, ref: str, *, key: str, address: str, words: str) -> None:
        """Let the issue link to ``address``; there is one link of each ``key``, however often it is made."""
        body = {
            "globalId": key,
            "application": {"name": "ADO Incidents"},
            "relationship": "is handled in",
            "object": {"url": address, "title": words},
        }
        self._call("POST", f"issue/{ref}/remotelink", json=body)

    def has_comment_with(self, ref: str, address: str) -> bool:
        """Whether one of the latest comments of the issue links to exactly ``address``."""
        latest = {"orderBy": "-created", "maxResults": COMMENTS}
        told = self._call("GET", f"issue/{ref}/comment", params=latest).json()
        with understood("Jira"):
            return any(json.dumps(address) in json.dumps(each["body"]) for each in told["comments"])

    def comment(self, ref: str, body: Node) -> None:
        """Add a comment for those who work there."""
        self._call("POST", f"issue/{ref}/comment", json={"body": body, "properties": [_INTERNAL]})

    def status(self, ref: str) -> Status:
        """Where the issue stands."""
        told = self._call("GET", f"issue/{ref}", params={"fields": "status"}).json()
        with understood("Jira"):
            return _status(told["fields"]["status"])

    def statuses(self, refs: Iterable[str]) -> dict[str, Status]:
        """Where those of the issues stand that there are, MOST_AT_ONCE at most, by their ``ref``."""
        told = self._call("POST", "issue/bulkfetch", json={"issueIdsOrKeys": list(refs), "fields": ["status"]}).json()
        with understood("Jira"):
            return {text(each["id"]): _status(each["fields"]["status"]) for each in told["issues"]}

    def transitions(self, ref: str) -> list[Transition]:
        """The ways that the account may take the issue from here."""
        told = self._call("GET", f"issue/{ref}/transitions", params={"expand": "transitions.fields"}).json()
        with understood("Jira"):
            return [
                Transition(text(each["id"]), text(each["name"]), _status(each["to"]), each.get("fields") or {})
                for each in told["transitions"]
            ]

    def move(self, ref: str, transition: Transition, fields: Mapping[str, Any]) -> None:
        """Take the issue that way, with the ``fields`` that are told on it."""
        body = {"transition": {"id": transition.ref}, **({"fields": fields} if fields else {})}
        self._call("POST", f"issue/{ref}/transitions", json=body)

    def _call(self, method: str, path: str, **request: Any) -> Reply:
        return send(self._http, method, f"rest/api/3/{path}", auth=self._auth, **request)


def _issue(told: Mapping[str, Any]) -> Issue:
    return Issue(text(told["id"]), text(told["key"]), tuple((told.get("fields") or {}).get("labels") or ()))


def _status(told: Mapping[str, Any]) -> Status:
    return Status(text(told["name"]), text(told["statusCategory"]["key"]))
