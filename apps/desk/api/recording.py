"""What one records about an incident: notes, updates, its checklist, its fix and its impact."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.communications import actions as communications
from apps.desk.api import requests
from apps.desk.api.answers import ImpactSerializer, IncidentSerializer, ResolutionSerializer
from apps.desk.api.base import AboutIncidents
from apps.incidents import actions
from apps.incidents.models import Via
from apps.teams.authentication import caller


class Recording(AboutIncidents):
    """The records of an incident."""

    @extend_schema(operation_id="incident_notes", request=requests.AddNoteSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, reference: str) -> Response:
        """Put a note on the timeline, or what was found of the root cause (R20)."""
        incident, told = self.incident(), self.understood(requests.AddNoteSerializer)
        by, text = caller(request), told["text"]
        if told["cause"]:
            return self.answer(actions.note_cause(incident.pk, about=told["cause"], text=text, by=by, via=Via.API))
        return self.answer(actions.add_note(incident.pk, text=text, by=by, via=Via.API))

    @extend_schema(operation_id="incident_updates", request=requests.SendUpdateSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def updates(self, request: Request, reference: str) -> Response:
        """Send an update to the response team, or keep one for customers (R24)."""
        incident, told = self.incident(), self.understood(requests.SendUpdateSerializer)
        communications.send_update(incident.pk, by=caller(request), via=Via.API, **told)
        return self.answer(incident)

    @extend_schema(
        operation_id="incident_checklist", request=requests.ChecklistSerializer, responses=IncidentSerializer
    )
    @action(detail=True, methods=["post"], url_path=r"checklist/(?P<item>[0-9]{1,18})")
    def checklist(self, request: Request, reference: str, item: str) -> Response:
        """Tick an item, open it again, or waive it for a reason (R15, R22)."""
        incident, told = self.incident(), self.understood(requests.ChecklistSerializer)
        if not incident.checklist.filter(pk=item).exists():
            raise Http404
        if told["waived_reason"]:
            actions.waive(int(item), reason=told["waived_reason"], by=caller(request), via=Via.API)
        else:
            actions.tick(int(item), done=told["done"], seen=told["seen"], by=caller(request), via=Via.API)
        return self.answer(incident)

    @extend_schema(operation_id="incident_resolution_read", responses=ResolutionSerializer)
    @action(detail=True, methods=["get"])
    def resolution(self, request: Request, reference: str) -> Response:
        """The fix and its verification (R21)."""
        return Response(ResolutionSerializer(self.incident().resolution).data)

    @extend_schema(
        operation_id="incident_resolution", request=requests.RecordResolutionSerializer, responses=ResolutionSerializer
    )
    @resolution.mapping.patch
    def record_resolution(self, request: Request, reference: str) -> Response:
        """Record the fix, its approval and its verification, or why it cannot be verified; the rest stays (R21)."""
        incident, told = self.incident(), self.understood(requests.RecordResolutionSerializer, partial=True)
        recorded = actions.record_resolution(incident.pk, by=caller(request), via=Via.API, **told)
        return Response(ResolutionSerializer(recorded).data)

    @extend_schema(operation_id="incident_impact_read", responses=ImpactSerializer)
    @action(detail=True, methods=["get"])
    def impact(self, request: Request, reference: str) -> Response:
        """The latest assessment of the impact; 404 before the first (R19)."""
        latest = self.incident().impact_assessments.select_related("by").first()
        if latest is None:
            raise Http404
        return Response(ImpactSerializer(latest).data)

    @extend_schema(operation_id="incident_impact", request=requests.AssessImpactSerializer, responses=ImpactSerializer)
    @impact.mapping.patch
    def assess_impact(self, request: Request, reference: str) -> Response:
        """Record what is now known of the impact; what is not named is taken over (R19)."""
        incident, told = self.incident(), self.understood(requests.AssessImpactSerializer, partial=True)
        assessed = actions.assess_impact(incident.pk, by=caller(request), via=Via.API, **told)
        return Response(ImpactSerializer(assessed).data)
