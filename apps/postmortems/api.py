"""Reviews and action items over HTTP (R28 to R30). What one may not see does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.core.pagination import OldestFirst
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, ProceduresRevision, Via
from apps.incidents.reading import note_reading
from apps.postmortems import actions, queries
from apps.postmortems.models import (
    ActionItem,
    ActionKind,
    ActionStatus,
    Answer,
    Improvement,
    ImprovementKind,
    Postmortem,
    Priority,
    Section,
)
from apps.teams.authentication import caller
from apps.teams.models import Team
from apps.teams.representation import PersonByEmail, PersonSerializer, TeamInUse

LONGEST_TEXT = 20_000
LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.STR)
class VisibleIncident(serializers.Field[Incident, str, str, Any]):
    """An incident by its number, INC-7, among those that the caller may see."""

    default_error_messages = {"does_not_exist": "There is no incident {reference}."}

    def to_internal_value(self, data: Any) -> Incident:
        """Find the incident. Raises ValidationError."""
        try:
            return incidents.by_reference(str(data), incidents.visible_to(self.context["request"].user))
        except Incident.DoesNotExist:
            self.fail("does_not_exist", reference=data)

    def to_representation(self, value: Incident) -> str:
        """The incident's number."""
        return value.reference


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    """A question and its answer; ``filled_in`` says that the record answered it and nobody changed that since."""

    section = serializers.ChoiceField(Section.choices)
    question = serializers.CharField(source="text")
    required = serializers.BooleanField(source="is_required")  # type: ignore[assignment]  # the API's name for it

    class Meta:
        model = Answer
        fields = ("id", "section", "key", "question", "answer", "required", "filled_in")


class ReviewSerializer(serializers.ModelSerializer[Postmortem]):
    """The review of an incident."""

    id = serializers.CharField(source="incident.reference")
    lead = PersonSerializer(allow_null=True)
    finished_by = PersonSerializer(allow_null=True)
    answers = AnswerSerializer(many=True)

    class Meta:
        model = Postmortem
        fields = ("id", "status", "summary", "lead", "started_at", "finished_at", "finished_by", "answers")


class BeginReviewSerializer(serializers.Serializer[Any]):
    incident = VisibleIncident()


class WrittenAnswerSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    answer = serializers.CharField(allow_blank=True, max_length=LONGEST_TEXT)


class EditReviewSerializer(serializers.Serializer[Any]):
    """What is not named stays as it is."""

    summary = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    lead = PersonByEmail(required=False)
    answers = WrittenAnswerSerializer(many=True, required=False)


class _OfIncidents(HouseViewSet):
    """The base of what belongs to incidents: whoever lists it looks at those that it belongs to."""

    def paginate_queryset(self, queryset: QuerySet[Any] | Sequence[Any]) -> list[Any] | None:
        """The page, of which the reading is noted."""
        page: list[Any] | None = super().paginate_queryset(queryset)
        note_reading(*(each.incident for each in page or ()), by=caller(self.request))
        return page


class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, _OfIncidents):
    """Reviews, named by their incident; each is made when its incident is resolved."""

    serializer_class = ReviewSerializer
    lookup_field = "reference"
    lookup_value_regex = "INC-[1-9][0-9]{0,17}"

    def get_queryset(self) -> QuerySet[Postmortem]:
        """The reviews of the incidents that the caller may see, newest first."""
        return queries.reviews_visible_to(self.request.user).prefetch_related("answers")

    def get_object(self) -> Postmortem:
        """The review of the incident that the address names. Raises Http404 for one that the caller may not see."""
        found = self.get_queryset().filter(incident=int(self.kwargs["reference"].removeprefix("INC-"))).first()
        if found is None:
            raise Http404
        note_reading(found.incident, by=caller(self.request))
        return found

    @extend_schema(request=BeginReviewSerializer, responses={201: ReviewSerializer})
    def create(self, request: Request) -> Response:
        """Make the review of a resolved incident, or answer with the one that it has."""
        told = self.understood(BeginReviewSerializer)
        review = actions.open_review(told["incident"].pk, by=caller(self.request))
        return Response(self.get_serializer(review).data, status=HTTPStatus.CREATED)

    @extend_schema(request=EditReviewSerializer, responses=ReviewSerializer)
    def partial_update(self, request: Request, reference: str) -> Response:
        """Write its summary, lead and answers; what is not named stays."""
        review, told = self.get_object(), self.understood(EditReviewSerializer)
        told["answers"] = {written["id"]: written["answer"] for written in told.get("answers", [])}
        actions.edit(review.pk, by=caller(self.request), **told)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, reference: str) -> Response:
        """Finish it; 409 names the required answers that are missing (R29)."""
        actions.finish(self.get_object().pk, by=caller(self.request), via=Via.API)
        return Response(self.get_serializer(self.get_object()).data)


class ActionItemSerializer(serializers.ModelSerializer[ActionItem]):
    """What is to be done because of an incident, owned by a person or by a team."""

    incident = serializers.CharField(source="incident.reference")
    owner = PersonSerializer(allow_null=True)
    owner_team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        model = ActionItem
        fields: tuple[str, ...] = (
            "id", "incident", "kind", "action", "owner", "owner_team", "due_date", "remind_on", "priority", "status",
            "created_at", "done_at",
        )  # fmt: skip


class ChangeActionItemSerializer(serializers.Serializer[Any]):
    """A person or a team owns it: naming the one takes it from the other."""

    kind = serializers.ChoiceField(ActionKind.choices)
    action = serializers.CharField(max_length=300)
    owner = PersonByEmail(required=False, allow_null=True)
    owner_team = TeamInUse(required=False, allow_null=True)
    due_date = serializers.DateField()
    remind_on = serializers.DateField(required=False, help_text="By default two days before it is due.")
    priority = serializers.ChoiceField(Priority.choices, required=False)
    status = serializers.ChoiceField(ActionStatus.choices, required=False)


class AddActionItemSerializer(ChangeActionItemSerializer):
    incident = VisibleIncident()
    status = None  # type: ignore[assignment]  # a new item is open


class ActionItemViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, _OfIncidents):
    """Action items of the incidents that one may see, oldest first."""

    serializer_class = ActionItemSerializer
    pagination_class = OldestFirst
    lookup_value_regex = "[1-9][0-9]{0,17}"
    filterset_fields = ("status", "kind", "priority")

    def get_queryset(self) -> QuerySet[ActionItem]:
        """The action items that the caller may see."""
        return queries.action_items_visible_to(self.request.user)

    def get_object(self) -> ActionItem:
        """The action item that the address names."""
        found: ActionItem = super().get_object()
        note_reading(found.incident, by=caller(self.request))
        return found

    @extend_schema(request=AddActionItemSerializer, responses={201: ActionItemSerializer})
    def create(self, request: Request) -> Response:
        """Add what is to be done because of an incident (R30)."""
        told = self.understood(AddActionItemSerializer)
        item = actions.add_action_item(told.pop("incident").pk, by=caller(self.request), **told)
        return Response(self.get_serializer(item).data, status=HTTPStatus.CREATED)

    @extend_schema(request=ChangeActionItemSerializer, responses=ActionItemSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is named: another owner, another date, done."""
        item, told = self.get_object(), self.understood(ChangeActionItemSerializer, partial=True)
        return Response(self.get_serializer(actions.change_action_item(item.pk, by=caller(self.request), **told)).data)


class ImprovementSerializer(serializers.ModelSerializer[Improvement]):
    """What was changed in how one works because of an incident (R32), and where it is."""

    incident = serializers.CharField(source="incident.reference")
    url = serializers.CharField(help_text="Empty where a revision of the procedures is what was changed.")
    made_by = PersonSerializer(allow_null=True)

    class Meta:
        model = Improvement
        fields = ("id", "incident", "kind", "title", "url", "revision", "made_at", "made_by")


class RecordImprovementSerializer(serializers.Serializer[Any]):
    """Either its address is told, or the number of the revision of the procedures that brought it."""

    incident = VisibleIncident()
    kind = serializers.ChoiceField(ImprovementKind.choices)
    title = serializers.CharField(max_length=300)
    url = serializers.URLField(required=False, allow_blank=True, max_length=1000)
    revision = serializers.PrimaryKeyRelatedField[ProceduresRevision](
        queryset=ProceduresRevision.objects.all(), required=False, allow_null=True
    )


class ImprovementViewSet(mixins.ListModelMixin, _OfIncidents):
    """What was changed because of the incidents that one may see, oldest first."""

    serializer_class = ImprovementSerializer
    pagination_class = OldestFirst
    lookup_value_regex = "[1-9][0-9]{0,17}"
    filterset_fields = ("kind",)

    def get_queryset(self) -> QuerySet[Improvement]:
        """The improvements that the caller may see."""
        return queries.improvements_visible_to(self.request.user)

    @extend_schema(request=RecordImprovementSerializer, responses={201: ImprovementSerializer})
    def create(self, request: Request) -> Response:
        """Record what was changed because of an incident."""
        told = self.understood(RecordImprovementSerializer)
        made = actions.record_improvement(told.pop("incident").pk, by=caller(self.request), **told)
        return Response(self.get_serializer(made).data, status=HTTPStatus.CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what was recorded by mistake."""
        actions.withdraw_improvement(self.get_object().pk, by=caller(request))
        return Response(status=HTTPStatus.NO_CONTENT)
