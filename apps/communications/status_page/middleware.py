"""Keeps whoever reads the public pages a stranger: no cookie is read there, and none is set."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

#: Below this everything is for everybody.
PUBLIC = "/status/"


class StrangersMiddleware:
    """Stands before what reads sessions: an answer that depends on nobody may be kept by whoever passes it on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_public = request.path_info.startswith(PUBLIC)
        if is_public:
            request.META.pop("HTTP_COOKIE", None)
        response = self._get_response(request)
        if is_public and response.status_code < 500 and not response.cookies:
            del response.headers["Vary"]
        return response
