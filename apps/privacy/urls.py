"""The pages of personal data."""

from __future__ import annotations

from django.urls import path

from apps.privacy import views

urlpatterns = [
    path("profile/data/", views.own, name="privacy_own"),
    path("profile/data/take/", views.take_own, name="privacy_take_own"),
    path("people/<int:pk>/data/", views.person, name="privacy_person"),
    path("people/<int:pk>/data/take/", views.take, name="privacy_take"),
    path("people/<int:pk>/data/erase/", views.erase, name="privacy_erase"),
]
