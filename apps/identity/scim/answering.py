"""How SCIM is asked and answered: whose token it takes, what it reads, and its own form of errors (RFC 7644, 3.12)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from django.db import OperationalError
from django.http import Http404, HttpResponse
from pydantic import ValidationError
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView, set_rollback
from scim2_models import Context, Error, SCIMException

from apps.core.errors import HouseError
from apps.core.parsers import StrictJSONParser
from apps.core.problems import DATABASE_AWAY, RETRY_AFTER, STATUS_OF
from apps.identity.scim.schemas import PROVIDER
from apps.teams import access
from apps.teams.authentication import TokenAuthentication
from apps.teams.models import ApiToken, Scope
from apps.teams.permissions import reaches

MEDIA_TYPE = "application/scim+json"

log = structlog.get_logger(__name__)


class Provisions(BasePermission):
    """A token with the scope ``provision``, of an administrator. A browser's session is none."""

    message = "It takes a token of an administrator with the scope provision."

    def has_permission(self, request: Request, view: Any) -> bool:
        of_token = isinstance(request.auth, ApiToken) and reaches(request, Scope.PROVISION)
        return of_token and access.is_administrator(request.user)


class AlwaysJson(BaseContentNegotiation):
    """Whatever kind of JSON a provider says that it sends or takes: it is read and answered."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], MEDIA_TYPE


class ScimView(APIView):
    """What all addresses of SCIM have in common."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (Provisions,)
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJson
    schema = None  # described by /Schemas, and no part of the HTTP API

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with PROVIDER:
            return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Any:
        """Every expected failure in SCIM's form; a fault of ours goes on (500)."""
        set_rollback()
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            exc.status_code = HTTPStatus.UNAUTHORIZED
        error = _as_error(exc)
        if error is None:
            raise exc
        answer = answered(error.model_dump_json(), status=int(error.status or HTTPStatus.BAD_REQUEST))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer["WWW-Authenticate"] = 'Bearer realm="scim"'
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            answer["Retry-After"] = str(RETRY_AFTER)
        if wait := getattr(exc, "wait", None):
            answer["Retry-After"] = str(int(wait))
        return answer


def answered(text: str = "", *, status: int = HTTPStatus.OK) -> HttpResponse:
    """An answer with a message or a resource, as text."""
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE)


def shown(resource: Any, context: Context, *, status: int = HTTPStatus.OK, only: Any = None) -> HttpResponse:
    """An answer with the resource, its address and its version. ``only``: which attributes are asked for."""
    answer = answered(resource.model_dump_json(scim_ctx=context, response_parameters=only), status=status)
    if resource.meta and resource.meta.version:
        answer["ETag"] = resource.meta.version
        answer["Location"] = resource.meta.location
    return answer


def _as_error(failure: Exception) -> Error | None:
    if isinstance(failure, SCIMException):
        return failure.to_error()
    if isinstance(failure, ValidationError):
        return Error.from_validation_errors(failure)[0]
    if isinstance(failure, HouseError):
        status = next((code for kind, code in STATUS_OF.items() if isinstance(failure, kind)), HTTPStatus.CONFLICT)
        return Error(status=status, detail=str(failure))
    if isinstance(failure, OperationalError):
        log.error("database_away", error=str(failure))
        return Error(status=HTTPStatus.SERVICE_UNAVAILABLE, detail=DATABASE_AWAY)
    if isinstance(failure, Http404):
        return Error(status=HTTPStatus.NOT_FOUND, detail="There is no such resource.")
    if isinstance(failure, exceptions.ParseError):
        return Error(status=HTTPStatus.BAD_REQUEST, scim_type="invalidSyntax", detail=str(failure.detail))
    if isinstance(failure, exceptions.APIException):
        return Error(status=failure.status_code, detail=str(failure.detail))
    return None
