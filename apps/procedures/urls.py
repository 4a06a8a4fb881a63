"""Pages of the procedures."""

from __future__ import annotations

from django.urls import path

from apps.procedures import views

urlpatterns = [
    path("rehearse/", views.rehearse, name="rehearse"),
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/<int:number>/", views.revision, name="procedures_revision"),
]
