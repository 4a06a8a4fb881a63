"""Who may do what: decided here and nowhere else (design, "Access"). Default deny.

``matrix`` says which role may do what, ``grants`` derives rows from memberships by it, ``deciding`` answers, within the
``limits`` of the token that somebody comes with.
"""

from apps.teams.access.deciding import (
    Guarded,
    Viewer,
    active_team_ids,
    administrators,
    audited_team_ids,
    belongs_here,
    commanded_team_ids,
    is_administrator,
    is_auditor,
    may,
    may_be_involved,
    may_enter_admin,
    needed_for,
    no_anonymous_user,
    only_reads,
    reads_only,
    require,
    require_for_team,
    require_responder,
    team_ids,
    who_may_view,
)
from apps.teams.access.grants import rebuild_grants, rebuild_grants_below
from apps.teams.access.limits import in_reach, is_limited, limit, reached
from apps.teams.access.matrix import GIVEN_BY_MANAGERS, GRANTS, MATRIX, Holder, Permission, Reach, Right

__all__ = [
    "GIVEN_BY_MANAGERS",
    "GRANTS",
    "MATRIX",
    "Guarded",
    "Holder",
    "Permission",
    "Reach",
    "Right",
    "Viewer",
    "active_team_ids",
    "administrators",
    "audited_team_ids",
    "belongs_here",
    "commanded_team_ids",
    "in_reach",
    "is_administrator",
    "is_auditor",
    "is_limited",
    "limit",
    "may",
    "may_be_involved",
    "may_enter_admin",
    "needed_for",
    "no_anonymous_user",
    "only_reads",
    "reached",
    "reads_only",
    "rebuild_grants",
    "rebuild_grants_below",
    "require",
    "require_for_team",
    "require_responder",
    "team_ids",
    "who_may_view",
]
