"""What the list of incidents may be asked for."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, ExpressionWrapper, F, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from apps.catalog.representation import VisibleService
from apps.core.pagination import NewestFirst
from apps.desk import queries
from apps.incidents.models import OPEN, Incident, Severity, Status
from apps.teams.models import User
from apps.teams.representation import VisibleTeam

#: More incidents than there will ever be, few enough that severity and number fit into one 64-bit integer.
_PER_SEVERITY = 2**48

ORDERINGS = ("-id", "id", "declared_at", "-declared_at", "severity")


class ListQuery(serializers.Serializer[Any]):
    """The filters of the list. A value that is none is 400, not an empty list."""

    status = serializers.ChoiceField(Status.choices, required=False, default="")
    severity = serializers.SlugRelatedField(slug_field="code", queryset=Severity.objects.all(), required=False)
    team = VisibleTeam(required=False)
    service = VisibleService(required=False)
    q = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="In title or summary, or INC-7."
    )
    open = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Declared to monitoring, or with false what is over."
    )
    ordering = serializers.ChoiceField(
        ORDERINGS, required=False, default="-id", help_text="severity: the worst first, the newest of them first."
    )


class IncidentPages(NewestFirst):
    """Pages of incidents in the order that the request asks for."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The order of ``ListQuery``; by severity it is that of the annotation that ``listed`` makes."""
        asked = request.query_params.get("ordering") or "-id"
        return ("worst_first",) if asked == "severity" else (asked,)


def understood(request: Request) -> dict[str, Any]:
    """The request's filters; one that is empty does not filter. Raises ValidationError for a value that is none."""
    query = ListQuery(
        data={name: value for name, value in request.query_params.items() if value}, context={"request": request}
    )
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def listed(viewer: User, asked: dict[str, Any]) -> QuerySet[Incident]:
    """The incidents that ``viewer`` may see and that fit the validated ``ListQuery`` ``asked``, in no order."""
    by = queries.Filters(
        open=asked["open"] is True,
        status=asked["status"],
        severity=asked["severity"].code if "severity" in asked else "",
        team=asked["team"].slug if "team" in asked else "",
        service=asked["service"].slug if "service" in asked else "",
        q=asked["q"],
    )
    found = queries.filtered(viewer, by)
    if asked["open"] is False:
        found = found.exclude(status__in=OPEN)
    if asked["ordering"] == "severity":
        # One number that is unique: a cursor by the severity alone would have to count through all of its incidents.
        place = F("severity__rank") * _PER_SEVERITY - F("pk")
        found = found.annotate(worst_first=ExpressionWrapper(place, output_field=BigIntegerField()))
    return found
