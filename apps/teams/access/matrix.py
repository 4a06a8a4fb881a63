"""Which role may do what: the one table from which everything that is asked about access is decided.

``docs/access.md`` shows it; a test compares the page with this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from apps.teams.models import TeamRole


class Permission(StrEnum):
    """What a person may do for a team; each is a permission on the ``Team`` object."""

    VIEW = "view_team"
    RESPOND = "respond_team"
    COMMAND = "command_team"
    MANAGE = "manage_team"


class Right(StrEnum):
    """What else may be done; no grant on a team stands for it."""

    OWN = "own"
    INVOLVED = "involved"
    DIRECTORY = "directory"
    PRIVATE = "private"
    ENTER = "enter"
    OVERSEE = "oversee"
    AUDIT = "audit"
    ADMINISTRATE = "administrate"
    SEND = "send"


class Holder(StrEnum):
    """Who may do something: whoever holds a role of a membership, whoever holds none, and what sends alerts."""

    ADMIN = TeamRole.ADMIN
    MANAGER = TeamRole.MANAGER
    COMMANDER = TeamRole.COMMANDER
    RESPONDER = TeamRole.RESPONDER
    STAKEHOLDER = TeamRole.STAKEHOLDER
    AUDITOR = TeamRole.AUDITOR
    REPORTER = "reporter"
    INTEGRATION = "integration"


class Reach(StrEnum):
    """How far it goes."""

    SELF = "themselves"
    TEAM = "own teams"
    BELOW = "own teams and those below"
    ALL = "everywhere"


#: What managers make others, people and service accounts: none of these may do what they may not.
GIVEN_BY_MANAGERS = (TeamRole.MANAGER, TeamRole.RESPONDER, TeamRole.STAKEHOLDER)
_PEOPLE = frozenset(Holder) - {Holder.INTEGRATION}
_MEMBERS = _PEOPLE - {Holder.REPORTER}

MATRIX: Mapping[Permission | Right, Mapping[Holder, Reach]] = {
    Right.OWN: dict.fromkeys(_PEOPLE, Reach.SELF),
    Right.INVOLVED: dict.fromkeys(_PEOPLE, Reach.SELF),
    Right.DIRECTORY: dict.fromkeys(_MEMBERS, Reach.ALL),
    Permission.VIEW: {
        Holder.ADMIN: Reach.ALL,
        Holder.MANAGER: Reach.BELOW,
        Holder.COMMANDER: Reach.TEAM,
        Holder.RESPONDER: Reach.TEAM,
        Holder.STAKEHOLDER: Reach.TEAM,
        Holder.AUDITOR: Reach.ALL,
    },
    Permission.RESPOND: {
        Holder.ADMIN: Reach.ALL,
        Holder.MANAGER: Reach.TEAM,
        Holder.COMMANDER: Reach.TEAM,
        Holder.RESPONDER: Reach.TEAM,
    },
    Permission.COMMAND: {Holder.ADMIN: Reach.ALL, Holder.COMMANDER: Reach.TEAM},
    Permission.MANAGE: {Holder.ADMIN: Reach.ALL, Holder.MANAGER: Reach.BELOW},
    Right.PRIVATE: {Holder.COMMANDER: Reach.TEAM},
    Right.ENTER: dict.fromkeys((Holder.ADMIN, Holder.MANAGER, Holder.AUDITOR), Reach.SELF),
    Right.OVERSEE: {Holder.ADMIN: Reach.ALL, Holder.AUDITOR: Reach.ALL},
    Right.AUDIT: {Holder.ADMIN: Reach.ALL, Holder.AUDITOR: Reach.ALL, Holder.MANAGER: Reach.BELOW},
    Right.ADMINISTRATE: {Holder.ADMIN: Reach.ALL},
    Right.SEND: {Holder.INTEGRATION: Reach.TEAM},
}


def roles_with(right: Permission | Right) -> frozenset[TeamRole]:
    """The roles of memberships that hold ``right``, however far."""
    return frozenset(role for role in TeamRole if Holder(role) in MATRIX[right])


#: What a role in a team allows for that team.
GRANTS: Mapping[TeamRole, frozenset[Permission]] = {
    role: frozenset(permission for permission in Permission if role in roles_with(permission)) for role in TeamRole
}
#: What a role in a team allows for the teams below it.
GRANTS_BELOW: Mapping[TeamRole, frozenset[Permission]] = {
    role: frozenset(each for each in Permission if MATRIX[each].get(Holder(role)) is Reach.BELOW) for role in TeamRole
}
#: Roles of people who are here to read.
READING = frozenset(TeamRole) - roles_with(Permission.RESPOND)
