"""The first page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.desk import queries
from apps.desk.pages import viewer


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """My pages, my on-call, and the open incidents, those whose clock breaks first at the top."""
    return render(request, "desk/dashboard.html", {"desk": queries.dashboard(viewer(request))})


@login_required
def open_now(request: HttpRequest) -> HttpResponse:
    """The part of the first page that keeps itself fresh."""
    return render(request, "desk/_now.html", {"desk": queries.dashboard(viewer(request))})
