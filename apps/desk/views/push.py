"""What a browser needs to become a push device: the worker that shows pages, and the key it subscribes to."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from apps.notifications import vapid


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root so that it may answer for every page; never kept, so that a new one is taken."""
    found = finders.find("ado/sw.js")
    if not isinstance(found, str):
        raise Http404("There is no worker.")
    answer = HttpResponse(Path(found).read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Service-Worker-Allowed"] = "/"
    answer["Cache-Control"] = "no-cache"
    return answer


@login_required
@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public key that a browser subscribes with; 404 where this installation sends no push messages."""
    public = vapid.public_key()
    if not public:
        raise Http404("This installation sends no push messages.")
    return JsonResponse({"key": public})
