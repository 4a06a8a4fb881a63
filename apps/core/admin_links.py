"""Links of the admin's pages from what they only show to the page of what that is: for whoever may open it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import site
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.http import HttpRequest
from simple_history.models import HistoricalRecords
from unfold import forms
from unfold.fields import UnfoldAdminReadonlyField

from apps.core.admin_lists import opens


class LinkedWhereItOpens(UnfoldAdminReadonlyField):
    """A field that is only shown. What it names is a link where the viewer may open that, and else its name alone."""

    def get_admin_url(self, remote_field: Any, remote_obj: models.Model) -> str:
        """The link, or the name."""
        request: HttpRequest | None = getattr(HistoricalRecords.context, "request", None)
        if request is None or not _opens(request, remote_field.model, remote_obj):
            return str(remote_obj)
        link: str = super().get_admin_url(remote_field, remote_obj)
        return link


def link_where_it_opens() -> None:
    """Let every page of the admin show such fields: the library makes them where no admin is asked."""
    forms.UnfoldAdminReadonlyField = LinkedWhereItOpens


def _opens(request: HttpRequest, model: type[models.Model], row: models.Model) -> bool:
    """Whether the row has a page that opens: looked up once a page, for many lines may name the same row."""
    known: dict[tuple[type[models.Model], Any], bool] = request.__dict__.setdefault("rows_that_open", {})
    if (model, row.pk) not in known:
        try:
            known[model, row.pk] = opens(site.get_model_admin(model), request, row)
        except NotRegistered:
            known[model, row.pk] = False
    return known[model, row.pk]
