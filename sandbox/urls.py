"""The sandbox's pages, below ``/sandbox/``; mounted only where SANDBOX_DIR is set."""

from __future__ import annotations

from django.urls import path

from sandbox import phone_views, views

app_name = "sandbox"
urlpatterns = [
    path("", views.page, name="page"),
    path("newer/", views.newer, name="newer"),
    path("outbox.json", views.outbox_json, name="outbox"),
    path("do/<slug:deed>/", phone_views.do, name="do"),
    path("phones/", phone_views.phones, name="phones"),
    path("phones/<str:number>/", phone_views.phone, name="phone"),
    path("phones/<str:number>/screen/", phone_views.screen, name="screen"),
    path("messages/<slug:message>/", views.body, name="body"),
]
