"""What a change would make, in answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.rosters import actions
from apps.rosters.api.rosters import ShiftSerializer
from apps.teams.models import Team


class NewGapSerializer(serializers.Serializer[Any]):
    """When nobody is on call, or ``held`` of the ``wanted``: from ``start`` up to but not including ``end``.

    ``end`` null: as far as shifts are planned. With ``stands_in`` it is the override of whoever is called so, in a
    ``seat`` that the roster would no longer have: it ends. With ``team`` it is a gap of that team: it would have no
    primary roster any more.
    """

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)
    held = serializers.IntegerField()
    wanted = serializers.IntegerField()
    stands_in = serializers.CharField()
    seat = serializers.IntegerField()
    team = serializers.SerializerMethodField(help_text="The slug of a team.")

    def get_team(self, gap: actions.NamedGap) -> str | None:
        return Team.objects.get(pk=gap.team_id).slug if gap.team_id is not None else None


class OutlookSerializer(serializers.Serializer[Any]):
    """What a change would make: the shifts of the next six weeks, and the gaps that there are not yet."""

    shifts = ShiftSerializer(many=True)
    gaps = NewGapSerializer(many=True)
