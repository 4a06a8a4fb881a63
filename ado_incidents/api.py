"""The routes of the HTTP API, collected from the apps (contract, "HTTP API")."""

from __future__ import annotations

from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from apps.audit.api import RecordViewSet
from apps.catalog.api import HealthCheckViewSet, MaintenanceViewSet, ServiceViewSet
from apps.contacts.api import ContactViewSet
from apps.desk.api.coverage import CoverageViewSet
from apps.desk.api.incidents import IncidentViewSet
from apps.desk.api.items import TicketedItems
from apps.desk.api.own_choices import OwnPreferencesViewSet, OwnRulesViewSet
from apps.desk.api.own_methods import OwnMethodViewSet
from apps.desk.api.own_pages import OwnPageViewSet
from apps.desk.api.paging import DirectPageViewSet
from apps.desk.api.pay import PayViewSet
from apps.desk.api.policies import PolicyViewSet
from apps.desk.api.tokens import TokenViewSet
from apps.postmortems.api import ImprovementViewSet, ReviewViewSet
from apps.reports.api import ReportViewSet
from apps.rosters.api.calendars import CalendarFeedViewSet, RosterCalendarView
from apps.rosters.api.exceptions import AbsenceViewSet, SwapViewSet
from apps.rosters.api.keeping import KeptRosterViewSet
from apps.rosters.api.rosters import OnCallViewSet
from apps.rosters.api.shadows import ShadowViewSet
from apps.rosters.api.tables import LayerTableViewSet, OverrideTableViewSet, ShiftTableViewSet
from apps.teams.api import MeViewSet, TeamViewSet

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="api-incident")
router.register("oncall", OnCallViewSet, basename="api-oncall")
router.register("rosters", KeptRosterViewSet, basename="api-roster")
router.register("roster-tables/layers", LayerTableViewSet, basename="api-layer-table")
router.register("roster-tables/overrides", OverrideTableViewSet, basename="api-override-table")
router.register("roster-tables/shifts", ShiftTableViewSet, basename="api-shift-table")
router.register("swaps", SwapViewSet, basename="api-swap")
router.register("absences", AbsenceViewSet, basename="api-absence")
router.register("shadows", ShadowViewSet, basename="api-shadow")
router.register("calendar-feeds", CalendarFeedViewSet, basename="api-calendar-feed")
router.register("services", ServiceViewSet, basename="api-service")
router.register("health-checks", HealthCheckViewSet, basename="api-health-check")
router.register("maintenance", MaintenanceViewSet, basename="api-maintenance")
router.register("teams", TeamViewSet, basename="api-team")
router.register("contacts", ContactViewSet, basename="api-contact")
router.register("policies", PolicyViewSet, basename="api-policy")
router.register("pages", DirectPageViewSet, basename="api-page")
router.register("tokens", TokenViewSet, basename="api-token")
router.register("me/contact-methods", OwnMethodViewSet, basename="api-own-method")
router.register("me/pages", OwnPageViewSet, basename="api-own-page")
router.register("postmortems", ReviewViewSet, basename="api-postmortem")
router.register("action-items", TicketedItems, basename="api-action-item")
router.register("improvements", ImprovementViewSet, basename="api-improvement")
router.register("reports", ReportViewSet, basename="api-report")
router.register("audit", RecordViewSet, basename="api-audit")


@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")
class DocumentationView(SpectacularSwaggerSplitView):
    """The browsable page of the API; only its styles need leave, its scripts are files of our own."""

    url_name = "api-schema"


class NowhereView(APIView):
    """What answers an address that the API does not have: problem details like everything else under it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("The API has no such address.")


urlpatterns = [
    path(
        "v1/",
        include(
            [
                path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
                path("docs/", DocumentationView.as_view(), name="api-docs"),
                path("me/", MeViewSet.as_view({"get": "retrieve"}), name="api-me"),
                path(
                    "me/notification-rules/",
                    OwnRulesViewSet.as_view({"get": "retrieve", "put": "update"}),
                    name="api-own-rules",
                ),
                path(
                    "me/preferences/",
                    OwnPreferencesViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
                    name="api-own-preferences",
                ),
                path("coverage/", CoverageViewSet.as_view({"get": "retrieve"}), name="api-coverage"),
                path("coverage/pay/", PayViewSet.as_view({"get": "retrieve"}), name="api-pay"),
                path("coverage/pay.csv", PayViewSet.as_view({"get": "download"}), name="api-pay-csv"),
                path("incidents/current", IncidentViewSet.as_view({"get": "current"}), name="api-incident-current"),
                path("rosters/<slug:slug>/calendar.ics", RosterCalendarView.as_view(), name="api-roster-calendar"),
                *router.urls,
            ]
        ),
    ),
    re_path("", NowhereView.as_view()),
]
