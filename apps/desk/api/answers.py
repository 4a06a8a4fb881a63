"""What the API answers about incidents, field by field as in the contract."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.alerts.models import Alert
from apps.escalation.models import LevelState, OutsideHours, Unless
from apps.incidents.models import (
    ChecklistItem,
    ChecklistPart,
    Detection,
    ImpactAssessment,
    Resolution,
    Status,
    TimelineEvent,
)
from apps.notifications.models import Delivery, NotificationKind
from apps.teams.representation import PersonSerializer


class ClockSerializer(serializers.Serializer[Any]):
    """When a target is due, and when it was met or broken; nulls where no such clock runs."""

    due_at = serializers.DateTimeField(allow_null=True)
    met_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)


class ClocksSerializer(serializers.Serializer[Any]):
    response = ClockSerializer()
    resolution = ClockSerializer()
    update = ClockSerializer()  # type: ignore[assignment]  # the contract's name, as it happens a method of Serializer


class RoleSerializer(serializers.Serializer[Any]):
    """A response role; ``user`` is null while it is vacant."""

    role = serializers.CharField(source="role.key")
    user = PersonSerializer(source="person", allow_null=True)
    since = serializers.DateTimeField(allow_null=True)


class EscalationSummarySerializer(serializers.Serializer[Any]):
    """The highest level that was paged, and the one that is due next."""

    level = serializers.IntegerField(allow_null=True, min_value=1, max_value=5)
    next_level = serializers.IntegerField(allow_null=True, min_value=1, max_value=5)
    next_at = serializers.DateTimeField(allow_null=True)


class ChecklistItemSerializer(serializers.ModelSerializer[ChecklistItem]):
    """A line of the checklist; ``gates`` names the status that waits for it."""

    part = serializers.ChoiceField(ChecklistPart.choices)
    seen = serializers.SerializerMethodField()
    waived_reason = serializers.SerializerMethodField()
    gates = serializers.SerializerMethodField()
    by = PersonSerializer(allow_null=True)

    class Meta:
        model = ChecklistItem
        fields = ("id", "part", "text", "command", "gates", "done", "seen", "waived_reason", "by", "at")

    def get_seen(self, item: ChecklistItem) -> str | None:
        return item.seen or None

    def get_waived_reason(self, item: ChecklistItem) -> str | None:
        return item.waived_reason or None

    def get_gates(self, item: ChecklistItem) -> str | None:
        return item.gates or None


class IncidentSerializer(serializers.Serializer[Any]):
    """An ``IncidentRecord``, as every answer about an incident tells it."""

    id = serializers.CharField(source="incident.reference")
    title = serializers.CharField(source="incident.title")
    summary = serializers.CharField(source="incident.summary")
    severity = serializers.CharField(source="incident.severity.code")
    status = serializers.ChoiceField(Status.choices, source="incident.status")
    team = serializers.CharField(source="incident.team.slug")
    services = serializers.ListField(child=serializers.CharField())
    detection = serializers.ChoiceField(Detection.choices, source="incident.detection")
    private = serializers.BooleanField(source="incident.private")
    drill = serializers.BooleanField(source="incident.drill")
    declared_at = serializers.DateTimeField(source="incident.declared_at")
    acknowledged_at = serializers.DateTimeField(source="incident.acknowledged_at", allow_null=True)
    resolved_at = serializers.DateTimeField(source="incident.resolved_at", allow_null=True)
    closed_at = serializers.DateTimeField(source="incident.closed_at", allow_null=True)
    clocks = ClocksSerializer()
    roles = RoleSerializer(many=True)
    escalation = EscalationSummarySerializer()
    checklist = ChecklistItemSerializer(many=True)
    procedures_version = serializers.CharField()
    url = serializers.URLField()


class TimelineEventSerializer(serializers.ModelSerializer[TimelineEvent]):
    """One thing that happened. ``actor`` is null where an alert or the engine acted."""

    actor = PersonSerializer(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # the contract's name, also a property of Serializer

    class Meta:
        model = TimelineEvent
        fields = ("id", "at", "kind", "actor", "via", "text", "data")


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message on its way. ``error`` says why it failed or was tried again; null where nothing went wrong."""

    to = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ("id", "channel", "to", "state", "due_at", "sent_at", "error")

    def get_to(self, delivery: Delivery) -> str:
        """An address as its owner knows it: that of a push device is a secret between it and the house."""
        return delivery.shown if delivery.address else ""

    def get_error(self, delivery: Delivery) -> str | None:
        return delivery.last_error or None


class NotificationSerializer(DeliverySerializer):
    """One way by which one person was told. ``at`` is when it was sent, or was planned.

    ``due_at`` is when its step falls due; ``sent_at`` is null until it left the house.
    """

    at = serializers.SerializerMethodField()
    person = PersonSerializer(source="notification.person")
    kind = serializers.ChoiceField(NotificationKind.choices, source="notification.kind")
    level = serializers.IntegerField(source="notification.level", allow_null=True)

    class Meta:
        model = Delivery
        fields = ("id", "at", "person", "kind", "level", "channel", "to", "state", "due_at", "sent_at", "error")

    @extend_schema_field(serializers.DateTimeField())
    def get_at(self, delivery: Delivery) -> str:
        field = serializers.DateTimeField()
        return str(field.to_representation(delivery.sent_at or delivery.planned_at))


class LevelSerializer(serializers.Serializer[Any]):
    """A level of a round of the chain. ``targets`` were paged, or would be now while it is undecided.

    While it is held, ``waits_until`` says when it is decided, and ``reason`` what it waits for: a hold, working hours,
    or maintenance, which moves ``due_at`` of the levels above.
    """

    level = serializers.IntegerField(source="run_level.number", min_value=1, max_value=5)
    round = serializers.IntegerField(source="run_level.round", min_value=1)
    name = serializers.CharField(source="run_level.name")
    due_at = serializers.DateTimeField(source="run_level.due_at")
    waits_until = serializers.DateTimeField(source="run_level.waits_until", allow_null=True)
    at = serializers.DateTimeField(source="run_level.at", allow_null=True)
    state = serializers.ChoiceField(LevelState.choices, source="run_level.state")
    unless = serializers.ChoiceField(Unless.choices, source="run_level.unless")
    outside_hours = serializers.ChoiceField(OutsideHours.choices, source="run_level.outside_hours")
    round_robin = serializers.BooleanField(source="run_level.round_robin")
    reason = serializers.CharField(source="run_level.reason")
    targets = PersonSerializer(many=True)


class EscalationSerializer(serializers.Serializer[Any]):
    """How far the incident climbed, and what is still to come (R12)."""

    levels = LevelSerializer(many=True)


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alert of the incident; ``starts_at`` and ``ends_at`` are what its sender says."""

    service = serializers.CharField(source="service.slug", default=None, allow_null=True)
    integration = serializers.CharField(source="integration.name")

    class Meta:
        model = Alert
        fields = (
            "id", "fingerprint", "status", "title", "integration", "service", "labels", "annotations", "links",
            "starts_at", "ends_at", "first_received_at", "last_received_at",
        )  # fmt: skip


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    """The fix and its verification, or why it could not be verified (R21)."""

    updated_by = PersonSerializer(allow_null=True)

    class Meta:
        model = Resolution
        fields = ("reference", "approved_by", "verified", "unverified_reason", "updated_by", "updated_at")


class ImpactSerializer(serializers.ModelSerializer[ImpactAssessment]):
    """What is known of the impact (R19)."""

    availability_percent = serializers.FloatField(allow_null=True)
    revenue_impact = serializers.FloatField(allow_null=True)
    by = PersonSerializer()

    class Meta:
        model = ImpactAssessment
        fields = (
            "users_affected", "customers_affected", "availability_percent", "revenue_impact", "data_integrity",
            "security_implications", "media_attention", "note", "by", "at",
        )  # fmt: skip
