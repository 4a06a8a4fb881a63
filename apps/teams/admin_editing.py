"""What a form of the admin does if somebody else saved the same row meanwhile: it tells, and holds what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms.models import _get_foreign_key
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.core.editing import ChangedMeanwhile, Edited, Kept, Piece

#: What the page calls the version that it shows.
VERSION = "edited_version"
SAVE_AGAIN = "What you typed is still below: take over what you want of it, and save again to write it over theirs."


def keeps_history(model: type[models.Model]) -> bool:
    """Whether what is changed of such rows is written down."""
    return hasattr(model._meta, "simple_history_manager_attribute")


class TellsOfChanges:
    """The part of a form that refuses what is based on a version that is no longer the last one."""

    edited: ClassVar[Edited]
    #: What somebody else changed, once the page is shown again because of it.
    changed: ChangedMeanwhile | None = None

    def clean(self) -> Any:
        """Say what somebody else changed meanwhile. Where it is saved too, nobody else writes it until that is done."""
        cleaned: Any = super().clean()  # type: ignore[misc]  # of the form
        seen = self.data.get(VERSION)  # type: ignore[attr-defined]  # of the form
        if seen and transaction.get_connection().in_atomic_block:
            try:
                self.edited.refuse_changed(seen)
            except ChangedMeanwhile as refused:
                self.changed = refused
                self.add_error(None, ValidationError([str(refused), SAVE_AGAIN]))  # type: ignore[attr-defined]  # of the form
        return cleaned


class EditingAdmin(ModelAdmin):
    """The pages of rows with a history, of which each form says at which version it is."""

    change_form_template: Any = "admin/edited.html"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, which knows at which version it is: read before it, so that what changes in between is noticed.

        Where it is going to be saved, nobody else writes it from here on: all its columns are stored as they are read.
        """
        version = ""
        if keeps_history(self.model) and object_id.isdecimal():
            edited = self._edited(object_id)
            if request.method == "POST" and transaction.get_connection().in_atomic_block:
                edited.lock()
            version = edited.version()
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.edited_version = version
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form: type[forms.BaseForm] = super().get_form(request, obj, **kwargs)
        if obj is None or not getattr(obj, "edited_version", ""):
            return form
        return type(form.__name__, (TellsOfChanges, form), {"edited": self._edited(str(obj.pk))})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page, with what was changed meanwhile, and the version that its form is based on from now on."""
        row, changed = context.get("original"), getattr(context["adminform"].form, "changed", None)
        sent = changed.version if changed else request.POST.get(VERSION, "")
        context |= {"changed": changed, "edited_version": sent or getattr(row, "edited_version", "")}
        return super().render_change_form(request, context, *args, **kwargs)

    def _edited(self, key: str) -> Edited:
        """The row and what is edited with it, at every depth."""
        pieces = [Kept(self.model, self.opts.pk.attname, [key]), *_below(self.inlines, self.model, [key])]
        return Edited(str(self.opts.verbose_name), self.model._default_manager.filter(pk=key), tuple(pieces))


def _below(inlines: Iterable[type], parent: type[models.Model], owners: Any) -> Iterator[Piece]:
    """What is edited on the page of ``owners``, which are ids of ``parent``.

    An inline whose rows come and go and are never changed says so: ``is_edited = False``.
    """
    for inline in inlines:
        model: type[models.Model] = inline.model  # type: ignore[attr-defined]
        if not (keeps_history(model) and getattr(inline, "is_edited", True)):
            continue
        column = _get_foreign_key(parent, model, fk_name=inline.fk_name).attname  # type: ignore[attr-defined]
        yield Kept(model, column, owners)
        rows = model.history.filter(**{f"{column}__in": owners}).values("id")  # type: ignore[attr-defined]
        yield from _below(getattr(inline, "inlines", ()), model, rows)
