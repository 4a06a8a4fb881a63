"""Services that a request of the API names."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.catalog.models import Service
from apps.teams import access
from apps.teams.access import Permission


@extend_schema_field(OpenApiTypes.STR)
class VisibleService(serializers.SlugRelatedField[Service]):
    """The service of a slug, of those that the caller may see; all others are as unknown as those that do not exist."""

    default_error_messages = {"does_not_exist": "There is no service {value}."}

    def __init__(self, slug_field: str = "slug", **options: Any) -> None:
        super().__init__(slug_field, queryset=Service.objects.none(), **options)

    def get_queryset(self) -> QuerySet[Service]:
        seen = access.team_ids(self.context["request"].user, Permission.VIEW)
        return Service.objects.filter(team__in=seen).select_related("team")


class VisibleServiceInUse(VisibleService):
    """Of those that the caller may see, one that is in use."""

    def get_queryset(self) -> QuerySet[Service]:
        return super().get_queryset().filter(is_active=True)
