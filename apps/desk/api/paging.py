"""``/pages/``: page somebody by hand, without an incident, and see who answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contacts.queries import people_who_answer
from apps.core.api import HouseViewSet
from apps.core.errors import Invalid
from apps.desk import paging
from apps.desk.api.answers import DeliverySerializer
from apps.desk.forms.paging import LONGEST_TEXT
from apps.desk.receipts import masked
from apps.notifications import actions
from apps.notifications import queries as notifications
from apps.notifications.models import Delivery, DirectPage, Notification, Urgency
from apps.teams import access
from apps.teams.authentication import caller
from apps.teams.models import User
from apps.teams.representation import PersonByEmail, PersonSerializer


class PageTargetSerializer(serializers.Serializer[Any]):
    """Exactly one of them. ``team``: everybody else who responds for it; ``on_call``: who is on call for it now."""

    user = PersonByEmail(queryset=people_who_answer(), required=False)
    team = serializers.SlugField(required=False)
    on_call = serializers.SlugField(required=False, help_text="The slug of a team.")
    roster = serializers.SlugField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raise ValidationError unless exactly one target is named."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Name exactly one of user, team, on_call and roster.")
        return attrs


class SendPageSerializer(serializers.Serializer[Any]):
    to = PageTargetSerializer()
    text = serializers.CharField(max_length=LONGEST_TEXT)
    urgency = serializers.ChoiceField(Urgency.choices, default=Urgency.HIGH)


class MaskedDeliverySerializer(DeliverySerializer):
    """One message of a page by hand; ``to`` is masked, for who sent it need not know the address."""

    def get_to(self, delivery: Delivery) -> str:
        return masked(delivery) if delivery.address else ""


class PageReceiverSerializer(serializers.ModelSerializer[Notification]):
    """One who was paged, what they answered, and what became of each message."""

    person = PersonSerializer()
    deliveries = MaskedDeliverySerializer(many=True)

    class Meta:
        model = Notification
        fields = ("person", "urgency", "acknowledged_at", "declined_at", "deliveries")
        read_only_fields = fields


class DirectPageSerializer(serializers.ModelSerializer[DirectPage]):
    """A page by hand. ``to`` says in words whom the sender chose; ``receivers`` are those who could be reached."""

    at = serializers.DateTimeField(source="created_at")
    by = PersonSerializer()
    receivers = PageReceiverSerializer(source="notifications", many=True)

    class Meta:
        model = DirectPage
        fields = ("id", "at", "by", "to", "text", "receivers")
        read_only_fields = fields


class DirectPageViewSet(HouseViewSet):
    """Pages by hand: those that you sent or received."""

    personal = True
    serializer_class = DirectPageSerializer
    lookup_value_regex = "[0-9]{1,18}"
    filter_backends = ()
    queryset = DirectPage.objects.none()

    def get_queryset(self) -> QuerySet[DirectPage]:
        """Those that concern the caller."""
        return notifications.direct_pages_of(caller(self.request))

    @extend_schema(operation_id="pages_list", responses=DirectPageSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The pages by hand that you sent or received, newest first."""
        page: list[Any] = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(DirectPageSerializer(page, many=True).data)

    @extend_schema(operation_id="pages_read", responses=DirectPageSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One page by hand, with its answers as they are now."""
        return Response(DirectPageSerializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(operation_id="pages_send", request=SendPageSerializer, responses={201: DirectPageSerializer})
    def create(self, request: Request) -> Response:
        """Page somebody now. Each receiver answers for themselves."""
        person = caller(request)
        access.require_responder(person)  # before anything is said of teams and people
        told = self.understood(SendPageSerializer)
        target = _target(told["to"], person)
        page = actions.page_by_hand(
            target.people, to=target.label, text=told["text"], by=person, urgency=Urgency(told["urgency"])
        )
        answer = DirectPageSerializer(self.get_queryset().get(pk=page.pk)).data
        return Response(answer, status=HTTPStatus.CREATED)


def _target(to: dict[str, Any], by: User) -> paging.Target:
    if "user" in to:
        return paging.of_person(to["user"])
    if "roster" in to:
        return paging.of_roster(to["roster"], viewer=by)
    if "on_call" in to:
        return paging.of_team(to["on_call"], viewer=by, everybody=False)
    if "team" in to:
        return paging.of_team(to["team"], viewer=by, everybody=True)
    raise Invalid("Name whom to page.", field="to")
