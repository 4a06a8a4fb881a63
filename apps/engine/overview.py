"""The page "Engine" of the admin: how the lanes, workers and providers stand, and what was given up, to run again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core.errors import HouseError
from apps.engine import actions, breakers, checks, queries
from apps.engine.models import Timer

#: So many dead timers are shown, the newest; the list of timers has all of them.
DEAD_SHOWN = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """Show how the engine stands to whoever may see timers; act on it for whoever may change them.

    ``?part=now`` is what changes by itself, for the page to fetch every few seconds.
    """
    if not request.user.has_perm("engine.view_timer"):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    context = {
        "lanes": queries.status(),
        "health": queries.health(),
        "circuits": queries.circuits(),
        "checks": checks.complaints(),
        "may_act": request.user.has_perm("engine.change_timer"),
    }
    if request.GET.get("part") == "now":
        return render(request, "admin/engine/_now.html", context)
    dead = queries.dead()
    context |= {
        **admin.site.each_context(request),
        "title": "Engine",
        "dead": dead[:DEAD_SHOWN],
        "number_of_dead": dead.count(),
    }
    return render(request, "admin/engine/overview.html", context)


def _act(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("engine.change_timer"):
        raise PermissionDenied
    if provider := request.POST.get("close"):
        if breakers.close(provider):
            messages.success(request, f"{provider} is called again.")
        else:
            messages.info(request, f"{provider} was called already.")
        return redirect("engine_overview")
    wanted = [pk for pk in request.POST.getlist("timer") if pk.isdecimal()]
    timers = list(Timer.objects.filter(pk__in=wanted))
    if not timers:
        messages.warning(request, "Choose the timers to run again first.")
    run_again(request, timers)
    return redirect("engine_overview")


def run_again(request: HttpRequest, timers: list[Timer]) -> None:
    """Make the dead ``timers`` due again, and tell of each what became of it."""
    for timer in timers:
        try:
            actions.run_again(timer.pk)
        except HouseError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{timer} is due again.")
