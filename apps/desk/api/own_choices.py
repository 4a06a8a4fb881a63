"""``/me/notification-rules/`` and ``/me/preferences/``: when the caller is told by what, and when not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import durations
from apps.core.api import HouseViewSet
from apps.desk.api.requests import SomethingChanges
from apps.notifications import actions
from apps.notifications import queries as notifications
from apps.notifications.actions import MOST_STEPS
from apps.notifications.models import NotificationRule, Preferences, Urgency
from apps.teams.authentication import caller
from apps.teams.models import User


@extend_schema_field(OpenApiTypes.STR)
class SpanField(serializers.Field[timedelta, str, str, Any]):
    """A span as everywhere in the house: a number and a unit, such as ``0m``, ``90s``, ``10m``, ``2h``."""

    def to_internal_value(self, data: Any) -> timedelta:
        """The span. Raises ValidationError for what is none."""
        try:
            return durations.parse(data if isinstance(data, str) else str(data))
        except durations.DurationError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: timedelta) -> str:
        return durations.format(value)


class StepSerializer(serializers.Serializer[Any]):
    """So long after the notification, by the contact method of that id."""

    after = SpanField(help_text="A number and a unit: 0m, 90s, 10m. At most 24h.")
    method = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class RulesSerializer(serializers.Serializer[Any]):
    """The steps of each urgency in the order of time; an empty list means the standard ones."""

    high = serializers.ListField(child=StepSerializer(), max_length=MOST_STEPS)
    low = serializers.ListField(child=StepSerializer(), max_length=MOST_STEPS)


class RulesAnswerSerializer(RulesSerializer):
    """``warnings`` say in words what keeps you from being paged as you may believe you are."""

    warnings = serializers.ListField(child=serializers.CharField())


class PreferencesSerializer(SomethingChanges):
    """Quiet hours by the clock of your time zone, both or neither; what is not urgent waits for their end."""

    quiet_from = serializers.TimeField(allow_null=True, required=False)
    quiet_until = serializers.TimeField(allow_null=True, required=False)
    shift_notices = serializers.BooleanField(required=False, help_text="A notice when a shift begins and ends.")


class OwnRulesViewSet(HouseViewSet):
    """By which steps you are told."""

    personal = True
    serializer_class = RulesAnswerSerializer
    queryset = NotificationRule.objects.none()
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="me_notification_rules", responses=RulesAnswerSerializer)
    def retrieve(self, request: Request) -> Response:
        """Your steps, and what is wrong with them."""
        return Response(_rules_of(caller(request)))

    @extend_schema(operation_id="me_notification_rules_set", request=RulesSerializer, responses=RulesAnswerSerializer)
    def update(self, request: Request) -> Response:
        """Make your steps these."""
        told, person = self.understood(RulesSerializer), caller(request)
        with transaction.atomic():
            for urgency in Urgency:
                steps = [(step["after"], step["method"]) for step in told[urgency.value]]
                actions.set_rules(person, urgency, steps=steps, by=person)
        return Response(_rules_of(person))


class OwnPreferencesViewSet(HouseViewSet):
    """Your quiet hours, and whether you want notices of your shifts."""

    personal = True
    serializer_class = PreferencesSerializer
    queryset = Preferences.objects.none()
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="me_preferences", responses=PreferencesSerializer)
    def retrieve(self, request: Request) -> Response:
        """What you chose."""
        return Response(PreferencesSerializer(_preferences_of(caller(request))).data)

    @extend_schema(operation_id="me_preferences_change", request=PreferencesSerializer, responses=PreferencesSerializer)
    def partial_update(self, request: Request) -> Response:
        """Change what you name; the rest stays."""
        told, person = self.understood(PreferencesSerializer, partial=True), caller(request)
        before = _preferences_of(person)
        chosen = actions.set_preferences(
            person,
            quiet_from=told.get("quiet_from", before.quiet_from),
            quiet_until=told.get("quiet_until", before.quiet_until),
            shift_notices=told.get("shift_notices", before.shift_notices),
            by=person,
        )
        return Response(PreferencesSerializer(chosen).data)


def _rules_of(person: User) -> Any:
    rules = NotificationRule.objects.filter(person=person)
    steps: dict[str, Any] = {
        urgency.value: [{"after": rule.after, "method": rule.method_id} for rule in rules if rule.urgency == urgency]
        for urgency in Urgency
    }
    return RulesAnswerSerializer({**steps, "warnings": notifications.warnings_for(person)}).data


def _preferences_of(person: User) -> Preferences:
    return Preferences.objects.filter(person=person).first() or Preferences(person=person)
