"""``/policies/``: the escalation policies that one may see, to name one of them or to look who would be paged."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from apps.core import durations
from apps.core.api import HouseViewSet
from apps.escalation import queries as escalation
from apps.escalation.models import Level, LevelTarget, Policy
from apps.teams.authentication import caller


@extend_schema_field(str)
class SpanField(serializers.DurationField):
    """A span as people write it: ``15m``, ``1h``."""

    def to_representation(self, value: Any) -> str:
        return durations.format(value)


class PolicyTargetSerializer(serializers.ModelSerializer[LevelTarget]):
    """Whom a level pages, in words; ``outside_hours``: outside working hours, instead of the others."""

    name = serializers.CharField(source="__str__")

    class Meta:
        model = LevelTarget
        fields = ("kind", "name", "outside_hours")


class PolicyLevelSerializer(serializers.ModelSerializer[Level]):
    """A level: so long after the declaration (``after``), ``unless`` that happened by then."""

    after = SpanField()
    targets = PolicyTargetSerializer(many=True)

    class Meta:
        model = Level
        fields = ("number", "name", "after", "unless", "outside_hours", "round_robin", "targets")


class PolicySerializer(serializers.ModelSerializer[Policy]):
    """A policy: of a service, else of a team, else of everybody; null is no limit."""

    severity = serializers.CharField(source="severity.code")
    team = serializers.CharField(source="team.slug", allow_null=True, default=None)
    service = serializers.CharField(source="service.slug", allow_null=True, default=None)
    asks_again_after = SpanField(allow_null=True)
    repeat_every = SpanField(allow_null=True)
    levels = PolicyLevelSerializer(many=True)
    url = serializers.CharField(source="get_absolute_url")

    class Meta:
        model = Policy
        fields = (
            "id", "severity", "team", "service", "asks_again_after", "repeats", "repeat_every", "levels", "url",
        )  # fmt: skip
        read_only_fields = fields


class PolicyViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, HouseViewSet):
    """What holds for everybody, and the policies of the teams whose matters you may see, newest first."""

    serializer_class = PolicySerializer
    filter_backends = ()
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Policy.objects.none()

    def get_queryset(self) -> QuerySet[Policy]:
        """Those that the caller may see, with levels and targets at hand."""
        return escalation.visible_policies(caller(self.request))
