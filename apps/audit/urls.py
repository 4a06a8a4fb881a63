"""The pages of the record."""

from __future__ import annotations

from django.urls import path

from apps.audit import views

urlpatterns = [
    path("", views.record, name="audit"),
    path("views/", views.save, name="audit_save"),
    path("views/<int:number>/remove/", views.forget, name="audit_forget"),
    path("incidents/<reference:number>/", views.incident_as_of, name="audit_incident"),
]
