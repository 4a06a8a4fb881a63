"""What Jira requires of the fields of an issue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.jira import documents
from sandbox.jira.issues import ISSUE_TYPES, LONGEST_SUMMARY, PRIORITIES, PROJECT
from sandbox.jira.problems import Refused

Fields = dict[str, Any]
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
NO_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


def of_new(given: Mapping[str, Any], *, version: str) -> Fields:
    """The fields of a new issue. Raises Refused."""
    errors = {}
    if not _names(given.get("project"), (PROJECT,), "key"):
        errors["project"] = "valid project is required"
    if not (kind := _names(given.get("issuetype"), ISSUE_TYPES, "name")):
        errors["issuetype"] = "Specify a valid issue type"
    if not given.get("summary"):
        errors["summary"] = "You must specify a summary of the issue."
    if errors:
        raise Refused(errors=errors)
    standard = {"labels": [], "description": documents.of_text(""), "priority": {"name": "Medium"}}
    return standard | changed(given, version=version) | {"project": PROJECT, "issuetype": kind}


def changed(given: Mapping[str, Any], *, version: str) -> Fields:
    """The fields that a change sets. Raises Refused, naming each that Jira does not take."""
    checks = {"summary": _summary, "labels": _labels, "priority": _priority}
    errors = {name: problem for name, check in checks.items() if name in given and (problem := check(given[name]))}
    unknown = set(given) - {*checks, "description", "project", "issuetype"}
    errors |= {
        name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown." for name in unknown
    }
    if "description" in given and not is_text(given["description"], version=version):
        errors["description"] = NO_DOCUMENT
    if errors:
        raise Refused(errors=errors)
    kept = {name: given[name] for name in checks if name in given}
    return kept | ({"description": text(given["description"], version=version)} if "description" in given else {})


def is_text(given: object, *, version: str) -> bool:
    """Whether the API's ``version`` takes it as a text."""
    return documents.is_document(given) if version == "3" else isinstance(given, str)


def text(given: Any, *, version: str) -> documents.Node:
    """What was given to the API's ``version``, as a document."""
    return dict(given) if version == "3" else documents.of_text(given)


def _names(given: object, known: tuple[Mapping[str, str], ...], name: str) -> Mapping[str, str] | None:
    """Which of ``known`` is meant, by its id or its ``name``."""
    asked = given if isinstance(given, dict) else {}
    return next((each for each in known if asked.get("id") == each["id"] or asked.get(name) == each[name]), None)


def _summary(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        return "You must specify a summary of the issue."
    if "\n" in given:
        return "The summary is invalid because it contains newline characters."
    return "" if len(given) <= LONGEST_SUMMARY else f"Summary can't exceed {LONGEST_SUMMARY} characters."


def _labels(given: object) -> str:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        return "data was not an array"
    spaced = next((each for each in given if " " in each), None)
    return f"The label '{spaced}' contains spaces which is invalid." if spaced else ""


def _priority(given: object) -> str:
    name = given.get("name") if isinstance(given, dict) else None
    return "" if name in PRIORITIES else "Specify the Priority (name) in string format"
