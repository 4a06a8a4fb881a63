"""Shows every time in the viewer's zone (design, ground rule 7), tells who was signed out so, and asks who it is."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from apps.core.zones import zone_or_utc
from apps.teams.sensitive import TYPED, NotConfirmed


class ViewerTimeZoneMiddleware:
    """Activate the signed-in person's zone for the request, UTC for everybody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.user.time_zone if request.user.is_authenticated else "UTC"
        with timezone.override(zone_or_utc(name)):
            return self._get_response(request)


class SignedOutMiddleware:
    """Says that somebody was signed out, where the way to the sign-in page would hide it.

    A part of a page that refreshes itself is answered 401, so that no form stands in its place. Whoever did something
    comes back to the page where they did it, and reads that nothing was done: its own address shows nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated  # whoever signs out is sent there too, and knows it
        is_signing_in = request.path.startswith(resolve_url(settings.LOGIN_URL))
        response = self._get_response(request)
        if was_signed_in or is_signing_in or not _leads_to_sign_in(response):
            return response
        if "HX-Request" in request.headers:
            return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        if request.method in ("GET", "HEAD"):
            return response
        messages.warning(request, "You were signed out, so nothing was done. Sign in, and do it again.")
        return redirect_to_login(_page_before(request))


class ConfirmingMiddleware:
    """Leads whoever has to confirm who they are to where that is asked, and from there back to the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer NotConfirmed, and what django-allauth raises for the same; whatever else went wrong is not for here.

        allauth itself would keep in the session what was sent, a new password included. What is no secret the browser
        keeps, and puts back on the page (static/ado/typed.js).
        """
        asked = isinstance(error, ReauthenticationRequired) and request.user.is_authenticated
        if not asked and not isinstance(error, NotConfirmed):
            return None
        back = request.get_full_path()
        if request.method not in ("GET", "HEAD"):
            messages.warning(request, "Nothing was done yet. Confirm that it is you, and do it again.")
            back = f"{_page_before(request)}{TYPED}"
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def _leads_to_sign_in(response: HttpResponse) -> bool:
    if response.status_code != HTTPStatus.FOUND:
        return False
    return urlsplit(response.headers["Location"]).path == resolve_url(settings.LOGIN_URL)


def _page_before(request: HttpRequest) -> str:
    """The page of this house that a form was sent from, else the first one."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    found = urlsplit(referer)
    return f"{found.path}?{found.query}" if found.query else found.path or "/"
