"""The one roster of an address that is to be changed, by whoever manages it."""

from __future__ import annotations

from typing import Any

from apps.rosters.api.rosters import RosterViewSet
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller


class ManagedRosterViewSet(RosterViewSet):
    """Rosters of which one is changed at a time."""

    changed: Roster | None = None

    def get_serializer_context(self) -> dict[str, Any]:
        """With the roster that is to be changed: forms look at what it has."""
        return {**super().get_serializer_context(), "roster": self.changed}

    def managed(self) -> Roster:
        """The roster of the address, to be changed. Raises NotAllowed, whatever the body, for who may not."""
        roster: Roster = self.get_object()
        access.require_for_team(caller(self.request), Permission.MANAGE, roster.team)
        self.changed = roster
        return roster
