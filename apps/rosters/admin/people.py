"""Whether somebody takes turns in the layers that a roster's page makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.core.errors import Invalid
from apps.rosters import rules
from apps.rosters.models import CalendarSource, LayerMember


def check_takes_turns(form: Any) -> None:
    """Put an error beside the people of a layer's ``form`` if nobody would take turns in it.

    What cannot be read yet is told by its own field, and not taken for nobody.
    """
    if "add_people" in form.errors or not all(each.formset.is_valid() for each in form.nested_formsets):
        return
    people = [*form.cleaned_data.get("add_people", []), *_rows(form, LayerMember)]
    try:
        rules.check_takes_turns(people, from_calendar=bool(list(_rows(form, CalendarSource))))
    except Invalid as refused:
        form.add_error("add_people", str(refused))


def _rows(form: Any, model: type) -> Iterator[object]:
    """Yield the forms of the parts of a layer that are rows once the page is saved."""
    for nested in form.nested_formsets:
        if nested.formset.model is model:
            for part in nested.formset.forms:
                is_kept = part.instance.pk is not None or part.has_changed()
                if is_kept and part not in nested.formset.deleted_forms:
                    yield part
