"""What every list of the admin has in common, and what a row can be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from apps.core.json_fields import JsonField

#: What no text in the database holds.
NUL = "\x00"


def names_a_row(key: str, model: type[models.Model]) -> bool:
    """Whether a row of ``model`` can have this key."""
    if NUL in key:
        return False
    try:
        model._meta.pk.clean(key, None)
    except ValidationError:
        return False
    return True


def opens(page: ModelAdmin, request: HttpRequest, row: models.Model) -> bool:
    """Whether the viewer finds the row in the list of ``page``, and its page opens."""
    may_look: bool = page.has_view_or_change_permission(request, row)
    return may_look and page.get_queryset(request).filter(pk=row.pk).exists()


class AdminAddressMiddleware:
    """Answers 400 where the address of a page of the admin asks for NUL, be it as the key of a row, as ``_00`` too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: Mapping[str, object]) -> None:
        """Raise BadRequest for such an address."""
        if request.resolver_match is None or "admin" not in request.resolver_match.app_names:
            return
        asked = [text for name, values in request.GET.lists() for text in (name, *values)]
        keys = [unquote(str(each)) for each in kwargs.values()]
        if any(NUL in text for text in (*asked, *keys)):
            raise BadRequest("The address holds a NUL character.")


class ListedAdmin(ModelAdmin):
    """A page of rows on which something can be done with several of them."""

    formfield_overrides: Mapping[type[models.Field[Any, Any]], Mapping[str, Any]] = {
        models.JSONField: {"form_class": JsonField}
    }

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address says of a new row; what is no value of its field is as if it were not there."""
        fields = {field.name: field.formfield() for field in self.opts.fields if field.name in request.GET}
        said: Mapping[str, Any] = super().get_changeform_initial_data(request)
        initial: dict[str, Any] = {}
        for name, value in said.items():
            field = fields.get(name)
            try:
                initial[name] = field.to_python(value) if field is not None else value
            except ValidationError:
                continue
        return initial

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """What the chosen action answers; what no row can be called counts as little as a row that there is not."""
        sent = request.POST.copy()
        chosen = sent.getlist(ACTION_CHECKBOX_NAME)
        sent.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if names_a_row(key, self.model)])
        request.POST = sent  # type: ignore[assignment]  # the setter takes any such dictionary
        return super().response_action(request, queryset)
