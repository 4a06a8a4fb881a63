"""What the API reads from requests about incidents. Each checks form and range; the rules are the actions'."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from apps.catalog.models import Service
from apps.catalog.representation import VisibleService, VisibleServiceInUse
from apps.communications.models import Audience
from apps.desk.queries import services_to_name
from apps.incidents.actions.checklists import LONGEST_SEEN
from apps.incidents.models import CauseField, Detection, ImpactAssessment, Resolution, Severity, Status
from apps.teams.representation import PersonByEmail, TeamInUse

LONGEST_TEXT = 20_000
_OPTIONAL: dict[str, Any] = {"required": False, "default": "", "allow_blank": True, "max_length": LONGEST_TEXT}


class DeclareSerializer(serializers.Serializer[Any]):
    """Without ``team`` the owner of ``service`` responds, else the caller's only team."""

    title = serializers.CharField(max_length=200)
    severity = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Severity.objects.filter(is_active=True),
        error_messages={"does_not_exist": "There is no severity {value}."},
    )
    summary = serializers.CharField(**_OPTIONAL)
    service = VisibleServiceInUse(required=False, allow_null=True, default=None)
    team = TeamInUse(required=False, allow_null=True, default=None)
    private = serializers.BooleanField(default=False)
    drill = serializers.BooleanField(default=False)
    detection = serializers.ChoiceField(Detection.choices, default=Detection.INTERNAL)


class SomethingChanges(serializers.Serializer[Any]):
    """The form of a PATCH: what is not named stays, and something must be named."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raise ValidationError where no known field is named."""
        if not attrs:
            raise serializers.ValidationError(f"Name at least one of {', '.join(self.fields)}.")
        return attrs


class ServiceToName(VisibleService):
    """A service that the caller may name as affected by the incident of the address."""

    def get_queryset(self) -> QuerySet[Service]:
        return services_to_name(self.context["request"].user, self.context["view"].incident())


class DescribeSerializer(SomethingChanges):
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(allow_blank=True, max_length=LONGEST_TEXT)
    services = ServiceToName(many=True)


class NoteSerializer(serializers.Serializer[Any]):
    """A remark on the step that is taken; ``reason`` is another name for it."""

    note = serializers.CharField(**_OPTIONAL)
    reason = serializers.CharField(**_OPTIONAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the remark under its own name."""
        reason = attrs.pop("reason")
        return {**attrs, "note": attrs["note"] or reason}


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the step is taken; ``note`` is another name for it."""

    reason = serializers.CharField(**_OPTIONAL)
    note = serializers.CharField(**_OPTIONAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the reason under its own name."""
        note = attrs.pop("note")
        return {**attrs, "reason": attrs["reason"] or note}


class TransitionSerializer(NoteSerializer):
    status = serializers.ChoiceField(Status.choices)


class ChangeSeveritySerializer(serializers.Serializer[Any]):
    severity = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Severity.objects.filter(is_active=True),
        error_messages={"does_not_exist": "There is no severity {value}."},
    )
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class EscalateSerializer(serializers.Serializer[Any]):
    """To ``level``, or to the level that the ``trigger`` of the procedures names, else to the next."""

    level = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True, default=None)
    trigger = serializers.CharField(max_length=50, required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class AssignRoleSerializer(serializers.Serializer[Any]):
    role = serializers.CharField(max_length=50, help_text="commander, technical_lead or communications_lead.")
    user = PersonByEmail()


class AddNoteSerializer(serializers.Serializer[Any]):
    """``cause``: it tells of what was found there on the way to the root cause (R20)."""

    text = serializers.CharField(max_length=LONGEST_TEXT)
    cause = serializers.ChoiceField(CauseField.choices, required=False, allow_null=True, default=None)


class SnoozeSerializer(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(min_value=0, max_value=24 * 60, help_text="0 ends the hold at once.")


class SendUpdateSerializer(serializers.Serializer[Any]):
    """``status`` is what the message calls the incident's status, by default the one that it has."""

    audience = serializers.ChoiceField(Audience.choices)
    status = serializers.ChoiceField(Status.choices, required=False, allow_null=True, default=None)
    message = serializers.CharField(max_length=LONGEST_TEXT)


class MergeSerializer(serializers.Serializer[Any]):
    into = serializers.RegexField(r"^INC-[1-9][0-9]{0,17}$", error_messages={"invalid": "Name the incident as INC-7."})


class ChecklistSerializer(serializers.Serializer[Any]):
    """Done or not, and what was seen when it was; or, while it is not done, waived for a reason (R22)."""

    done = serializers.BooleanField()
    seen = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_SEEN)
    waived_reason = serializers.CharField(**{**_OPTIONAL, "allow_null": True})

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raise ValidationError for an item that would be both done and waived."""
        if attrs["done"] and attrs["waived_reason"]:
            raise serializers.ValidationError({"waived_reason": "What is done needs no waiver."})
        return attrs


class RecordResolutionSerializer(SomethingChanges, serializers.ModelSerializer[Resolution]):
    unverified_reason = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)

    class Meta:
        model = Resolution
        fields = ("reference", "approved_by", "verified", "unverified_reason")


class AssessImpactSerializer(SomethingChanges, serializers.ModelSerializer[ImpactAssessment]):
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)

    class Meta:
        model = ImpactAssessment
        fields = (
            "users_affected", "customers_affected", "availability_percent", "revenue_impact", "data_integrity",
            "security_implications", "media_attention", "note",
        )  # fmt: skip
