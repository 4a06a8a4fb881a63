"""Where roster managers work: rosters with their layers. Saving fills the shifts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms.models import BaseModelFormSet, model_to_dict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps.core import clock
from apps.core.admin_lists import names_a_row
from apps.core.century import DAYS
from apps.core.errors import HouseError, Invalid
from apps.rosters import actions, gap_questions, queries, zone_news
from apps.rosters.actions import LeavesGap
from apps.rosters.actions.gaps import OF_ANOTHER_TEAM
from apps.rosters.admin.calendar_imports import ImportingAdmin
from apps.rosters.admin.calendars import CalendarLayerInline
from apps.rosters.admin.gaps import AsksAboutGaps
from apps.rosters.admin.history import RevertingAdmin
from apps.rosters.admin.layers import Layers, beside_zone, is_frozen
from apps.rosters.admin.moments import Moment, by_whose_clock
from apps.rosters.admin.overrides import OverrideInline
from apps.rosters.admin.preview import PreviewedAdmin, preview
from apps.rosters.admin.tables import TablesAdmin
from apps.rosters.models import Layer, Roster
from apps.rosters.paged_through import what_pages
from apps.teams.admin_access import TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User

#: Shown less exactly than they may have been set over the API.
_MOMENTS = ("frozen_until", "stands_in_from", "stands_in_until")


class StoodForField(forms.ModelChoiceField[Roster]):
    """A roster for which another stands in; whoever may not see it does not learn its name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj) if obj.is_seen else OF_ANOTHER_TEAM.capitalize()


class RosterForm(forms.ModelForm[Roster]):
    """A roster; ``asked`` names the gaps that saving it would make, which somebody has to say yes to.

    A yes counts for those that come back in ``accepted_gaps``.
    """

    asked: ClassVar[LeavesGap | None] = None

    accept_gaps = forms.BooleanField(
        label="Save all the same",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Of a roster that becomes primary every time at which nobody is on call counts.",
    )
    accepted_gaps = forms.CharField(required=False, widget=forms.HiddenInput)
    stands_in_from = Moment(required=False)
    stands_in_until = Moment(required=False)

    class Meta:
        model = Roster
        fields = ("name", "slug", "team", "time_zone", "holidays_of", "is_primary", "frozen_until", "stands_in_for")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        during = self.instance.stands_in_during
        if during is not None:
            self.initial.update(stands_in_from=during.lower, stands_in_until=during.upper)
        if "frozen_until" in self.fields:
            field = self.fields["frozen_until"]
            field.help_text = f"{field.help_text} {by_whose_clock()}"
        if "time_zone" in self.fields and not self.instance._state.adding:
            beside_zone(self.fields["time_zone"], zone_news.of(self.instance, (), now=clock.now()), self.instance)
        if self.asked is not None:
            sent = cast("QueryDict", self.data).copy()
            sent.pop("accept_gaps", None)  # a yes to other gaps is none to these
            sent[gap_questions.ACCEPTED] = gap_questions.yes_to(self.asked)
            self.data = sent
            said = self.fields["accept_gaps"]
            said.help_text = f"{self.asked.why} {said.help_text}"
        elif "accept_gaps" in self.fields:
            self.fields["accept_gaps"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError if the roster makes a gap unasked, or stands in for nobody."""
        cleaned = super().clean() or self.cleaned_data
        cleaned |= {name: self.initial.get(name) for name in cleaned.keys() & _MOMENTS if name not in self.changed_data}
        if self.asked is not None:
            self.add_error("accept_gaps", self.asked.sentences)
        self._check(
            actions.check_standing_in,
            cleaned.get("stands_in_for"),
            start=cleaned.get("stands_in_from"),
            end=cleaned.get("stands_in_until"),
        )
        if "stands_in_from" in self.fields:
            start, end = cleaned.get("stands_in_from"), cleaned.get("stands_in_until")
            self.instance.stands_in_during = DateTimeTZRange(start, end) if start and end else None
        if cleaned.get("is_primary"):
            self._check(actions.check_primary, team=cleaned.get("team"), stands_in_for=cleaned.get("stands_in_for"))
        return cleaned

    def _check(self, check: Callable[..., None], *given: Any, **named: Any) -> None:
        try:
            check(self.instance, *given, **named)
        except Invalid as refused:
            self.add_error(refused.field, str(refused))


@admin.register(Roster)
class RosterAdmin(AsksAboutGaps, PreviewedAdmin, RevertingAdmin, ImportingAdmin, TablesAdmin, TeamOwnedAdmin):
    form = RosterForm
    list_display = ("name", "team", "time_zone", "is_primary", "retired_at")
    list_filter = ("is_primary", "team")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar[dict[str, tuple[str, ...]]] = {"slug": ("name",)}
    readonly_fields = ("retired_at", "six_weeks")
    inlines = (CalendarLayerInline, OverrideInline)
    change_form_before_template = "admin/rosters/_change_from_link.html"
    actions = ("retire", "copy", "export")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "accept_gaps",
                    "accepted_gaps",
                    ("name", "slug"),
                    ("team", "time_zone"),
                    "is_primary",
                )
            },
        ),
        (
            "Holidays, freeze and stand-ins",
            {
                "classes": ("collapse",),
                "fields": (
                    ("holidays_of", "frozen_until"),
                    "stands_in_for",
                    ("stands_in_from", "stands_in_until"),
                    "retired_at",
                ),
            },
        ),
        ("The next six weeks", {"fields": ("six_weeks",)}),
    )

    class Media:
        js = ("ado/roster_preview.js",)
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("ado/roster_picture.css", "ado/roster_page.css")}

    def get_form(self, request: HttpRequest, obj: Roster | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.asked = getattr(request, "asked", None)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Roster | None = None) -> tuple[str, ...]:
        """While it is frozen its zone and holidays stand still with its layers."""
        return (*self.readonly_fields, "time_zone", "holidays_of") if is_frozen(obj) else self.readonly_fields

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "stands_in_for":
            edited = str(getattr(request.resolver_match, "kwargs", {}).get("object_id", ""))
            kwargs |= {"queryset": _stood_for(request, edited), "form_class": StoodForField}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """The preview of a new roster and of one that is edited, and the page that splits a layer."""
        view = self.admin_site.admin_view
        return [
            path("preview/", view(self.preview_view), name="rosters_roster_preview_new"),
            path("<path:object_id>/preview/", view(self.preview_view), name="rosters_roster_preview"),
            path("<int:object_id>/change-from/", view(self.change_from_view), name="rosters_roster_change_from"),
            *super().get_urls(),
        ]

    @admin.display(description="")
    def six_weeks(self, roster: Roster) -> SafeString:
        """The drawn weeks as saved; the page's script puts in their place what the form would make of them."""
        if roster._state.adding:
            url, shown = reverse("admin:rosters_roster_preview_new"), "Fills in as you edit."
        else:
            url = reverse("admin:rosters_roster_preview", args=[roster.pk])
            shown = preview(Roster.objects.get(pk=roster.pk), now=clock.now())
        places = '<p id="six-weeks-said" role="status"></p><div id="six-weeks" data-preview="{}">{}</div>'
        return format_html(places, url, shown)

    def save_model(self, request: HttpRequest, obj: Roster, form: forms.ModelForm[Roster], change: bool) -> None:
        """Save the roster if it differs, and keep in mind which one it stood in for: its shifts are filled too."""
        stored = Roster.objects.filter(pk=obj.pk).first()
        request.stood_for = stored.stands_in_for_id if stored else None  # type: ignore[attr-defined]
        obj.retired_at = stored.retired_at if stored else None  # an earlier version knows nothing of it
        if stored is None or model_to_dict(obj) != model_to_dict(stored):
            super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Roster],
        formsets: list[BaseModelFormSet[Any, Any]],
        change: bool,
    ) -> None:
        """Save layers and overrides, fill the shifts, and look what came of it."""
        super().save_related(request, form, formsets, change)
        for formset in formsets:
            if isinstance(formset, Layers):
                formset.save_parts()
        self.fill_and_look(request, form.instance, is_new=not change)
        actions.plan_reading(form.instance)

    def change_from_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page on which a layer is split, so that what is edited counts from a day on."""
        roster = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, roster):
            return HttpResponse(status=403)
        form = ChangeFromForm(request.POST or None, roster=roster)
        if request.method == "POST" and form.is_valid():
            entered = form.cleaned_data
            by, concerned = cast("User", request.user), queries.with_stood_for([roster])
            try:
                with actions.refusing_gaps(concerned, by=by, accepted=gap_questions.accepted(request)):
                    following = actions.change_from(entered["layer"], entered["day"], by=by)
            except LeavesGap as asked:
                return self.ask(request, asked)
            except HouseError as refused:
                named = refused.field if isinstance(refused, Invalid) else ""
                form.add_error(named if named in form.fields else "day", str(refused))
            else:
                self.message_user(request, f"“{following.name}” goes on from {entered['day']}: edit the new one.")
                return redirect("admin:rosters_roster_change", roster.pk)
        context = {**self.admin_site.each_context(request), "title": "Change from a day on", "roster": roster}
        return render(request, "admin/rosters/change_from.html", {**context, "form": form})

    @admin.action(description="Retire: end now, keep what was", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Roster]) -> HttpResponse | None:
        """End the selected rosters; their past shifts stay. Asks, with what pages them, before nobody is on call."""
        by, chosen = cast("User", request.user), list(queryset.filter(retired_at=None).select_related("team"))
        hanging = what_pages(chosen, viewer=by)
        try:
            with actions.refusing_gaps(queries.with_stand_ins(chosen), by=by, accepted=gap_questions.accepted(request)):
                retired = [roster for roster in chosen if self._done(request, actions.retire, roster)]
        except LeavesGap as asked:
            return self.ask(request, asked, also=hanging)
        for roster in retired:
            self.message_user(request, f"{roster} was retired.", messages.SUCCESS)
        for line in hanging:
            self.message_user(request, line, messages.WARNING)
        return None

    @admin.action(description="Copy, with layers and people", permissions=["change"])
    def copy(self, request: HttpRequest, queryset: QuerySet[Roster]) -> None:
        """Make a copy of each of the selected rosters; all are locked before anybody's leave is."""
        chosen = list(queryset.select_related("team"))
        with transaction.atomic():
            actions.lock(roster.pk for roster in chosen)
            copied = [roster for roster in chosen if self._done(request, actions.copy, roster)]
        for roster in copied:
            self.message_user(request, f"{roster} was copied.", messages.SUCCESS)

    def _done(self, request: HttpRequest, act: Callable[..., object], roster: Roster) -> bool:
        """Call ``act`` for the roster and return whether it was done; what the house refuses is said."""
        try:
            act(roster, by=cast("User", request.user))
        except HouseError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return False
        return True


def _stood_for(request: HttpRequest, edited: str) -> QuerySet[Any]:
    """Those for which one can stand in, and the one for which the roster ``edited`` does now, whosever that is."""
    chosen_from = Q(team__in=managed_team_ids(request), retired_at=None, stands_in_for=None)
    if names_a_row(edited, Roster):
        chosen_from |= Q(pk__in=Roster.objects.filter(pk=edited).values("stands_in_for"))
    seen = queries.visible_rosters(cast("User", request.user)).filter(pk=OuterRef("pk"))
    return Roster.objects.filter(chosen_from).annotate(is_seen=Exists(seen))


class ChangeFromForm(forms.Form):
    """Which layer is to be changed, and from which day on."""

    layer = forms.ModelChoiceField(Layer.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget)
    day = forms.DateField(
        validators=DAYS,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="From its handoff time on that day.",
    )

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layer"].queryset = roster.layers.all()  # type: ignore[attr-defined]
