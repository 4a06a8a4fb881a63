"""What administrators do for somebody who cannot sign in any more."""

from __future__ import annotations

from typing import cast

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.errors import HouseError
from apps.identity import recovering
from apps.identity.forms import ReasonForm
from apps.teams import access, factors
from apps.teams.models import User
from apps.teams.queries import is_a_person
from apps.teams.sensitive import confirmed


@login_required
@require_http_methods(["GET", "POST"])
def reset_factors(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factors of somebody away. Raises PermissionDenied for who does not administrate."""
    if not access.is_administrator(request.user):
        raise PermissionDenied("Administrators do this.")
    return _reset_factors(request, pk)


@confirmed
def _reset_factors(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.filter(is_a_person()), pk=pk)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        by = cast("User", request.user)
        try:
            signs_in = recovering.reset_factors(person, by=by, reason=form.cleaned_data["reason"])
        except HouseError as failure:
            form.add_error(None, str(failure))
        else:
            next_step = "" if signs_in else " They cannot sign in: invite them."
            messages.success(request, f"{person} has no second factor any more.{next_step}")
            return redirect("admin:teams_user_change", person.pk)
    held = Authenticator.objects.filter(user=person).order_by("pk")
    shown = {"form": form, "person": person, "held": [factors.NAMES[each.type] for each in held]}
    return render(request, "identity/reset_factors.html", shown, status=422 if form.is_bound else 200)
