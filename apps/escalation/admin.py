"""Where administrators keep the chains and triggers. A running incident keeps the snapshot it began with."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from apps.escalation.models import Level, LevelTarget, Policy, Trigger
from apps.teams.admin_access import AdministratedAdmin


class LevelTargetInline(TabularInline):
    model = LevelTarget
    extra = 0
    fields = ("position", "kind", "role", "contact", "person", "roster")


class LevelInline(StackedInline):
    model = Level
    extra = 0
    fields = (("number", "name"), ("after", "unless"))
    inlines: ClassVar[list[type]] = [LevelTargetInline]


@admin.register(Policy)
class PolicyAdmin(AdministratedAdmin):
    list_display = ("severity", "team", "chain")
    list_filter = ("severity", "team")
    inlines = (LevelInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """The chain for every team stays: without one only the on-call of a team would be paged."""
        for_every_team = obj is not None and obj.team_id is None
        return not for_every_team and super().has_delete_permission(request, obj)

    @admin.display(description="chain")
    def chain(self, policy: Policy) -> str:
        return " → ".join(f"L{level.number} {level.name} ({level.after})" for level in policy.levels.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        policies: QuerySet[Policy] = super().get_queryset(request)
        return policies.prefetch_related("levels")


@admin.register(Trigger)
class TriggerAdmin(AdministratedAdmin):
    list_display = ("text", "kind", "level", "is_active")
    list_filter = ("kind",)
