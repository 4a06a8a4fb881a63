"""The public status page (contract, "Public pages and probes")."""

from __future__ import annotations

from django.urls import path

from apps.communications.status_page import subscriber_views as subscribers
from apps.communications.status_page import views

urlpatterns = [
    path("", views.status_page, name="status_page"),
    path("incidents/<slug:code>/", views.incident, name="status_incident"),
    path("subscribe/", subscribers.subscribe, name="status_subscribe"),
    path("confirm/<str:token>/", subscribers.confirm, name="status_confirm"),
    path("unsubscribe/<str:token>/", subscribers.unsubscribe, name="status_unsubscribe"),
    path("history.atom", views.feed, name="status_feed"),
    path("banner.js", views.banner, name="status_banner"),
    path("banner.json", views.banner_line, name="status_banner_line"),
    path("api/v2/summary.json", views.summary, name="status_summary"),
    path("api/v2/status.json", views.status, name="status_status"),
    path("api/v2/components.json", views.components, name="status_components"),
    path("api/v2/incidents.json", views.incidents, name="status_incidents"),
    path("api/v2/scheduled-maintenances.json", views.maintenances, name="status_maintenances"),
]
