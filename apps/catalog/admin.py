"""Services of the manager's own teams, with their links and dependencies."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.catalog import admin_health, admin_maintenance, queries  # noqa: F401  (register their own)
from apps.catalog.models import Dependency, Service, ServiceLink
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.admin_access import FollowsItsParent, NeverDeleted, TeamOwnedAdmin


class ServiceLinkInline(FollowsItsParent, TabularInline):
    model = ServiceLink
    extra = 0


class DependencyInline(FollowsItsParent, TabularInline):
    model = Dependency
    fk_name = "service"
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "depends_on":
            kwargs["queryset"] = queries.services_of(access.team_ids(request.user, Permission.VIEW))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Service)
class ServiceAdmin(NeverDeleted, TeamOwnedAdmin):
    list_display = ("name", "slug", "team", "area", "is_active")
    list_filter = ("is_active", "team", "area")
    search_fields = ("name", "slug", "description")
    prepopulated_fields: ClassVar[dict[str, tuple[str, ...]]] = {"slug": ("name",)}
    inlines = (ServiceLinkInline, DependencyInline)
