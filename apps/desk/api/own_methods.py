"""``/me/contact-methods/``: how the caller is reached, and the codes that verify it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contacts import actions, phones, serving
from apps.contacts.models import TELEPHONED, ContactMethod, MethodKind
from apps.core.api import HouseViewSet
from apps.core.pagination import OldestFirst
from apps.desk import own_methods
from apps.teams.authentication import caller
from apps.teams.models import Scope
from apps.teams.sensitive import require_of_session

_KEYS = ("p256dh", "auth")


class PushKeysSerializer(serializers.Serializer[Any]):
    """What a browser tells beside its endpoint (Push API)."""

    p256dh = serializers.RegexField(r"^[A-Za-z0-9_=-]{1,200}$")
    auth = serializers.RegexField(r"^[A-Za-z0-9_=-]{1,100}$")


class AddMethodSerializer(serializers.Serializer[Any]):
    """Another way to be reached; ``keys`` belong to ``push`` and to nothing else."""

    kind = serializers.ChoiceField(MethodKind.choices)
    value = serializers.CharField(max_length=500, help_text="An address, a number as +49 30 901820, a Slack member.")
    label = serializers.CharField(  # type: ignore[assignment]  # the contact method's name for it, also of Field's
        max_length=60, required=False, allow_blank=True, default=""
    )
    keys = PushKeysSerializer(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raise ValidationError for a number that no network can reach, and for keys that are missing or too many."""
        if attrs["kind"] in TELEPHONED and not phones.is_dialable(attrs["value"]):
            raise serializers.ValidationError({"value": "This cannot be dialled; write it as +49 30 901820."})
        if (attrs["kind"] == MethodKind.PUSH) != (attrs["keys"] is not None):
            raise serializers.ValidationError({"keys": "A push device has keys, and nothing else has."})
        return attrs


class ContactMethodSerializer(serializers.ModelSerializer[ContactMethod]):
    """A way to reach you. ``usable``: pages are sent to it."""

    usable = serializers.SerializerMethodField()
    dialable = serializers.BooleanField(source="is_dialable")
    served = serializers.SerializerMethodField(help_text="Whether this installation sends by it.")
    value = serializers.CharField(source="shown")

    class Meta:
        model = ContactMethod
        fields = (
            "id", "kind", "value", "label", "position", "usable", "served", "dialable", "verified_at", "disabled_at",
            "disabled_reason", "opted_out_at", "source",
        )  # fmt: skip
        read_only_fields = fields

    def get_usable(self, method: ContactMethod) -> bool:
        return method.is_usable and self.get_served(method)

    def get_served(self, method: ContactMethod) -> bool:
        return method.kind in serving.kinds()


class CodeSentSerializer(serializers.Serializer[Any]):
    """A code is on its way to the method; ``requested_at`` says since when."""

    requested_at = serializers.DateTimeField()


class VerifySerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20)


class OwnMethodViewSet(HouseViewSet):
    """Your own contact methods. Those of others do not exist here.

    A session confirms who it is before more is added, or one goes, as on the profile (``own_methods``).
    """

    personal = True
    write_scope = Scope.MANAGE
    serializer_class = ContactMethodSerializer
    pagination_class = OldestFirst
    lookup_value_regex = "[0-9]{1,18}"
    filter_backends = ()
    queryset = ContactMethod.objects.none()

    def get_queryset(self) -> QuerySet[ContactMethod]:
        """The caller's methods."""
        return ContactMethod.objects.filter(person=caller(self.request)).select_related("person")

    @extend_schema(operation_id="me_contact_methods", responses=ContactMethodSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Your contact methods in the order in which they were added; ``position`` is the order of use."""
        page: list[Any] = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(ContactMethodSerializer(page, many=True).data)

    @extend_schema(
        operation_id="me_contact_methods_add",
        request=AddMethodSerializer,
        responses={201: ContactMethodSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a way to be reached. It counts once the code that is sent to it was told back."""
        person = caller(request)
        if own_methods.is_reached_otherwise(person):
            require_of_session(request)
        told = self.understood(AddMethodSerializer)
        method = actions.add_method(
            person,
            kind=MethodKind(told["kind"]),
            value=told["value"],
            label=told["label"],
            details={"keys": {name: told["keys"][name] for name in _KEYS}} if told["keys"] else None,
            by=person,
        )
        return Response(ContactMethodSerializer(method).data, status=HTTPStatus.CREATED)

    @extend_schema(operation_id="me_contact_methods_remove", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove it."""
        method = self._method(pk)
        if method.verified_at is not None:
            require_of_session(request)
        actions.remove_method(method, by=caller(request))
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(operation_id="me_contact_methods_code", request=None, responses=CodeSentSerializer)
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str) -> Response:
        """Have a code sent to it; 409 where one was sent a moment ago, or too many were asked for."""
        verification = actions.request_code(self._method(pk), by=caller(request))
        return Response(CodeSentSerializer(verification).data)

    @extend_schema(
        operation_id="me_contact_methods_verify", request=VerifySerializer, responses=ContactMethodSerializer
    )
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Tell the code back: 400 for a wrong one, 409 where none is waited for any more."""
        method, told = self._method(pk), self.understood(VerifySerializer)
        actions.confirm_code(method, code=told["code"], by=caller(request))
        method.refresh_from_db()
        return Response(ContactMethodSerializer(method).data)

    def _method(self, pk: str) -> ContactMethod:
        return get_object_or_404(self.get_queryset(), pk=pk)
