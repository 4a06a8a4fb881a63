"""Where administrators keep the chains and triggers. A running incident keeps the snapshot it began with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import StackedInline, TabularInline

from apps.catalog.models import Service
from apps.escalation import queries
from apps.escalation.models import Level, LevelTarget, OutsideHours, Policy, Trigger
from apps.teams.admin_access import AdministratedAdmin
from apps.teams.models import Team


class LevelTargets(BaseInlineFormSet[LevelTarget, Level, Any]):
    """The targets of a level."""

    def clean(self) -> None:
        """Raise ValidationError for a level that has nobody for one of the two times of day."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        marked = [form.cleaned_data.get("outside_hours", False) for form in kept]
        if self.instance.outside_hours == OutsideHours.OTHER and (not any(marked) or all(marked)):
            raise ValidationError("Name somebody for working hours, and somebody marked for outside them.")


class LevelTargetInline(TabularInline):
    model = LevelTarget
    formset = LevelTargets
    extra = 0
    fields = ("position", "kind", "person", "roster", "team", "role", "contact", "webhook", "outside_hours")
    verbose_name = "target"


class Levels(BaseInlineFormSet[Level, Policy, Any]):
    """The levels of a policy."""

    def clean(self) -> None:
        """Raise ValidationError unless times rise with the numbers and the next round begins after the last level."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        times = [level["after"] for level in sorted(kept, key=lambda level: level["number"])]
        if times != sorted(times):
            raise ValidationError("A higher level is never due before a lower one.")
        if self.instance.repeats and self.instance.repeat_every and times and times[-1] >= self.instance.repeat_every:
            raise ValidationError("The next round would begin before the last level is due.")


class LevelInline(StackedInline):
    model = Level
    formset = Levels
    extra = 0
    fields = (("number", "name"), ("after", "unless"), ("outside_hours", "round_robin"))
    inlines: ClassVar[list[type]] = [LevelTargetInline]


@admin.register(Policy)
class PolicyAdmin(AdministratedAdmin):
    list_display = ("severity", "scope", "chain", "repeats")
    list_filter = ("severity", "team", "service")
    fields = ("severity", ("service", "team"), ("repeats", "repeat_every"), "asks_again_after", "where_used")
    readonly_fields = ("where_used",)
    inlines = (LevelInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """The chain for every team stays: without one only the on-call of a team would be paged."""
        for_every_team = obj is not None and obj.team_id is None and obj.service_id is None
        return not for_every_team and super().has_delete_permission(request, obj)

    @admin.display(description="for")
    def scope(self, policy: Policy) -> str:
        return policy.scope

    @admin.display(description="chain")
    def chain(self, policy: Policy) -> str:
        return " → ".join(f"L{level.number} {level.name} ({level.after})" for level in policy.levels.all())

    @admin.display(description="where used")
    def where_used(self, policy: Policy) -> str | SafeString:
        """Whom it covers now, who falls back to it, and how many incidents climb it."""
        if policy._state.adding:
            return "Nowhere yet."
        used = queries.where_used(policy)
        lines: dict[str, Sequence[Team | Service]] = {
            "Teams": used.teams,
            "Services": used.services,
            "Fall back to it": [*used.teams_behind, *used.services_behind],
        }
        told = [(name, ", ".join(map(str, rows)) or "none") for name, rows in lines.items()]
        return format_html("{}Running incidents: {}", format_html_join("", "{}: {}<br>", told), used.running.count())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        policies: QuerySet[Policy] = super().get_queryset(request)
        return policies.select_related("severity", "team", "service").prefetch_related("levels")


@admin.register(Trigger)
class TriggerAdmin(AdministratedAdmin):
    list_display = ("text", "kind", "level", "is_active")
    list_filter = ("kind",)
