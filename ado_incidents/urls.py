"""All URLs of the house, in the order of contract.md."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("ado_incidents.api")),
    path("", include("apps.engine.urls")),
    path("", include("apps.desk.urls")),
    path("", include("apps.procedures.urls")),
    path("", include("apps.alerts.urls")),
    path("hooks/", include("apps.integrations.urls")),
    path("admin/", admin.site.urls),
]
handler500 = "apps.core.problems.fault"

if settings.SANDBOX_DIR:
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))
