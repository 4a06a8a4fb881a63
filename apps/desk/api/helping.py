"""The people around a running incident: who is asked to help, who hands it on, who cannot, who watches."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Lower
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contacts.queries import people_who_answer
from apps.desk import askable
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.desk.api.requests import LONGEST_TEXT
from apps.desk.queries import visible_rosters, visible_teams
from apps.escalation import actions as escalation
from apps.escalation import queries as policies
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.models import Expert, RequestState, ResponderRequest, Via
from apps.notifications import answers
from apps.rosters.models import Roster
from apps.teams.authentication import caller
from apps.teams.models import Team, User
from apps.teams.representation import PersonByEmail, PersonSerializer

MOST = 50
_TEXT: dict[str, Any] = {"required": False, "default": "", "allow_blank": True, "max_length": LONGEST_TEXT}


@extend_schema_field({"type": "array", "items": {"type": "string", "format": "email"}, "minItems": 1, "maxItems": MOST})
class PeopleByEmail(serializers.ListField):
    """Active people, in requests, by their addresses in any case; one query."""

    child = serializers.EmailField()

    def to_internal_value(self, data: Any) -> list[User]:
        """The people in the order of ``data``. Raises ValidationError for none, too many, or one whom nobody is."""
        addresses = list(dict.fromkeys(address.lower() for address in super().to_internal_value(data)))
        if not 1 <= len(addresses) <= MOST:
            raise serializers.ValidationError(f"Name between 1 and {MOST} people.")
        active = people_who_answer().annotate(address=Lower("email"))
        found = {person.email.lower(): person for person in active.filter(address__in=addresses)}
        if unknown := [address for address in addresses if address not in found]:
            raise serializers.ValidationError([f"Nobody here has the address {address}." for address in unknown])
        return [found[address] for address in addresses]


class WatchSerializer(serializers.Serializer[Any]):
    """Watch, or no longer; ``user`` is somebody else whom who commands lets watch."""

    watch = serializers.BooleanField()
    user = PersonByEmail(queryset=people_who_answer(), required=False, allow_null=True, default=None)


class AskRespondersSerializer(serializers.Serializer[Any]):
    """Exactly one of ``users``, ``team`` (who is on call for it), ``roster`` (who is on it) and ``expert``."""

    users = PeopleByEmail(required=False)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.none(), required=False,
        error_messages={"does_not_exist": "There is no team {value}."},
    )  # fmt: skip
    roster = serializers.SlugRelatedField(
        slug_field="slug", queryset=Roster.objects.none(), required=False,
        error_messages={"does_not_exist": "There is no roster {value}."},
    )  # fmt: skip
    expert = serializers.SlugRelatedField(
        slug_field="key", queryset=Expert.objects.select_related("person"), required=False,
        error_messages={"does_not_exist": "There is no expert {value}."},
    )  # fmt: skip
    message = serializers.CharField(**_TEXT)

    def get_fields(self) -> dict[str, Any]:
        """The caller chooses among what they may see."""
        fields: dict[str, Any] = super().get_fields()
        if (request := self.context.get("request")) is not None:
            seen = visible_teams(caller(request))
            fields["team"].queryset = Team.objects.filter(pk__in=[team.pk for team in seen])
            fields["roster"].queryset = visible_rosters(caller(request))
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return whom was meant as ``target``. Raises ValidationError unless it is exactly one."""
        named = [name for name in ("users", "team", "roster", "expert") if name in attrs]
        if len(named) != 1:
            raise serializers.ValidationError("Name exactly one of users, team, roster and expert.")
        return {"target": attrs[named[0]], "message": attrs["message"]}


class AnswerRequestSerializer(serializers.Serializer[Any]):
    """``accept`` and ``decline`` are for whoever was asked, ``withdraw`` for who responds to the incident."""

    answer = serializers.ChoiceField([answer.value for answer in answers.RequestAnswer])
    reason = serializers.CharField(**_TEXT, help_text="Why it is declined.")


class DeclineSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(**_TEXT)


class ReassignSerializer(serializers.Serializer[Any]):
    """To ``users``, or to the chain of a ``policy``, named by its id."""

    users = PeopleByEmail(required=False)
    policy = serializers.PrimaryKeyRelatedField(queryset=Policy.objects.none(), required=False, allow_null=True)
    reason = serializers.CharField(max_length=LONGEST_TEXT)

    def get_fields(self) -> dict[str, Any]:
        """The caller chooses among the policies that they may see."""
        fields: dict[str, Any] = super().get_fields()
        if (request := self.context.get("request")) is not None:
            fields["policy"].queryset = policies.visible_policies(caller(request))
        return fields


class ResponderRequestSerializer(serializers.ModelSerializer[ResponderRequest]):
    """Somebody who was asked to respond, and what they answered; ``answer`` says why they declined."""

    user = PersonSerializer(source="person")
    asked_by = PersonSerializer()
    state = serializers.ChoiceField(RequestState.choices)

    class Meta:
        model = ResponderRequest
        fields = ("id", "user", "asked_by", "message", "asked_at", "state", "answered_at", "answer")


class Helping(AboutIncidents):
    """What one does about the people of an incident."""

    @extend_schema(operation_id="incident_watchers", responses=PersonSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def watchers(self, request: Request, reference: str) -> Response:
        """Who is told of its course without responding to it; a bare list."""
        return Response(PersonSerializer(incidents.watchers_of(self.incident()), many=True).data)

    @extend_schema(operation_id="incident_watch", request=WatchSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def watch(self, request: Request, reference: str) -> Response:
        """Hear of its course by notices of low urgency, or no longer."""
        incident, told = self.incident(), self.understood(WatchSerializer)
        change = actions.watch if told["watch"] else actions.unwatch
        return self.answer(change(incident.pk, by=caller(request), person=told["user"], via=Via.API))

    @extend_schema(operation_id="incident_responders_list", responses=ResponderRequestSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def responders(self, request: Request, reference: str) -> Response:
        """Who was asked to respond, in order, and what each answered; a bare list."""
        return Response(ResponderRequestSerializer(incidents.requests_of(self.incident()), many=True).data)

    @extend_schema(operation_id="incident_responders", request=AskRespondersSerializer, responses=IncidentSerializer)
    @responders.mapping.post
    def ask_responders(self, request: Request, reference: str) -> Response:
        """Ask people to respond: each is paged at once, outside the chain, until they answer."""
        incident, told = self.incident(), self.understood(AskRespondersSerializer)
        target = told["target"]
        people: list[User] = target if isinstance(target, list) else askable.behind(target)
        actions.ask_responders(incident.pk, people=people, by=caller(request), message=told["message"], via=Via.API)
        return self.answer(incident)

    @extend_schema(
        operation_id="incident_responder_answer", request=AnswerRequestSerializer, responses=IncidentSerializer
    )
    @action(detail=True, methods=["post"], url_path=r"responders/(?P<asked>[0-9]{1,18})")
    def answer_responder(self, request: Request, reference: str, asked: str) -> Response:
        """Accept, which takes the incident on, or decline, if you were asked; or take the question back."""
        incident, told = self.incident(), self.understood(AnswerRequestSerializer)
        if not incidents.requests_of(incident).filter(pk=asked).exists():
            raise Http404
        answers.answer_request(int(asked), told["answer"], by=caller(request), via=Via.API, reason=told["reason"])
        return self.answer(incident)

    @extend_schema(operation_id="incident_decline", request=DeclineSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, reference: str) -> Response:
        """Say that you cannot take it on, if you were paged; when nobody is left the next level is paged at once."""
        incident, told = self.incident(), self.understood(DeclineSerializer)
        answers.decline_incident(incident.pk, by=caller(request), via=Via.API, reason=told["reason"])
        return self.answer(incident)

    @extend_schema(operation_id="incident_reassign", request=ReassignSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def reassign(self, request: Request, reference: str) -> Response:
        """Hand it to other people, or to another chain: they are paged at once, and it counts as not acknowledged."""
        incident, told = self.incident(), self.understood(ReassignSerializer)
        return self.answer(
            escalation.reassign(
                incident.pk,
                people=told.get("users", ()),
                policy=told.get("policy"),
                reason=told["reason"],
                by=caller(request),
                via=Via.API,
            )
        )
