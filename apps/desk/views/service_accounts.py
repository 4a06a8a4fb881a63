"""The service accounts that one keeps: made, and switched off with their tokens."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.desk.forms.service_accounts import ServiceAccountForm
from apps.desk.pages import attempt, viewer
from apps.teams import actions, queries
from apps.teams.sensitive import require


@login_required
@require_http_methods(["GET", "POST"])
def service_accounts(request: HttpRequest) -> HttpResponse:
    """Those that the viewer keeps; POST makes one."""
    person = viewer(request)
    if not queries.may_keep_accounts(person):
        raise PermissionDenied("Service accounts are kept by whoever manages a team.")
    require(request)
    form = ServiceAccountForm(request.POST or None, by=person)
    if form.is_bound and form.is_valid():
        made = attempt(
            request, lambda: actions.create_service_account(**form.told(), by=person), done="It is made.", form=form
        )
        if made:
            return redirect("service_accounts")
    kept = queries.kept_accounts(person).select_related("kept_by").prefetch_related("memberships__team")
    status = 422 if form.is_bound else 200
    return render(request, "people/service_accounts.html", {"form": form, "accounts": kept}, status=status)


@login_required
@require_POST
def switch_off(request: HttpRequest, account: int) -> HttpResponse:
    """Let none of the account's tokens work any more."""
    found = get_object_or_404(queries.kept_accounts(viewer(request)), pk=account)
    attempt(
        request,
        lambda: actions.deactivate_service_account(found, by=viewer(request)),
        done=f"{found} is switched off, and so are its tokens.",
    )
    return redirect("service_accounts")
