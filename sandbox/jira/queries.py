"""As much of JQL as the product asks: clauses of equality, joined by AND, and an order."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.jira.issues import PROJECT, Issue
from sandbox.jira.problems import Refused

_ORDER = re.compile(r"\s+ORDER\s+BY\s+(?P<field>\w+)(?:\s+(?P<way>ASC|DESC))?\s*$", re.IGNORECASE)
_CLAUSE = re.compile(r'\s*(?P<field>\w+)\s*=\s*(?:"(?P<quoted>[^"]+)"|(?P<bare>[\w-]+))\s*')
_FIELDS: dict[str, Callable[[Issue, str], bool]] = {
    "labels": lambda issue, value: value in issue.fields["labels"],
    "key": lambda issue, value: value.upper() == issue.key,
    "project": lambda issue, _: issue.key.startswith(f"{PROJECT['key']}-"),
}
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


def found(issues: list[Issue], jql: str) -> list[Issue]:
    """What the query finds, by default the youngest first. Raises Refused for one that Jira would not understand."""
    order = _ORDER.search(f" {jql}")
    asked = f" {jql}"[: order.start()].strip() if order else jql.strip()
    if not asked:
        raise Refused(UNBOUNDED)
    for clause in re.split(r"\s+AND\s+", asked, flags=re.IGNORECASE):
        issues = _fitting(issues, clause)
    if order and order["field"].lower() not in ("key", "created"):
        raise Refused(f"Not able to sort using field '{order['field']}'.")
    oldest_first = order is not None and (order["way"] or "ASC").upper() == "ASC"
    return issues if oldest_first else issues[::-1]


def _fitting(issues: list[Issue], clause: str) -> list[Issue]:
    read = _CLAUSE.fullmatch(clause)
    if read is None:
        raise Refused(f"Error in the JQL Query: Expecting a field and a value but got '{clause.strip()}'.")
    field, value = read["field"].lower(), read["quoted"] or read["bare"]
    if field not in _FIELDS:
        raise Refused(f"Field '{read['field']}' does not exist or you do not have permission to view it.")
    if field == "project" and value not in (PROJECT["key"], PROJECT["name"]):
        raise Refused(f"The value '{value}' does not exist for the field 'project'.")
    return [issue for issue in issues if _FIELDS[field](issue, value)]
