"""``/me/pages/``: what the caller was paged about, what became of each message, and one answer for all of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.desk.api.answers import DeliverySerializer
from apps.desk.api.helping import DeclineSerializer
from apps.incidents.models import Via
from apps.notifications import answers
from apps.notifications import queries as notifications
from apps.notifications.models import PAGES, Notification
from apps.teams.authentication import caller


class OwnPageSerializer(serializers.ModelSerializer[Notification]):
    """A page to you. ``incident`` is null for one that somebody sent by hand; ``page`` names that."""

    at = serializers.DateTimeField(source="created_at")
    incident = serializers.SerializerMethodField()
    page = serializers.IntegerField(source="direct_id", allow_null=True)
    waiting = serializers.BooleanField(source="is_waiting")
    deliveries = DeliverySerializer(many=True)

    class Meta:
        model = Notification
        fields = (
            "id", "at", "kind", "level", "urgency", "incident", "page", "subject", "text", "waiting",
            "acknowledged_at", "declined_at", "read_at", "deliveries",
        )  # fmt: skip
        read_only_fields = fields

    def get_incident(self, notification: Notification) -> str | None:
        return notification.incident.reference if notification.incident else None


class AnsweredSerializer(serializers.Serializer[Any]):
    """What became of your answer to one page: ``done``, and in words."""

    page = serializers.IntegerField(source="page.pk")
    done = serializers.BooleanField()
    text = serializers.CharField()


class AnswersSerializer(serializers.Serializer[Any]):
    results = AnsweredSerializer(many=True)


class OwnPagesQuery(serializers.Serializer[Any]):
    unanswered = serializers.BooleanField(default=False, help_text="Only what waits for your answer.")


class OwnPageViewSet(HouseViewSet):
    """The pages that you received."""

    personal = True
    answering = ("acknowledge", "acknowledge_one", "decline")
    serializer_class = OwnPageSerializer
    lookup_value_regex = "[0-9]{1,18}"
    filter_backends = ()
    queryset = Notification.objects.none()

    def get_queryset(self) -> QuerySet[Notification]:
        """The caller's pages."""
        return notifications.pages_of(caller(self.request)).filter(kind__in=PAGES)

    @extend_schema(operation_id="me_pages", parameters=[OwnPagesQuery], responses=OwnPageSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Your pages, newest first, with what became of each message."""
        asked = OwnPagesQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        found = notifications.pages_of(caller(request), **asked.validated_data).filter(kind__in=PAGES)
        page: list[Any] = self.paginate_queryset(found) or []
        return self.get_paginated_response(OwnPageSerializer(page, many=True).data)

    @extend_schema(operation_id="me_pages_acknowledge", request=None, responses=AnswersSerializer)
    @action(detail=False, methods=["post"])
    def acknowledge(self, request: Request) -> Response:
        """Acknowledge everything that waits for you."""
        told = answers.acknowledge_all_of(caller(request), via=Via.API)
        return Response(AnswersSerializer({"results": told}).data)

    @extend_schema(operation_id="me_page_acknowledge", request=None, responses=AnsweredSerializer)
    @action(detail=True, methods=["post"], url_path="acknowledge")
    def acknowledge_one(self, request: Request, pk: str) -> Response:
        """Acknowledge one page. Where the rules forbid it, ``done`` is false and ``text`` says why."""
        told = answers.acknowledge(get_object_or_404(self.get_queryset(), pk=pk), via=Via.API)
        return Response(AnsweredSerializer(told).data)

    @extend_schema(operation_id="me_page_decline", request=DeclineSerializer, responses=AnsweredSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Say that you cannot take one page on, and why if you like: the chain goes on to the next."""
        told = self.understood(DeclineSerializer)
        page = get_object_or_404(self.get_queryset(), pk=pk)
        answered = answers.decline(page, via=Via.API, reason=told.get("reason", ""))
        return Response(AnsweredSerializer(answered).data)
