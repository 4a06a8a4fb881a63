"""The addresses of SCIM. Their views are imported when the first of them is asked for.

The models of ``scim2_models`` take a second or more to be made, in every process that reads the addresses of the house:
a second in which, after a crash, nobody is paged.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, re_path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.generic.base import View


class LateView(View):
    """Answers as the view of ``scim.views`` that is called ``view_name``."""

    view_name = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Hand the request on, whatever its method."""
        answer: HttpResponseBase = import_string(f"apps.identity.scim.views.{self.view_name}").as_view()(
            request, *args, **kwargs
        )
        return answer


def _late(view_name: str) -> Any:
    """A token is no cookie: these views need no protection against forged requests, as no view of the API does."""
    return csrf_exempt(LateView.as_view(view_name=view_name))


urlpatterns = [
    path("ServiceProviderConfig", _late("ConfigView"), name="scim-config"),
    path("Schemas", _late("SchemasView"), name="scim-schemas"),
    path("Schemas/<str:known_as>", _late("SchemasView"), name="scim-schema"),
    path("ResourceTypes", _late("ResourceTypesView"), name="scim-resource-types"),
    path("ResourceTypes/<str:known_as>", _late("ResourceTypesView"), name="scim-resource-type"),
    path("Users", _late("UsersView"), name="scim-users"),
    path("Users/<str:known_as>", _late("UserView"), name="scim-user"),
    path("Groups", _late("GroupsView"), name="scim-groups"),
    path("Groups/<str:known_as>", _late("GroupView"), name="scim-group"),
    re_path("", _late("NowhereView"), name="scim-nowhere"),
]
