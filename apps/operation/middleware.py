"""Gives whoever is signed in the cookie that opens the emergency page, and takes it away from who is not."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.operation.emergency import passes
from apps.teams import access, factors
from apps.teams.models import User


class EmergencyPassMiddleware:
    """Stands behind the sign-in. Only whole pages carry the cookie: parts of pages and the API cost nothing.

    Whoever must have a second factor and has none yet is given none: the page lies in front of what asks for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if _is_a_page(request, response):
            _renew(request, response)
        return response


def _is_a_page(request: HttpRequest, response: HttpResponse) -> bool:
    is_page = response.headers.get("Content-Type", "").startswith("text/html") and "HX-Request" not in request.headers
    return is_page and hasattr(request, "user") and not request.path.startswith("/api/")


def _renew(request: HttpRequest, response: HttpResponse) -> None:
    name, person = passes.cookie_name(), request.user
    held = request.COOKIES.get(name, "")
    if not isinstance(person, User) or not access.belongs_here(person) or factors.is_missing(person, request):
        if held:
            response.delete_cookie(name, samesite="Lax")
    elif not passes.is_fresh(held, person):
        response.set_cookie(
            name, passes.cookie_for(person), max_age=passes.COOKIE_LIFETIME, secure=settings.SECURE_ORIGIN,
            httponly=True, samesite="Lax",
        )  # fmt: skip
