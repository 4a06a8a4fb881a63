"""All URLs of the house, in the order of contract.md."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from apps.core.problems import nothing_there
from apps.core.security_txt import PATH, security_txt
from apps.identity.views.signing_in import admin_door

urlpatterns: list[URLPattern | URLResolver] = [
    path(PATH, security_txt, name="security_txt"),
    path("api/", include("ado_incidents.api")),
    path("scim/v2/", include("apps.identity.scim.urls")),
    path("", include("apps.engine.urls")),
    path("", include("apps.identity.urls")),
    path("", include("apps.desk.urls")),
    path("", include("apps.procedures.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.privacy.urls")),
    path("status/", include("apps.communications.urls")),
    path("audit/", include("apps.audit.urls")),
    path("hooks/", include("apps.integrations.urls")),
    # The admin's own way to a row's page leads there for any row of any table, so that it tells which there are.
    path("admin/r/<path:row>", nothing_there, name="no_view_on_site"),
    path("admin/login/", admin_door, name="admin_door"),
    path("admin/", admin.site.urls),
]
handler500 = "apps.core.problems.fault"

if settings.SANDBOX_DIR:
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))
