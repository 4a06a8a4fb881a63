"""Overrides, on a roster's page and of all rosters: added, and taken back once a gap that this makes is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters import actions, queries, rules
from apps.rosters.admin.moments import Moment, SaysWhen
from apps.rosters.admin.taken_back import InRosterAdmin
from apps.rosters.models import Override, Roster
from apps.teams.admin_access import FollowsItsParent
from apps.teams.models import User
from apps.teams.queries import is_a_person

#: So many of the coming overrides stand on the page of a roster; the others are in the list of all.
MOST_SHOWN = 50
#: What the form calls the fields that the actions name otherwise.
_FIELDS = {"user": "person", "seat": "chosen_seat"}


class SeatField(forms.ChoiceField):
    """Which seat of a roster, the first by default; people count from 1. A row of which only that is known is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, initial=0, widget=forms.HiddenInput, **kwargs)
        self.offer(1)

    def offer(self, seats: int) -> None:
        """Let one of so many seats be chosen; of one there is nothing to choose, and the field is hidden."""
        if seats > 1:
            self.widget = UnfoldAdminSelectWidget()
        self.choices = [(seat, str(seat + 1)) for seat in range(seats)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False

    def clean(self, value: Any) -> int:
        return int(super().clean(value) or 0)


class StandInForm(forms.ModelForm[Override]):
    """Start and end as two moments, in the viewer's time zone; what the action would refuse is said at its field.

    ``seats``: so many has the roster.
    """

    chosen_seat = SeatField(label="Seat")
    start = Moment(label="From")
    end = Moment(label="Until")

    class Meta:
        model = Override
        fields = ("person", "chosen_seat", "start", "end", "reason")

    def __init__(self, *args: Any, seats: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_seats(seats)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label

    def offer_seats(self, seats: int) -> None:
        """Let one of so many seats be chosen."""
        cast("SeatField", self.fields["chosen_seat"]).offer(seats)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            if cleaned.get("person"):
                actions.check_stands_in(cleaned["person"])
            if "start" in cleaned and "end" in cleaned:
                times = cleaned["start"], cleaned["end"]
                rules.check_override(*times, now=clock.now(), horizon=settings.ROSTER_HORIZON)
        except Invalid as error:
            self.add_error(_FIELDS.get(error.field, error.field), str(error))
        return cleaned

    def check_seat(self, roster: Roster) -> None:
        """Put an error at the field for a seat that ``roster`` does not have, and for who holds another one then."""
        entered = self.cleaned_data
        if self.errors or entered.get("chosen_seat") is None:
            return
        during = DateTimeTZRange(max(entered["start"], clock.now()), entered["end"])
        try:
            actions.check_seat(roster, entered["chosen_seat"], seats=_seats(roster))
            actions.check_one_seat(roster, entered["person"], during, seat=entered["chosen_seat"])
        except Invalid as error:
            self.add_error(_FIELDS.get(error.field, error.field), str(error))


class Overrides(BaseInlineFormSet[Override, Roster, Any]):
    """Coming overrides, the next MOST_SHOWN of them: added and taken back by the actions, as everywhere.

    What is sent back is looked up among all, since others may come before it meanwhile.
    """

    by: ClassVar[User]

    def get_queryset(self) -> QuerySet[Override]:
        coming: QuerySet[Override] = super().get_queryset()
        return coming if self.is_bound else self._shown

    @cached_property
    def _shown(self) -> QuerySet[Override]:
        return super().get_queryset()[:MOST_SHOWN]

    @cached_property
    def left_out(self) -> int:
        """How many more there are."""
        return super().get_queryset().count() - self.initial_form_count()

    @cached_property
    def seats(self) -> int:
        return _seats(self.instance)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "seats": self.seats}

    def clean(self) -> None:
        """Say at the field what the action would refuse of a new one by the shifts that there are."""
        super().clean()
        for form in self.extra_forms:
            if self.instance.pk is not None and form.has_changed() and form not in self.deleted_forms:
                form.check_seat(self.instance)

    def save_new(self, form: Any, commit: bool = True) -> Override:
        form.instance = _added(self.instance, form.cleaned_data, by=self.by)
        return cast("Override", form.instance)

    def delete_existing(self, obj: Override, commit: bool = True) -> None:
        actions.remove_override(obj, by=self.by)


class ShowsSeats:
    """Shows the seat of an override that was entered as people count it."""

    @admin.display(description="seat", ordering="seat")
    def chosen_seat(self, override: Override) -> int:
        return override.seat + 1


class OverrideInline(ShowsSeats, SaysWhen, FollowsItsParent, TabularInline):
    """The overrides that are still to come, but for those that carry out a swap."""

    model = Override
    form = StandInForm
    formset = Overrides
    extra = 0
    ordering = ("during", "pk")
    template_after = "admin/rosters/_more_overrides.html"
    verbose_name_plural = "Overrides to come"
    is_edited: ClassVar[bool] = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Override]:
        rows: QuerySet[Override] = super().get_queryset(request)
        return rows.filter(during__endswith__gt=clock.now(), swap=None)

    def get_fields(self, request: HttpRequest, obj: Roster | None = None) -> tuple[str, ...]:
        """The seat only where the roster has several."""
        fields: tuple[str, ...] = StandInForm.Meta.fields
        return (
            fields if obj is not None and _seats(obj) > 1 else tuple(name for name in fields if name != "chosen_seat")
        )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.by = request.user
        return formset

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(is_a_person(), is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OverrideForm(StandInForm):
    """An override with its roster, of which the seat is one."""

    class Meta:
        model = Override
        fields = ("roster", "person", "chosen_seat", "start", "end", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roster" in self.fields:
            rosters = self.fields["roster"].queryset  # type: ignore[attr-defined]
            self.offer_seats(max(queries.seats(rosters, clock.now()).values(), default=1))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("roster") is not None:
            self.check_seat(cleaned["roster"])
        return cleaned


@admin.register(Override)
class OverrideAdmin(ShowsSeats, InRosterAdmin):
    """Overrides are added and taken back; one that carries out a swap stays."""

    form = OverrideForm
    list_display = ("roster", "person", "chosen_seat", "start", "end", "reason", "created_by")
    list_filter = ("roster",)
    search_fields = ("roster__name", "person__name", "person__email", "reason")
    list_select_related = ("roster__team", "person", "created_by")

    def add(self, request: HttpRequest, entered: dict[str, Any]) -> Override:
        return _added(entered["roster"], entered, by=cast("User", request.user))

    def take_back(self, row: Override, by: User) -> None:
        actions.remove_override(row, by=by)

    def written(self, rows: Iterable[Override]) -> set[int]:
        return queries.with_stood_for(row.roster for row in rows)

    def stays(self, row: Override) -> bool:
        return super().stays(row) or row.swap_id is not None


def _added(roster: Roster, entered: dict[str, Any], *, by: User) -> Override:
    """The override that a form tells."""
    return actions.add_override(
        roster,
        person=entered["person"],
        start=entered["start"],
        end=entered["end"],
        reason=entered["reason"],
        seat=entered["chosen_seat"],
        by=by,
    )


def _seats(roster: Roster) -> int:
    """How many seats the roster has; a new one has one until it was saved."""
    return 1 if roster._state.adding else queries.seats([roster], clock.now())[roster.pk]
