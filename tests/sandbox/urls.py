"""The project's URLs with the sandbox mounted, as SANDBOX_DIR does it in development."""

from __future__ import annotations

from django.urls import include, path

from ado_incidents.urls import urlpatterns as house

urlpatterns = [*house, path("sandbox/", include("sandbox.urls"))]
