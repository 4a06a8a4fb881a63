"""Where managers keep the chains of their teams, and administrators those of every team and the triggers.

A running incident keeps the snapshot it began with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import StackedInline, TabularInline

from apps.catalog.models import Service
from apps.core.errors import Invalid, NotAllowed
from apps.escalation import actions, choices, drafts, outlook, queries, rules, usage, versions
from apps.escalation.models import Level, LevelTarget, Policy, Trigger
from apps.teams.access import Viewer
from apps.teams.admin_access import AdministratedAdmin, FollowsItsParent, TeamOwnedAdmin, managed_team_ids
from apps.teams.models import Team


class LevelTargets(BaseInlineFormSet[LevelTarget, Level, Any]):
    """The targets of a level."""

    def clean(self) -> None:
        """Raise ValidationError for a level that stays and has nobody, or nobody for one of the two times of day."""
        super().clean()
        level_goes = f"{str(self.prefix).rpartition('-')[0]}-DELETE"
        if any(self.errors) or forms.CheckboxInput().value_from_datadict(self.data, MultiValueDict(), level_goes):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        marked = [form.cleaned_data.get("outside_hours", False) for form in kept]
        try:
            rules.check_targets(self.instance.outside_hours, marked=marked)
        except Invalid as refused:
            raise ValidationError(str(refused)) from refused


class LevelTargetInline(FollowsItsParent, TabularInline):
    model = LevelTarget
    formset = LevelTargets
    extra = 0
    fields = ("position", "kind", "person", "roster", "team", "role", "contact", "webhook", "outside_hours")
    verbose_name = "target"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        edited = str(getattr(request.resolver_match, "kwargs", {}).get("object_id", ""))
        policy = int(edited) if edited.isdecimal() else None
        kept = LevelTarget.objects.filter(level__policy=policy)
        kwargs["queryset"] = choices.targets(request.user, kept=kept)[db_field.name]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class Levels(BaseInlineFormSet[Level, Policy, Any]):
    """The levels of a policy."""

    def clean(self) -> None:
        """Raise ValidationError unless times rise with the numbers and the next round begins after the last level."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        try:
            rules.check_chain(
                [(level["number"], level["after"]) for level in kept],
                repeats=self.instance.repeats,
                repeat_every=self.instance.repeat_every,
            )
        except Invalid as refused:
            raise ValidationError(str(refused)) from refused


class LevelInline(FollowsItsParent, StackedInline):
    model = Level
    formset = Levels
    extra = 0
    fields = (("number", "name"), ("after", "unless"), ("outside_hours", "round_robin"))
    inlines: ClassVar[list[type]] = [LevelTargetInline]


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """A policy of a team or service of ``by``, or of anybody for administrators."""

    by: ClassVar[Viewer]

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for a scope that is not theirs."""
        cleaned = super().clean() or self.cleaned_data
        scope = Policy(team=cleaned.get("team"), service=cleaned.get("service"))
        try:
            actions.require_keeper(self.by, scope)
        except NotAllowed as refused:
            raise ValidationError(str(refused)) from refused
        return cleaned


@admin.register(Policy)
class PolicyAdmin(TeamOwnedAdmin):
    team_paths = ("team", "service__team")
    form = PolicyForm
    list_display = ("severity", "scope", "chain", "repeats")
    list_filter = ("severity", "team", "service")
    fields = ("severity", ("service", "team"), ("repeats", "repeat_every"), "asks_again_after", "where_used")
    readonly_fields = ("where_used",)
    inlines = (LevelInline,)

    def get_form(self, request: HttpRequest, obj: Policy | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "service":
            kwargs["queryset"] = Service.objects.filter(team__in=managed_team_ids(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Policy) -> None:
        """Remove it once whoever begins to climb it at this moment has begun."""
        versions.lock(obj.pk)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Policy]) -> None:
        """Remove them once whoever begins to climb one at this moment has begun."""
        for policy in queryset.order_by("pk"):
            versions.lock(policy.pk)
        super().delete_queryset(request, queryset)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """The chain for every team stays: without one only the on-call of a team would be paged."""
        return not (obj is not None and obj.owner is None) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Policy, form: forms.ModelForm[Policy], change: bool) -> None:
        """Save it, with its levels locked as whoever climbs it locks them."""
        if change:
            versions.lock(obj.pk)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: forms.ModelForm[Policy], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        saved = queries.policies().get(pk=form.instance.pk)
        for gap in outlook.gaps(drafts.of(saved), teams=queries.teams_of(saved)):
            self.message_user(request, gap, messages.WARNING)

    @admin.display(description="for")
    def scope(self, policy: Policy) -> str:
        return policy.scope

    @admin.display(description="chain")
    def chain(self, policy: Policy) -> str:
        return " → ".join(f"L{level.number} {level.name} ({level.after})" for level in policy.levels.all())

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Policy | None:
        """The policy, which knows who looks at it: where it is used is told as far as they may see it."""
        found: Policy | None = super().get_object(request, object_id, from_field)
        if found is not None:
            found.looked_at_by = request.user  # type: ignore[attr-defined]  # for the page alone
        return found

    @admin.display(description="where used")
    def where_used(self, policy: Policy) -> str | SafeString:
        """Whom it covers now, who falls back to it, and how many incidents climb it."""
        if policy._state.adding:
            return "Nowhere yet."
        used = usage.where_used(policy, viewer=getattr(policy, "looked_at_by", AnonymousUser()))
        lines: dict[str, Sequence[Team | Service]] = {
            "Teams": used.teams,
            "Services": used.services,
            "Fall back to it": [*used.teams_behind, *used.services_behind],
        }
        told = [(name, ", ".join(map(str, rows)) or "none") for name, rows in lines.items()]
        return format_html("{}Running incidents: {}", format_html_join("", "{}: {}<br>", told), used.running.count())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        policies: QuerySet[Policy] = super().get_queryset(request)
        return policies.select_related("severity", "team", "service__team").prefetch_related("levels")


@admin.register(Trigger)
class TriggerAdmin(AdministratedAdmin):
    list_display = ("text", "kind", "level", "is_active")
    list_filter = ("kind",)
