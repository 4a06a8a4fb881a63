"""Pages of a list by cursor: stable while rows come in, and as cheap on page 1,000 as on the first."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from apps.core.errors import Invalid


class NewestFirst(CursorPagination):
    """``{"next", "previous", "results"}``, newest first. A cursor that we did not make is 404."""

    ordering: str | tuple[str, ...] = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200

    _queryset: QuerySet[Any]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """The page of ``queryset`` that the request's cursor names."""
        self._queryset = queryset
        return super().paginate_queryset(queryset, request, view)

    def get_page_size(self, request: Request) -> int | None:
        """How many rows a page has, ``max_page_size`` at most. Raises Invalid for what is no number of rows."""
        asked = request.query_params.get(self.page_size_query_param)
        if asked is not None and not (asked.isascii() and asked.isdecimal() and asked.strip("0")):
            raise Invalid(f"A page has from 1 to {self.max_page_size} rows.", field=self.page_size_query_param)
        return super().get_page_size(request)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The request's cursor, its position checked to be a value of the field that the list is ordered by."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                _field(self._queryset, self.ordering[0].lstrip("-")).to_python(cursor.position)
            except (ValidationError, ValueError, OverflowError) as error:
                raise NotFound(self.invalid_cursor_message) from error
            if "\x00" in str(cursor.position):
                raise NotFound(self.invalid_cursor_message)
        return cursor


class OldestFirst(NewestFirst):
    """The same for what is read as a story: timelines."""

    ordering = "id"


def _field(queryset: QuerySet[Model], name: str) -> Field[Any, Any]:
    """The field, or the output of the annotation, that ``queryset`` calls ``name``."""
    annotated = queryset.query.annotations.get(name)
    found = annotated.output_field if annotated else queryset.model._meta.get_field(name)
    return cast("Field[Any, Any]", found)
