"""What a change would make, in answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.rosters import actions
from apps.rosters.api.rosters import ShiftSerializer
from apps.teams.models import Team


class NewGapSerializer(serializers.Serializer[Any]):
    """When nobody is on call: from ``start`` up to but not including ``end``; null: as far as shifts are planned.

    With ``team`` it is one of that team: it would have no primary roster any more.
    """

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)
    team = serializers.SerializerMethodField(help_text="The slug of a team.")

    def get_team(self, gap: actions.NamedGap) -> str | None:
        return Team.objects.get(pk=gap.team_id).slug if gap.team_id is not None else None


class OutlookSerializer(serializers.Serializer[Any]):
    """What a change would make: the shifts of the next six weeks, and the gaps that there are not yet."""

    shifts = ShiftSerializer(many=True)
    gaps = NewGapSerializer(many=True)
