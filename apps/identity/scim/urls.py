from __future__ import annotations

from django.urls import path, re_path

from apps.identity.scim import views

urlpatterns = [
    path("ServiceProviderConfig", views.ConfigView.as_view(), name="scim-config"),
    path("Schemas", views.SchemasView.as_view(), name="scim-schemas"),
    path("Schemas/<str:known_as>", views.SchemasView.as_view(), name="scim-schema"),
    path("ResourceTypes", views.ResourceTypesView.as_view(), name="scim-resource-types"),
    path("ResourceTypes/<str:known_as>", views.ResourceTypesView.as_view(), name="scim-resource-type"),
    path("Users", views.UsersView.as_view(), name="scim-users"),
    path("Users/<str:known_as>", views.UserView.as_view(), name="scim-user"),
    path("Groups", views.GroupsView.as_view(), name="scim-groups"),
    path("Groups/<str:known_as>", views.GroupView.as_view(), name="scim-group"),
    re_path("", views.NowhereView.as_view(), name="scim-nowhere"),
]
