"""What every list of the admin has in common, and what a row can be called."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin


def names_a_row(key: str, model: type[models.Model]) -> bool:
    """Whether a row of ``model`` can have this key."""
    try:
        model._meta.pk.clean(key, None)
    except ValidationError:
        return False
    return True


class ListedAdmin(ModelAdmin):
    """A page of rows on which something can be done with several of them."""

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """What the chosen action answers; what no row can be called counts as little as a row that there is not."""
        sent = request.POST.copy()
        chosen = sent.getlist(ACTION_CHECKBOX_NAME)
        sent.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if names_a_row(key, self.model)])
        request.POST = sent  # type: ignore[assignment]  # the setter takes any such dictionary
        return super().response_action(request, queryset)
