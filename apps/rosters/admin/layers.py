"""Layers on a roster's page: the times they cover and their people are entered as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import StackedInline, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters import actions, rules, zone_news
from apps.rosters.admin.people import check_takes_turns
from apps.rosters.models import Layer, LayerMember, Roster
from apps.rosters.models.rosters import LAST_PLACE, MOST_LAYERS
from apps.rosters.planning import weekly_range
from apps.rosters.rules.words import EXAMPLE
from apps.teams.admin_access import FollowsItsParent
from apps.teams.models import User
from apps.teams.queries import is_a_person

#: Places of one layer that a page may have.
MOST_PEOPLE = 1_000
_WHEN_EMPTY = {
    "name": "Empty: after its zone or its place.",
    "position": "The higher layer wins. Empty: above all others.",
}


def is_frozen(row: Roster | Layer | None) -> bool:
    """Whether the layers of a roster stand still now; ``row`` is the roster or one of its layers, or a blank one."""
    if isinstance(row, Layer):
        row = row.roster if row.roster_id else None
    return row is not None and row.frozen_until is not None and row.frozen_until > clock.now()


def beside_zone(field: forms.Field, news: Mapping[str, str], row: Roster | Layer) -> None:
    """Let ``field``, the zone of ``row``, say what ``news`` tell of that zone."""
    if row.time_zone in news:
        said = '<span class="text-red-700 dark:text-red-500" role="alert">{}</span> {}'
        field.help_text = format_html(said, news[row.time_zone], field.help_text)


class LayerForm(forms.ModelForm[Layer]):
    """A layer, with the times it covers and people to add to it as text."""

    covers = forms.CharField(
        label="Only at these times", required=False, max_length=rules.LONGEST_RANGES, widget=UnfoldAdminTextInputWidget,
        help_text=f"For example: {EXAMPLE}, or: Fri 18:00 - Mon 09:00. Empty: always.",
    )  # fmt: skip
    add_people = forms.CharField(
        required=False, max_length=10_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Names or mail addresses in the order of their turns, one a line or with commas between them.",
    )  # fmt: skip

    class Meta:
        model = Layer
        fields = (
            "name", "position", "rotation", "length", "handoff_time", "handoff_weekday", "starts_on", "ends_on",
            "at_once", "time_zone", "holidays_of",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial["position"] = None
            self.initial["starts_on"] = timezone.localdate()
        else:
            self.initial["covers"] = rules.ranges_in_words(_ranges(self.instance))
        for name, help_text in _WHEN_EMPTY.items():
            if name in self.fields:
                self.fields[name].required = False
                self.fields[name].help_text = help_text

    def has_changed(self) -> bool:
        """A new layer of which only its people or its calendar were entered is one too."""
        nested = getattr(self, "nested_formsets", ())
        return super().has_changed() or any(each.formset.has_changed() for each in nested)

    def clean_covers(self) -> tuple[rules.WeeklyRange, ...]:
        """Raise ValidationError, saying which part, unless the ranges can be read."""
        try:
            return rules.read_ranges(self.cleaned_data["covers"])
        except Invalid as unclear:
            raise ValidationError(str(unclear)) from unclear

    def clean_add_people(self) -> list[User]:
        """Raise ValidationError, by name, for whoever is not known, not unique or there twice."""
        said = [part.strip() for part in self.cleaned_data["add_people"].replace(",", "\n").splitlines()]
        people = _people([name for name in said if name])
        for person in people:
            _check_stands_in(person)
        twice = {str(person) for person in people if people.count(person) > 1}
        if twice:
            raise ValidationError(f"There twice: {', '.join(sorted(twice))}.")
        return people

    def save_parts(self) -> None:
        """Make the restrictions what was entered, and add the people after those who are there."""
        if "covers" in self.changed_data:
            actions.set_restrictions(self.instance, self.cleaned_data["covers"])
        members = list(self.instance.members.all())
        known = {member.person_id for member in members}
        place = max((member.position for member in members), default=0)
        for person in self.cleaned_data.get("add_people", []):
            if person.pk not in known:
                place = min(place + 1, LAST_PLACE)  # where the order is that in which they were put there
                LayerMember.objects.create(layer=self.instance, person=person, position=place)


class Layers(BaseInlineFormSet[Layer, Roster, Any]):
    """The layers of a roster; one without a position comes on top, one without a name gets one.

    What is saved has people, or a calendar; on trial, for the preview, it may still lack them.
    """

    is_on_trial: ClassVar[bool] = False

    def clean(self) -> None:
        """Put an error beside the people of a layer, new or changed here, in which nobody would take turns.

        And beside the position of one that would have to come above the highest that there may be.
        """
        super().clean()
        self._put_on_top()
        for form in self.forms:
            if not self.is_on_trial and form.has_changed() and not form.cleaned_data.get("DELETE"):
                check_takes_turns(form)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Say beside the zone of a layer what happened to it."""
        super().add_fields(form, index)
        if "time_zone" in form.fields and form.instance.time_zone:
            beside_zone(form.fields["time_zone"], self._zone_news, form.instance)

    @cached_property
    def _zone_news(self) -> dict[str, str]:
        return zone_news.of(self.instance, self.get_queryset(), now=clock.now())

    def save_new(self, form: Any, commit: bool = True) -> Layer:
        self._fill_in(form.instance)
        layer: Layer = super().save_new(form, commit=commit)
        return layer

    def save_existing(self, form: Any, obj: Layer, commit: bool = True) -> Layer:
        """Its own row is saved if something of it was changed, not if it was only its people or the times it covers."""
        if not set(form.changed_data) & set(LayerForm.Meta.fields):
            return obj
        self._fill_in(obj)
        layer: Layer = super().save_existing(form, obj, commit=commit)
        return layer

    def _put_on_top(self) -> None:
        """Give each layer whose position was left empty one above all that the page leaves there.

        Put an error beside it where none is left.
        """
        kept = [form for form in self.forms if form.instance.pk is not None or form.has_changed()]
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")]
        highest = max((_position(form) for form in kept), default=0)
        for form in kept:
            if form.instance.position is None:
                highest += 1
                form.instance.position = highest
                if highest > LAST_PLACE:
                    form.add_error("position", f"None is left above {LAST_PLACE:,}: give the layers lower positions.")

    def _fill_in(self, layer: Any) -> None:
        """Give the layer the name that was left empty."""
        if not layer.name:
            city = layer.time_zone.rpartition("/")[2].replace("_", " ")
            layer.name = city or f"Layer {layer.position}"

    def save_parts(self) -> None:
        """Save what the forms say of restrictions and people, after the rows themselves."""
        for form in self.forms:
            if form.instance.pk is not None and form.has_changed() and form not in self.deleted_forms:
                form.save_parts()


class StandsStillWhenFrozen(FollowsItsParent):
    """For what is not edited while the roster is frozen."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_frozen(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)


class LayerMemberForm(forms.ModelForm[LayerMember]):
    """A place in the order; whoever is put there can be on call."""

    class Meta:
        model = LayerMember
        fields = ("position", "person")

    def clean_person(self) -> User:
        """Raise ValidationError for somebody new who could not answer a page."""
        person: User = self.cleaned_data["person"]
        if "person" in self.changed_data:
            _check_stands_in(person)
        return person


class LayerMemberInline(StandsStillWhenFrozen, TabularInline):
    """The people of a layer; whatever number a page claims to have, no more than MOST_PEOPLE are looked at."""

    model = LayerMember
    form = LayerMemberForm
    extra = 0
    fields = ("position", "person")
    ordering_field = "position"
    verbose_name_plural = "People in order"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.absolute_max = MOST_PEOPLE
        return formset

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            edited = str(getattr(request.resolver_match, "kwargs", {}).get("object_id", ""))
            chosen_from = Q(is_a_person(), is_active=True)
            if edited.isdecimal() and len(edited) < 18:  # whoever has left stays until they are taken out
                chosen_from |= Q(layer_places__layer__roster=int(edited))
            kwargs["queryset"] = User.objects.filter(chosen_from).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LayerInline(StandsStillWhenFrozen, StackedInline):
    """The layers of a roster, MOST_LAYERS at most: whatever number a page claims to have, no more are looked at."""

    model = Layer
    form = LayerForm
    formset = Layers
    extra = 0
    max_num = MOST_LAYERS
    inlines: ClassVar[list[type]] = [LayerMemberInline]
    fieldsets = (
        (None, {"fields": (("name", "position"), ("covers", "time_zone"), "add_people")}),
        (None, {"fields": (("rotation", "length"), ("handoff_time", "handoff_weekday"), ("starts_on", "ends_on"))}),
        (None, {"fields": (("at_once", "holidays_of"),)}),
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.absolute_max = MOST_LAYERS
        formset.is_on_trial = hasattr(request, "previewed")
        return formset


def _position(form: Any) -> int:
    """The position of a layer as entered; where it was left empty, the one that it had."""
    return int(form.initial.get("position") or 0) if form.instance.position is None else form.instance.position


def _ranges(layer: Layer) -> list[rules.WeeklyRange]:
    return [weekly_range(each) for each in layer.restrictions.all()]


def _check_stands_in(person: User) -> None:
    try:
        actions.check_stands_in(person)
    except Invalid as refused:
        raise ValidationError(str(refused)) from refused


def _people(said: list[str]) -> list[User]:
    """The active people of these mail addresses or names, in their order. One query.

    Raises ValidationError, by name, for whoever is not known or not the only one of that name.
    """
    wanted = [name.lower() for name in said]
    named = User.objects.filter(is_a_person(), is_active=True).annotate(address=Lower("email"), called=Lower("name"))
    found: dict[str, list[User]] = defaultdict(list)
    for person in named.filter(Q(address__in=wanted) | Q(called__in=wanted)):
        for key in {person.email.lower(), person.name.lower()}:
            found[key].append(person)
    unknown = [name for name in said if name.lower() not in found]
    if unknown:
        raise ValidationError(f"Nobody is called {', '.join(unknown)}.")
    several = [name for name in said if len(found[name.lower()]) > 1]
    if several:
        raise ValidationError(f"Several people are called {', '.join(several)}; give the mail address.")
    return [found[name][0] for name in wanted]
