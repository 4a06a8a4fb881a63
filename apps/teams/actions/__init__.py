"""Writes of teams, one verb a function."""

from apps.teams.actions.belonging import (
    add_member,
    change_mapped_roles,
    change_team,
    create_team,
    describe_oneself,
    hand_over_role,
    remove_member,
)
from apps.teams.actions.leaving import (
    deactivate,
    end_passes,
    is_last_administrator,
    lock_administrators,
    reactivate,
    refuse_erased,
    require_an_administrator,
    take_every_role,
    tell_of_address,
)
from apps.teams.actions.service_accounts import create_service_account, deactivate_service_account
from apps.teams.actions.token_use import note_use
from apps.teams.actions.tokens import (
    LONGEST_OVERLAP,
    REMINDED_BEFORE,
    create_token,
    issue_token,
    remind_of_ends,
    revoke_token,
    rotate_token,
)
from apps.teams.actions.ways_in import note_way_in, tell_of_way_in

__all__ = [
    "LONGEST_OVERLAP",
    "REMINDED_BEFORE",
    "add_member",
    "change_mapped_roles",
    "change_team",
    "create_service_account",
    "create_team",
    "create_token",
    "deactivate",
    "deactivate_service_account",
    "describe_oneself",
    "end_passes",
    "hand_over_role",
    "is_last_administrator",
    "issue_token",
    "lock_administrators",
    "note_use",
    "note_way_in",
    "reactivate",
    "refuse_erased",
    "remind_of_ends",
    "remove_member",
    "require_an_administrator",
    "revoke_token",
    "rotate_token",
    "take_every_role",
    "tell_of_address",
    "tell_of_way_in",
]
