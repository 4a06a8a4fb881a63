"""Looking into an incident over HTTP: its services, what they need, and how all of that is (R16, R18, R20)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.api.health import SeenSerializer
from apps.catalog.api.services import ServiceLinkSerializer
from apps.catalog.models import HealthCheck
from apps.desk import looking
from apps.desk.api.answers import ChecklistItemSerializer, IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.incidents import actions, health, runbooks
from apps.incidents import queries as incidents
from apps.incidents.models import Via
from apps.teams.authentication import caller
from apps.teams.representation import PersonSerializer


class CheckSeenSerializer(serializers.ModelSerializer[HealthCheck]):
    """A health check and what it saw last; null before its first look."""

    seen = SeenSerializer(allow_null=True)

    class Meta:
        model = HealthCheck
        fields = ("id", "name", "kind", "seen")


class PlaceSerializer(serializers.Serializer[Any]):
    """A service and what is known of it now. ``open_incidents``: others that are open on it, of those you may see."""

    service = serializers.CharField(source="service.slug")
    open_incidents = serializers.IntegerField()
    maintenance_until = serializers.SerializerMethodField()
    failing_checks = serializers.IntegerField(source="failing")

    def get_maintenance_until(self, place: looking.Place) -> str | None:
        ends = [window.end for window in place.windows]
        return serializers.DateTimeField().to_representation(max(ends)) if ends else None


class AffectedSerializer(PlaceSerializer):
    """A service of the incident, with where to look and what its health checks saw last."""

    links = ServiceLinkSerializer(many=True, source="service.links.all")
    checks = CheckSeenSerializer(many=True)


class HealthRunSerializer(serializers.Serializer[Any]):
    """How the health was looked at last, because somebody asked; nulls before that, and while it is looked at."""

    under_way = serializers.BooleanField(source="is_under_way")
    asked_at = serializers.DateTimeField(source="asked.at", default=None, allow_null=True)
    asked_by = PersonSerializer(source="asked.actor", default=None, allow_null=True)
    checked_at = serializers.DateTimeField(source="answer.at", default=None, allow_null=True)
    results = serializers.JSONField(source="answer.data.results", default=None, allow_null=True)


class SurroundingsSerializer(serializers.Serializer[Any]):
    """What is around an incident."""

    services = AffectedSerializer(many=True)
    needed = PlaceSerializer(many=True)
    run = HealthRunSerializer()


class RunbookStepSerializer(serializers.Serializer[Any]):
    """A step to look up."""

    text = serializers.CharField()
    command = serializers.CharField()


class RunbookSerializer(serializers.Serializer[Any]):
    """A runbook of the procedures. Once it is started its ``items`` are ticked at ``checklist/``, with what was seen.

    ``suggested``: what is known of the impact asks for it.
    """

    key = serializers.CharField()
    name = serializers.CharField()
    phase = serializers.CharField()
    suggested = serializers.BooleanField(source="is_suggested")
    started = serializers.BooleanField(source="is_started")
    steps = RunbookStepSerializer(many=True)
    items = ChecklistItemSerializer(many=True)


class ReferenceSerializer(serializers.Serializer[Any]):
    """Further reading; ``url`` is empty where nobody said where it lies."""

    text = serializers.CharField()
    url = serializers.CharField()


class RunbooksSerializer(serializers.Serializer[Any]):
    """The runbooks, and what else the procedures refer to."""

    runbooks = RunbookSerializer(many=True)
    references = ReferenceSerializer(many=True)


class Looking(AboutIncidents):
    """Looking into an incident."""

    @extend_schema(operation_id="incident_runbooks", responses=RunbooksSerializer)
    @action(detail=True, methods=["get"])
    def runbooks(self, request: Request, reference: str) -> Response:
        """The runbooks of the procedures, and how far those have come that were started (R15, R20, R23)."""
        incident, procedures = self.incident(), incidents.procedures_in_force()
        told = {
            "runbooks": runbooks.progress_of(incident, procedures),
            "references": runbooks.references_of(procedures),
        }
        return Response(RunbooksSerializer(told).data)

    @extend_schema(operation_id="incident_start_runbook", request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path=r"runbooks/(?P<key>[-a-zA-Z0-9_]{1,64})/start")
    def start_runbook(self, request: Request, reference: str, key: str) -> Response:
        """Attach the steps of a runbook, to be ticked; one that was started already stays as it is."""
        incident = self.incident()
        return self.answer(actions.start_runbook(incident.pk, key=key, by=caller(request), via=Via.API))

    @extend_schema(operation_id="incident_health_read", responses=SurroundingsSerializer)
    @action(detail=True, methods=["get"], url_path="health-check")
    def health_check(self, request: Request, reference: str) -> Response:
        """Its services with links and health, what they need, and what was seen when somebody asked last."""
        incident = self.incident()
        found = looking.around(incident, caller(request))
        told = {"services": found.services, "needed": found.needed, "run": health.latest_run(incident)}
        return Response(SurroundingsSerializer(told).data)

    @extend_schema(operation_id="incident_health_check", request=None, responses=IncidentSerializer)
    @health_check.mapping.post
    def ask_for_health(self, request: Request, reference: str) -> Response:
        """Look by the health checks of its services now; what they see comes onto the timeline (R16)."""
        return self.answer(actions.ask_for_health(self.incident().pk, by=caller(request), via=Via.API))
