"""What every viewset of the API has in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Any, cast

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.core import idempotency
from apps.core.errors import Invalid


class HouseViewSet(GenericViewSet[Any]):
    """The base of all viewsets: times are answered in UTC, and a POST with an Idempotency-Key has one effect.

    What a request says is understood or refused, never ignored: fields that the form does not have are 400, a cursor
    for a list that is one page is 404 like any other that was not made here.
    """

    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate and check the scope, then stand between the request and what answers a POST."""
        super().initial(request, *args, **kwargs)
        _refuse_nul(request, kwargs)
        if self.paginator is None and request.query_params.get(CursorPagination.cursor_query_param):
            raise NotFound(CursorPagination.invalid_cursor_message)
        timezone.activate(UTC)
        answer = getattr(self, "post", None)
        if request.method == "POST" and answer is not None and idempotency.HEADER in request.headers:
            self.post = partial(_once, answer)

    def understood(self, form: type[BaseSerializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body as ``form`` reads it, without what is not named if ``partial``. Raises ValidationError."""
        serializer = form(data=self.request.data, partial=partial, context=self.get_serializer_context())
        _refuse_unknown_fields(serializer)
        serializer.is_valid(raise_exception=True)
        return cast("dict[str, Any]", serializer.validated_data)

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """The viewset's serializer; what it is to read has passed the same check as in ``understood``."""
        serializer = super().get_serializer(*args, **kwargs)
        if "data" in kwargs:
            _refuse_unknown_fields(serializer)
        return serializer


class AnswersFiles(APIView):
    """A view whose answer is a file, whatever ``Accept`` asks for; its problems are JSON like all others."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """Let any ``Accept`` pass: whoever reads calendars or tables asks for these."""
        return super().perform_content_negotiation(request, force=True)


def _refuse_nul(request: Request, kwargs: dict[str, Any]) -> None:
    """PostgreSQL holds no NUL character, so no such thing is found and no such filter understood."""
    if any("\x00" in str(value) for value in kwargs.values()):
        raise Http404
    for name, values in request.query_params.lists():
        if any("\x00" in value for value in values):
            raise Invalid("Text must not contain the NUL character.", field=name)


def _refuse_unknown_fields(serializer: BaseSerializer[Any]) -> None:
    """A misspelt field would otherwise be an answer of 200 to a change that was not made."""
    sent, known = serializer.initial_data, getattr(serializer, "fields", {})
    if isinstance(sent, Mapping) and (unknown := sorted(sent.keys() - known.keys())):
        readable = ", ".join(name for name, field in known.items() if not field.read_only)
        raise ValidationError({name: [f"There is no such field; there are {readable}."] for name in unknown})


def _once(answer: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
    return idempotency.answer_once(request, partial(answer, request, *args, **kwargs))
