"""The view that does nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=202, headers={"Content-Length": "0"})


urlpatterns = [path("nothing/", nothing)]
