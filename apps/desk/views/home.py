"""The first page, and what the app has to tell its viewer."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.desk import queries
from apps.desk.pages import viewer
from apps.notifications import actions as notifications

INBOX_PAGE_SIZE = 30


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """My pages, my on-call, and the open incidents, those whose clock breaks first at the top."""
    return render(request, "desk/dashboard.html", {"desk": queries.dashboard(viewer(request))})


@login_required
def open_now(request: HttpRequest) -> HttpResponse:
    """The part of the first page that keeps itself fresh."""
    return render(request, "desk/_now.html", {"desk": queries.dashboard(viewer(request))})


@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Everything the viewer was told, newest first."""
    told = viewer(request).notifications.select_related("incident").order_by("-pk")
    page = Paginator(told, INBOX_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "desk/inbox.html", {"page": page})


@login_required
@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Empty the bell."""
    notifications.mark_read(viewer(request))
    return redirect("inbox")
