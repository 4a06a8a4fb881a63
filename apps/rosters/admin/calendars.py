"""The calendar that the turns of a layer come from, on a roster's page."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseInlineFormSet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from apps.core import clock
from apps.core.errors import Invalid
from apps.core.zones import zone_or_utc
from apps.rosters import actions, uploads
from apps.rosters.admin.layers import LayerInline, Layers, StandsStillWhenFrozen
from apps.rosters.calendars import reading
from apps.rosters.calendars.expansion import Expansion
from apps.rosters.calendars.fetching import as_address
from apps.rosters.models import CalendarSource, Layer


class CalendarForm(forms.ModelForm[CalendarSource]):
    """An address, or a file, which is read at once: one that cannot be is refused beside the field."""

    file = forms.FileField(
        required=False, widget=UnfoldAdminFileFieldWidget,
        help_text=f"A calendar in the iCalendar format (.ics), {reading.LARGEST_IN_WORDS} at most.",
    )  # fmt: skip

    class Meta:
        model = CalendarSource
        fields = ("url",)
        widgets: ClassVar[dict[str, forms.Widget]] = {"url": UnfoldAdminTextInputWidget(attrs={"inputmode": "url"})}

    def __init__(self, *args: Any, layer: Layer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = _zone_on_the_page(layer)
        self._expansion: Expansion | None = None
        self._text = b""

    def clean_url(self) -> str:
        """The address, with https for what devices subscribe by. Raises ValidationError for a private one.

        What stands there for the one that is kept stays as it is.
        """
        if "url" not in self.changed_data:
            return str(self.cleaned_data["url"])
        try:
            return as_address(self.cleaned_data["url"])
        except Invalid as error:
            raise ValidationError(str(error)) from error

    def clean_file(self) -> UploadedFile[bytes] | None:
        """The file, if one was chosen. Raises ValidationError, saying why, for one that cannot be used."""
        chosen: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if chosen is None:
            return None
        try:
            self._text = uploads.calendar_of(chosen)
            self._expansion = reading.read(self._text, window=actions.window_at(clock.now()), zone=self._zone)
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return chosen

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError unless there is either an address or a file."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned.get("url") and cleaned.get("file") and "url" in self.changed_data:
            self.add_error("file", "Either an address or a file.")
        elif not cleaned.get("url") and not cleaned.get("file") and not self.instance.file_name:
            self.add_error("url", "Give an address, or choose a file.")
        return cleaned

    def save(self, commit: bool = True) -> CalendarSource:
        """Save the source, and the turns of a file with it; an address is read by the engine."""
        chosen = self.cleaned_data.get("file")
        if chosen is not None and self._expansion is not None:
            actions.set_file(
                self.instance, name=chosen.name or "", text=self._text, expansion=self._expansion, zone=self._zone
            )
        elif "url" in self.changed_data:
            actions.set_address(self.instance, self.cleaned_data["url"])
        return self.instance


class Calendars(BaseInlineFormSet[CalendarSource, Layer, Any]):
    """The calendar of a layer, if it has one."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "layer": self.instance}


class CalendarInline(StandsStillWhenFrozen, StackedInline):
    """Where the turns come from, how reading it went, and which events are nobody's turn."""

    model = CalendarSource
    form = CalendarForm
    formset = Calendars
    extra = 0
    fields = ("url", "file", "state")
    readonly_fields = ("state",)
    verbose_name = "calendar for the turns"

    @admin.display(description="")
    def state(self, source: CalendarSource) -> SafeString:
        """When it was read last, or why not, and what in it is nobody's turn."""
        return render_to_string("admin/rosters/_calendar_state.html", {"source": source})


class LayersWithFiles(Layers):
    """The layers of a roster, whose page sends files: it looks at the outer rows alone to find out."""

    def is_multipart(self) -> bool:
        """Whether the page sends files."""
        return True


class CalendarLayerInline(LayerInline):
    """The layers, each with its people or with a calendar."""

    formset = LayersWithFiles
    inlines: ClassVar[list[type]] = [*LayerInline.inlines, CalendarInline]


def _zone_on_the_page(layer: Layer) -> ZoneInfo:
    """The zone of a layer as it was entered; UTC where there is none yet, or none such, which its own field says."""
    name = layer.time_zone or (layer.roster.time_zone if layer.roster_id else "")
    return zone_or_utc(name)
