"""The sheet of emergency contacts (contract, "HTTP API"; R7, R8)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contacts import queries
from apps.contacts.models import ContactGroup, EmergencyContact, ExternalContact, ExternalContactPoint
from apps.core.api import HouseViewSet

EXTERNAL = "external"


class PointSerializer(serializers.ModelSerializer[ExternalContactPoint]):
    """One way to reach a contact outside the house."""

    is_dialable = serializers.BooleanField()

    class Meta:
        model = ExternalContactPoint
        fields = ("label", "kind", "value", "is_dialable")


class ContactSerializer(serializers.Serializer[Any]):
    """A contact: ours have addresses and numbers, those of the group ``external`` have ``points``."""

    group = serializers.ChoiceField([*ContactGroup.choices, (EXTERNAL, "External contacts")])
    key = serializers.SlugField()
    name = serializers.CharField()
    title = serializers.CharField(default="")
    email = serializers.CharField(default="")
    phone = serializers.CharField(default="", help_text="As written.")
    phone_is_dialable = serializers.BooleanField(default=False, help_text="Whether a telephone network can reach it.")
    pager = serializers.CharField(default="")
    slack = serializers.CharField(default="")
    points = PointSerializer(many=True, default=())


@extend_schema_serializer(many=False)
class SheetSerializer(serializers.Serializer[Any]):
    """All contacts asked for. A sheet is one page: ``next`` and ``previous`` are null."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ContactSerializer(many=True)


class ContactViewSet(HouseViewSet):
    """Whom to reach in an emergency, inside the house and outside."""

    serializer_class = ContactSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        operation_id="contacts",
        parameters=[OpenApiParameter("q", str, description="Words that a contact contains, in any case.")],
        responses=SheetSerializer,
    )
    def list(self, request: Request) -> Response:
        """The contacts that contain every word of ``q``: ours by group and position, then those outside."""
        sheet = queries.search(request.user, request.query_params.get("q", ""))
        entries = [*map(_internal, sheet.internal), *map(_external, sheet.external)]
        return Response(SheetSerializer({"next": None, "previous": None, "results": entries}).data)


def _internal(contact: EmergencyContact) -> dict[str, Any]:
    return {
        "group": contact.group,
        "key": contact.key,
        "name": contact.name,
        "title": contact.title,
        "email": contact.email,
        "phone": contact.phone,
        "phone_is_dialable": contact.has_dialable_phone,
        "pager": contact.pager,
        "slack": contact.slack,
    }


def _external(contact: ExternalContact) -> dict[str, Any]:
    return {"group": EXTERNAL, "key": contact.key, "name": contact.name, "points": list(contact.points.all())}
