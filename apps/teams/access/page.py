"""The matrix as a page for people: ``docs/access.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.teams.access.matrix import MATRIX, Holder, Permission, Reach, Right
from apps.teams.models import Scope
from apps.teams.permissions import CONTAINED

_WORDS: dict[Permission | Right, str] = {
    Right.OWN: "keep one's own profile, ways of being reached, pages, shifts and calendars",
    Right.INVOLVED: "see and answer what one is involved in: declared, was paged or asked for, was given access to",
    Right.DIRECTORY: "look up emergency contacts, experts and the chain that holds for every team",
    Permission.VIEW: "see a team's incidents that are not private, its rosters, services and policies",
    Permission.RESPOND: "declare and work on a team's incidents, take shifts, plan maintenance",
    Permission.COMMAND: "waive what gates a step, let others watch",
    Permission.MANAGE: "keep a team's rosters, services and their maintenance, policies, integrations and leave",
    Right.PRIVATE: "see, work on and give access to a team's private incidents",
    Right.ENTER: "enter the admin, where each finds what stands here",
    Right.OVERSEE: "look at everything in the admin that is not private",
    Right.AUDIT: "read the record at `/audit/`: who did what, when, on what, from where",
    Right.ADMINISTRATE: "keep people, teams, roles and the organisation's procedures",
    Right.SEND: "send alerts",
}
_TITLES = {Holder.ADMIN: "administrator", Holder.INTEGRATION: "integration token"}
_SCOPES = {
    Scope.READ: "look (GET)",
    Scope.RESPOND: "work on incidents and one's own shifts",
    Scope.MANAGE: "keep what one manages",
    Scope.INGEST: "send alerts to `/ingest/FORMAT/NUMBER/` of the integrations of one's teams",
    Scope.PROVISION: "provision people and groups at `/scim/v2/`, as an administrator",
}
_INTRODUCTION = """\
# Who may do what

Made by `manage.py access_matrix` from `apps/teams/access/matrix.py`, the one place where it is decided, and not edited
here. What stands for no role is refused. The web pages, their parts, the API, the admin, downloads, calendars and chat
ask the same question.

"""
_NOTES = """
- A **role** is held in a team; one person may hold different roles in different teams, and they add up. Administrators
  and auditors hold theirs for the whole organisation; who holds one of these two in a team has what stands here for
  that team, and neither oversees nor administrates anything.
- A **reporter** is whoever is signed in and holds no role at all. They see the incidents that they declared or were
  asked into, and nothing else; at `/report/` they report what does not work, and see what became of it (R3).
- Whoever is here **to read** (all their roles are {reading}) reads what they are involved in and answers nothing.
- A **private** incident is seen by whoever is involved in it, by whom one of its team's commanders gave access, and by
  these commanders; by nobody else, administrators and auditors included (decision 5).
- What one may not see **is not there**: it is answered 404, like what does not exist.
"""
_TOKENS = """
## Tokens

A token acts for a person: it may what they may, as far as its scope goes. A key of an integration is no person's, and
does nothing but send alerts to its team.

"""


def page() -> str:
    """The whole page, in Markdown."""
    reading = " or ".join(sorted(_reading()))
    scopes = [[f"`{scope}`", _what_scope_allows(scope)] for scope in Scope]
    return (
        _INTRODUCTION
        + _table(["what", *map(_title, Holder)], [[_WORDS[right], *_cells(right)] for right in MATRIX])
        + _NOTES.format(reading=reading)
        + _TOKENS
        + _table(["scope", "what it may be used for"], scopes)
    )


def _cells(right: Permission | Right) -> Iterable[str]:
    return (_how_far(MATRIX[right].get(holder)) for holder in Holder)


def _how_far(reach: Reach | None) -> str:
    return reach.value if reach else "–"


def _title(holder: Holder) -> str:
    return _TITLES.get(holder, holder.value)


def _reading() -> set[str]:
    held = MATRIX[Permission.VIEW].keys() - MATRIX[Permission.RESPOND].keys()
    return {_title(holder) for holder in held}


def _what_scope_allows(scope: Scope) -> str:
    return ", ".join(_SCOPES[each] for each in Scope if each in CONTAINED[scope])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
