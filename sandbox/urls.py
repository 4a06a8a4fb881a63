"""The sandbox's pages, below ``/sandbox/``; mounted only where SANDBOX_DIR is set."""

from __future__ import annotations

from django.urls import path

from sandbox import views

app_name = "sandbox"
urlpatterns = [
    path("", views.page, name="page"),
    path("newer/", views.newer, name="newer"),
    path("outbox.json", views.outbox_json, name="outbox"),
    path("messages/<slug:message>/", views.body, name="body"),
]
