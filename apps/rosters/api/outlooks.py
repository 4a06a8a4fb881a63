"""What a change would make, in answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.rosters.api.rosters import ShiftSerializer


class NewGapSerializer(serializers.Serializer[Any]):
    """When nobody is on call: from ``start`` up to but not including ``end``; null: as far as shifts are planned."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)


class OutlookSerializer(serializers.Serializer[Any]):
    """What a change would make: the shifts of the next six weeks, and the gaps that there are not yet."""

    shifts = ShiftSerializer(many=True)
    gaps = NewGapSerializer(many=True)
