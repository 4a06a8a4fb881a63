"""The report of an incident, for programs and to take away (R35)."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.core import downloads
from apps.desk.api.base import AboutIncidents
from apps.insights import report
from apps.insights.documents import CONTENT_TYPES, Form, form_of, render
from apps.teams.authentication import caller

_AS = OpenApiParameter(
    "as", str, enum=[str(form) for form in Form], default=str(Form.JSON), description="In which form."
)
_ANSWERS = {
    (200, "application/json"): OpenApiTypes.OBJECT,
    (200, "application/pdf"): OpenApiTypes.BINARY,
    (200, "text/markdown"): OpenApiTypes.STR,
    (200, "text/html"): OpenApiTypes.STR,
}


class Reporting(AboutIncidents):
    """The report of an incident."""

    @extend_schema(operation_id="incident_report", parameters=[_AS], responses=_ANSWERS)
    @action(detail=True, methods=["get"])
    def report(self, request: Request, reference: str) -> HttpResponse:
        """Everything the record tells of it, from facts and clocks to action items and timeline."""
        incident, form = self.incident(), form_of(request.query_params.get("as", Form.JSON))
        content = render(report.of(incident), form)
        name = f"{incident.reference}.{form}"
        return downloads.file(
            content, name, CONTENT_TYPES[form], by=caller(request), teams=[incident.team_id], about=incident
        )
