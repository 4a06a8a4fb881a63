"""What a device calls when somebody answers from its lock screen."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.incidents.models import Via
from apps.notifications import answers, links
from apps.notifications.answers import Answered
from apps.notifications.models import Notification


@csrf_exempt
@require_POST
def acknowledge(request: HttpRequest) -> HttpResponse:
    """Acknowledge the pages that the token stands for, as their receiver: the token is the right, no session is asked.

    JSON ``{"token"}``; answers ``{"text", "done"}``: 200, 409 where nothing could be acknowledged; 400 without a token,
    404 for one that is none, 410 for one that expired.
    """
    return _answered(request, lambda page: answers.acknowledge(page, via=Via.PUSH))


@csrf_exempt
@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """Pass on the pages that the token stands for, as their receiver; asks and answers as ``acknowledge`` does."""
    return _answered(request, lambda page: answers.decline(page, via=Via.PUSH))


def _answered(request: HttpRequest, act: Callable[[Notification], Answered]) -> HttpResponse:
    try:
        told = json.loads(request.body)
        token = told["token"]
    except (ValueError, RecursionError, LookupError, TypeError):
        token = None
    if not isinstance(token, str):
        return JsonResponse({"text": "Say which page: a token is missing.", "done": False}, status=400)
    try:
        pages = links.pages_of(token)
    except links.ExpiredLink as failure:
        return JsonResponse({"text": str(failure), "done": False}, status=410)
    except links.UnknownLink as failure:
        return JsonResponse({"text": str(failure), "done": False}, status=404)
    answered = [act(page) for page in pages]
    done = any(each.done for each in answered)
    text = " ".join(each.text for each in answered)
    return JsonResponse({"text": text, "done": done}, status=200 if done else 409)
