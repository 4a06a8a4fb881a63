"""Who was given access to a private incident by name."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contacts.queries import people_who_answer
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.actions.granting import LONGEST_REASON
from apps.incidents.models import AccessGrant, Via
from apps.teams.authentication import caller
from apps.teams.representation import PersonByEmail, PersonSerializer


class GiveAccessSerializer(serializers.Serializer[Any]):
    user = PersonByEmail(queryset=people_who_answer())
    reason = serializers.CharField(max_length=LONGEST_REASON)


class AccessGrantSerializer(serializers.ModelSerializer[AccessGrant]):
    """Somebody who was given access, by whom and why; it stands while ``taken_back_at`` is null."""

    user = PersonSerializer(source="person")
    given_by = PersonSerializer()
    taken_back_by = PersonSerializer(allow_null=True)

    class Meta:
        model = AccessGrant
        fields = ("id", "user", "reason", "given_by", "given_at", "taken_back_by", "taken_back_at")


class Granting(AboutIncidents):
    """What its team's commanders decide about who sees a private incident."""

    @extend_schema(operation_id="incident_access_list", responses=AccessGrantSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def access(self, request: Request, reference: str) -> Response:
        """Who was given access by name, in order, those from whom it was taken back included; a bare list."""
        return Response(AccessGrantSerializer(incidents.grants_of(self.incident()), many=True).data)

    @extend_schema(operation_id="incident_access_give", request=GiveAccessSerializer, responses=IncidentSerializer)
    @access.mapping.post
    def give_access(self, request: Request, reference: str) -> Response:
        """Let somebody see a private incident, and answer it unless they only read; 409 where it is not private."""
        incident, told = self.incident(), self.understood(GiveAccessSerializer)
        person, reason = told["user"], told["reason"]
        actions.give_access(incident.pk, person=person, reason=reason, by=caller(request), via=Via.API)
        return self.answer(incident)

    @extend_schema(operation_id="incident_access_take_back", responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"access/(?P<grant>[0-9]{1,18})")
    def take_access_back(self, request: Request, reference: str, grant: str) -> Response:
        """Take it back. Whoever is involved for another reason still sees the incident."""
        found = incidents.grants_of(self.incident()).filter(pk=grant).first()
        if found is None:
            raise Http404
        actions.take_access_back(found.pk, by=caller(request), via=Via.API)
        return Response(status=HTTPStatus.NO_CONTENT)
