"""What one does to an incident: every POST below it answers with the incident as it then is."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Invalid
from apps.desk.api import requests
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.escalation import actions as escalation
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Via
from apps.teams.authentication import caller

#: What the timeline says where a caller cancels without a reason, which the address does not ask for.
NO_REASON = "no reason given"


class Responding(AboutIncidents):
    """The steps of an incident's life."""

    @extend_schema(operation_id="incident_acknowledge", request=None, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, reference: str) -> Response:
        """Take the incident on (R4, R12). Doing so twice is harmless."""
        return self.answer(actions.acknowledge(self.incident().pk, by=caller(request), via=Via.API))

    @extend_schema(operation_id="incident_resolve", request=requests.NoteSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, reference: str) -> Response:
        """Resolve it; 409 says what is missing (R21, R22)."""
        incident, told = self.incident(), self.understood(requests.NoteSerializer)
        return self.answer(actions.resolve(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(
        operation_id="incident_confirm_closure", request=requests.NoteSerializer, responses=IncidentSerializer
    )
    @action(detail=True, methods=["post"], url_path="confirm-closure")
    def confirm_closure(self, request: Request, reference: str) -> Response:
        """Record that the stakeholders of a resolved incident agree that it is over (R28)."""
        incident, told = self.incident(), self.understood(requests.NoteSerializer)
        return self.answer(actions.confirm_closure(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incident_close", request=requests.NoteSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, reference: str) -> Response:
        """Close the resolved incident; 409 says what is missing (R22)."""
        incident, told = self.incident(), self.understood(requests.NoteSerializer)
        return self.answer(actions.close(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(
        operation_id="incident_reopen",
        request=requests.ReasonSerializer,
        responses={200: IncidentSerializer, 201: IncidentSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, reference: str) -> Response:
        """Take it up again: the same one soon after it was resolved, else a new one that follows it (201)."""
        before, told = self.incident(), self.understood(requests.ReasonSerializer)
        return self._taken_up(before, actions.reopen(before.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incident_cancel", request=requests.ReasonSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, reference: str) -> Response:
        """End an open incident that was none."""
        incident, told = self.incident(), self.understood(requests.ReasonSerializer)
        reason = told["reason"] or NO_REASON
        return self.answer(actions.cancel(incident.pk, reason=reason, by=caller(request), via=Via.API))

    @extend_schema(
        operation_id="incident_transition",
        request=requests.TransitionSerializer,
        responses={200: IncidentSerializer, 201: IncidentSerializer},
    )
    @action(detail=True, methods=["post"])
    def transition(self, request: Request, reference: str) -> Response:
        """Move it to another status; any step forward out of *declared* acknowledges it (R13)."""
        before, told = self.incident(), self.understood(requests.TransitionSerializer)
        after = actions.transition(before.pk, to=told["status"], by=caller(request), via=Via.API, note=told["note"])
        return self._taken_up(before, after)

    @extend_schema(
        operation_id="incident_severity", request=requests.ChangeSeveritySerializer, responses=IncidentSerializer
    )
    @action(detail=True, methods=["post"])
    def severity(self, request: Request, reference: str) -> Response:
        """Give it another severity; every clock is computed anew from the declaration."""
        incident, told = self.incident(), self.understood(requests.ChangeSeveritySerializer)
        return self.answer(actions.change_severity(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incident_escalate", request=requests.EscalateSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, reference: str) -> Response:
        """Raise it at once to a level, or to the one of a trigger, else to the next (R10, R11, R13)."""
        incident, told = self.incident(), self.understood(requests.EscalateSerializer)
        return self.answer(escalation.escalate(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incident_snooze", request=requests.SnoozeSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, reference: str) -> Response:
        """Let due levels wait; at the end they fire if they still apply, and you are asked whether you are on it."""
        incident, told = self.incident(), self.understood(requests.SnoozeSerializer)
        if told["minutes"] == 0:
            return self.answer(escalation.end_hold(incident.pk, by=caller(request), via=Via.API))
        return self.answer(escalation.hold(incident.pk, by=caller(request), via=Via.API, **told))

    @extend_schema(operation_id="incident_roles", request=requests.AssignRoleSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def roles(self, request: Request, reference: str) -> Response:
        """Give a response role to somebody, or take it (R6)."""
        incident, told = self.incident(), self.understood(requests.AssignRoleSerializer)
        role, person = told["role"], told["user"]
        return self.answer(actions.assign_role(incident.pk, role=role, person=person, by=caller(request), via=Via.API))

    @extend_schema(operation_id="incident_merge", request=requests.MergeSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, reference: str) -> Response:
        """End it as a part of another open incident."""
        incident, wanted = self.incident(), self.understood(requests.MergeSerializer)["into"]
        try:
            into = incidents.by_reference(wanted, self.get_queryset())
        except Incident.DoesNotExist as error:
            raise Invalid(f"There is no incident {wanted}.", field="into") from error
        return self.answer(actions.merge(incident.pk, into=into.pk, by=caller(request), via=Via.API))

    def _taken_up(self, before: Incident, after: Incident) -> Response:
        return self.answer(after, created=after.pk != before.pk)
