"""The probes, and the engine's page in place of the admin's bare list of its tables."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from apps.engine import overview, views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/engine/", admin.site.admin_view(overview.overview), name="engine_overview"),
]
