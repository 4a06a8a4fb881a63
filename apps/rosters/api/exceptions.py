"""Swaps and leave in the API: asked for, answered, entered and taken back as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, When
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api import HouseViewSet
from apps.core.api_fields import EnteredInstant
from apps.core.pagination import NewestFirst
from apps.rosters import actions, queries
from apps.rosters.models import Absence, AbsenceKind, Roster, Swap
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Membership, User
from apps.teams.representation import PersonByEmail, PersonSerializer


class StretchSerializer(serializers.Serializer[Any]):
    """From ``start`` up to but not including ``end``."""

    start = EnteredInstant()
    end = EnteredInstant()


class SwapSerializer(serializers.ModelSerializer[Swap]):
    """A swap: ``asked_of`` is null for a request for cover, ``in_return`` where nothing is given back."""

    roster: serializers.SlugRelatedField[Roster] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    asked_by = PersonSerializer()
    asked_of = PersonSerializer(allow_null=True)
    answered_by = PersonSerializer(allow_null=True)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    in_return = serializers.SerializerMethodField()

    class Meta:
        model = Swap
        fields = (
            "id", "roster", "seat", "asked_by", "asked_of", "start", "end", "in_return", "reason", "state", "asked_at",
            "answered_by", "answered_at",
        )  # fmt: skip

    def get_in_return(self, swap: Swap) -> dict[str, str] | None:
        if swap.in_return is None:
            return None
        return StretchSerializer({"start": swap.return_start, "end": swap.return_end}).data


@extend_schema_field(OpenApiTypes.STR)
class VisibleRoster(serializers.SlugRelatedField[Roster]):
    """The roster of a slug, of those in use that the caller may see."""

    def __init__(self, **options: Any) -> None:
        super().__init__("slug", queryset=Roster.objects.none(), **options)

    def get_queryset(self) -> QuerySet[Roster]:
        return queries.visible_rosters(self.context["request"].user).filter(retired_at=None)


class AskedSwap(serializers.Serializer[Any]):
    """What of one's own shifts is given away, to whom, and for what; a start that has passed means now."""

    roster = VisibleRoster()
    start = EnteredInstant()
    end = EnteredInstant()
    asked_of = PersonByEmail(required=False, allow_null=True, default=None)
    in_return = StretchSerializer(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)


class SwapViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """The swaps of the rosters that one may see, and those that one was asked for; the newest first."""

    serializer_class = SwapSerializer
    pagination_class = NewestFirst
    queryset = Swap.objects.none()

    def get_queryset(self) -> QuerySet[Swap]:
        """Those of the rosters one may see, and one's own."""
        visible = queries.visible_swaps(cast("User", self.request.user))
        return visible.select_related("roster__team", "asked_by", "asked_of", "answered_by")

    @extend_schema(request=AskedSwap, responses={201: SwapSerializer})
    def create(self, request: Request) -> Response:
        """Ask somebody, or everybody who could take it. Nothing changes before the answer."""
        entered = self.understood(AskedSwap)
        back = entered["in_return"]
        swap = actions.ask_for_swap(
            entered["roster"],
            by=cast("User", request.user),
            start=entered["start"],
            end=entered["end"],
            asked_of=entered["asked_of"],
            in_return=Window(back["start"], back["end"]) if back else None,
            reason=entered["reason"],
        )
        return Response(SwapSerializer(swap).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Carry it out: from its start, or now, each has what the other had."""
        return self._answer(actions.accept_swap)

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Say no."""
        return self._answer(actions.refuse_swap)

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Ask no longer."""
        return self._answer(actions.withdraw_swap)

    def _answer(self, act: Callable[..., Swap]) -> Response:
        act(self.get_object(), by=cast("User", self.request.user))
        return Response(SwapSerializer(self.get_object()).data)


class AbsenceSerializer(serializers.ModelSerializer[Absence]):
    """When somebody is away."""

    person = PersonSerializer()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    kind = serializers.ChoiceField(AbsenceKind.choices, allow_null=True)
    reason = serializers.CharField(allow_null=True)

    class Meta:
        model = Absence
        fields = ("id", "person", "start", "end", "kind", "reason")

    def to_representation(self, absence: Absence) -> dict[str, Any]:
        """Why somebody is away is for themselves and their managers; ``kind`` and ``reason`` are null to others."""
        shown = super().to_representation(absence)
        if not getattr(absence, "is_explained", True):  # whoever just entered it knows
            shown |= {"kind": None, "reason": None}
        return shown


class EnteredAbsence(serializers.Serializer[Any]):
    """When somebody is away; without ``user`` oneself. A start that has passed means now.

    ``accept_gaps``: even where nobody is on call then. Whoever is ill now is not asked.
    """

    user = PersonByEmail(required=False)
    start = EnteredInstant()
    end = EnteredInstant()
    accept_gaps = serializers.BooleanField(required=False, default=False)
    kind = serializers.ChoiceField(AbsenceKind.choices, default=AbsenceKind.LEAVE)
    reason = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)


class AbsenceViewSet(mixins.ListModelMixin, HouseViewSet):
    """The running and coming leave of oneself and of everybody in the teams that one may see."""

    personal = True
    serializer_class = AbsenceSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Absence]:
        """What is not over, of whom one may see."""
        me = self.request.user
        teams = access.team_ids(me, Permission.VIEW)
        seen = User.objects.filter(Q(pk=me.pk) | Q(memberships__team__in=teams))
        managed = Membership.objects.filter(person=OuterRef("person"), team__in=access.team_ids(me, Permission.MANAGE))
        explained = Case(When(person=me.pk, then=True), default=Exists(managed), output_field=BooleanField())
        return queries.absences_of(seen, clock.now()).annotate(is_explained=explained)

    @extend_schema(request=EnteredAbsence, responses={201: AbsenceSerializer})
    def create(self, request: Request) -> Response:
        """Take somebody off every roster meanwhile: themselves, or whom one manages.

        Where nobody would be on call any more it is refused (409) unless ``accept_gaps``, but for whoever is ill now.
        """
        me, entered = cast("User", request.user), self.understood(EnteredAbsence)
        person, kind = entered.get("user", me), AbsenceKind(entered["kind"])
        is_ill_now = kind == AbsenceKind.SICK and entered["start"] <= clock.now()
        accepts_all = entered["accept_gaps"] or is_ill_now
        with actions.refusing_gaps(actions.rosters_of(person), by=me, accepts_all=accepts_all):
            absence = actions.add_absence(
                person, start=entered["start"], end=entered["end"], kind=kind, reason=entered["reason"], by=me
            )
        return Response(self.get_serializer(absence).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what of it is still to come."""
        actions.remove_absence(self.get_object(), by=cast("User", request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
