"""What providers made for an incident, over HTTP (R14)."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.pagination import OldestFirst
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.integrations.models import Step
from apps.integrations.steps import actions, queries
from apps.integrations.tools import StepKind
from apps.teams.authentication import caller


class ProviderStepSerializer(serializers.ModelSerializer[Step]):
    """What a provider makes, where it is, and why it is not there yet."""

    kind = serializers.ChoiceField(StepKind.choices)
    provider = serializers.CharField(source="connection.provider")
    url = serializers.CharField(help_text="Where it is; empty where that is no address.")

    class Meta:
        model = Step
        fields = ("kind", "provider", "state", "label", "url", "error", "planned_at", "made_at", "ended_at")
        read_only_fields = fields


class Steps(AboutIncidents):
    """What providers make for an incident."""

    @extend_schema(operation_id="incident_steps", responses=ProviderStepSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=OldestFirst)
    def steps(self, request: Request, reference: str) -> Response:
        """The channel, the page, the ticket and the bridge that were made for it, oldest first (R14)."""
        page = self.paginate_queryset(queries.steps_of(self.incident()))
        return self.get_paginated_response(ProviderStepSerializer(page, many=True).data)

    @extend_schema(operation_id="incident_retry_step", request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path=f"steps/(?P<kind>{'|'.join(StepKind.values)})/retry")
    def retry_step(self, request: Request, reference: str, kind: str) -> Response:
        """Try a step that failed once more, now."""
        incident = self.incident()
        step = Step.objects.filter(incident=incident, kind=kind).first()
        if step is None:
            raise NotFound
        actions.retry(step.pk, by=caller(request))
        return self.answer(incident)
