"""Errors of the API as problem details (RFC 9457): the one place that translates the house's errors to HTTP."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import server_error
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import Busy, Conflict, HouseError, Invalid, NotAllowed, ProviderError, RuleViolation

CONTENT_TYPE = "application/problem+json"

#: After how many seconds to come back while the database is away; a server that restarts is up again by then.
RETRY_AFTER = 5
DATABASE_AWAY = "The database cannot be reached at the moment."

log = structlog.get_logger(__name__)

STATUS_OF: dict[type[HouseError], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    NotAllowed: HTTPStatus.FORBIDDEN,
    RuleViolation: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}


def problem(status: int, detail: str, **more: Any) -> Response:
    """A problem details answer; ``more`` are its extension members (``errors``, ``missing``)."""
    return Response(_body(HTTPStatus(status), detail, **more), status=status, content_type=CONTENT_TYPE)


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every expected failure as problem details, None for a fault of ours (500)."""
    set_rollback()
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if isinstance(error, HouseError):
        return _of_the_house(error)
    if isinstance(error, OperationalError):
        log.error("database_away", error=str(error))
        answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, DATABASE_AWAY)
        answer["Retry-After"] = str(RETRY_AFTER)
        return answer
    if isinstance(error, exceptions.APIException):
        return _of_the_request(error)
    return None


def nothing_there(request: HttpRequest, **_: str) -> HttpResponse:
    """What answers an address that a library has and this house does not offer."""
    raise Http404


def fault(request: HttpRequest) -> HttpResponse:
    """What answers a fault of ours (500): problem details where programs ask, the page for people elsewhere.

    While the database is away it is 503, and says when to come back.
    """
    away = isinstance(sys.exception(), OperationalError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    answer: HttpResponse
    if request.path.startswith(("/api/", "/scim/")):
        detail = DATABASE_AWAY if away else "Something went wrong on our side; it is logged."
        answer = JsonResponse(_body(status, detail), content_type=CONTENT_TYPE)
    else:
        answer = server_error(request)
    answer.status_code = status
    if away:
        answer["Retry-After"] = str(RETRY_AFTER)
    return answer


def _of_the_house(error: HouseError) -> Response:
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)
    more: dict[str, Any] = {}
    if isinstance(error, RuleViolation) and error.missing:
        more["missing"] = [{"gate": m.gate, "item_id": m.item_id, "text": m.text} for m in error.missing]
    if isinstance(error, Invalid):
        more["errors"] = _beside(error.field or "non_field_errors", str(error))
    return problem(status, str(error), **more)


def _beside(field: str, message: str) -> Any:
    """The message where the field is: ``layers.1.people`` is that of the second layer, the first has no mistake."""
    found: Any = [message]
    for part in reversed(field.split(".")):
        found = [{}] * int(part) + [found] if part.isdecimal() else {part: found}
    return found


def _of_the_request(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "The request could not be understood.", errors=_by_field(error.detail))
    more: dict[str, Any] = {}
    if isinstance(error, exceptions.ParseError):
        more["errors"] = _by_field([str(error.detail)])
    answer = problem(error.status_code, str(error.detail), **more)
    if challenge := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def _body(status: HTTPStatus, detail: str, **more: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}


def _by_field(detail: Any) -> Any:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}
