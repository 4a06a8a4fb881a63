"""Pages of alerts. What senders post goes to ``ingest``, in front of Django."""

from __future__ import annotations

from django.urls import path

from apps.alerts import views

urlpatterns = [path("integrations/", views.integrations, name="integrations")]
