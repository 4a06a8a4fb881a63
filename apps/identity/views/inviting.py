"""Inviting people, and what whoever was invited finds behind the link."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import HouseError
from apps.identity import invitations
from apps.identity.forms import InviteForm, JoinForm
from apps.identity.models import Invitation
from apps.teams.models import TeamRole, User
from apps.teams.sensitive import confirmed


@login_required
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """The invitations that are pending, and a form for another. Raises PermissionDenied for who may invite nobody."""
    person = cast("User", request.user)
    if not invitations.may_invite(person):
        raise PermissionDenied("Managers of teams and administrators invite people.")
    return _invite(request, person)


@confirmed
def _invite(request: HttpRequest, person: User) -> HttpResponse:
    form = InviteForm(request.POST or None, by=person)
    if form.is_valid():
        known = form.cleaned_data
        try:
            made = invitations.invite(known["email"], role=TeamRole(known["role"]), teams=known["teams"], by=person)
        except HouseError as failure:
            form.add_error(None, str(failure))
        else:
            messages.success(request, f"A mail to {made.email} is on its way.")
            return redirect("invitations")
    shown = {"form": form, "invitations": invitations.pending(person)}
    return render(request, "identity/invitations.html", shown, status=422 if form.is_bound else 200)


@login_required
@require_POST
@confirmed
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the link of an invitation work no longer. Http404 for those that the viewer may not see."""
    person = cast("User", request.user)
    invitations.take_back(get_object_or_404(invitations.pending(person), pk=pk), by=person)
    messages.success(request, "The invitation is taken back.")
    return redirect("invitations")


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in the mail leads to. One that works no longer says so, and one that never did says the same."""
    invitation = invitations.of_token(token)
    if invitation is None:
        return render(request, "identity/join_over.html", status=HTTPStatus.NOT_FOUND)
    if invitations.guest_of(invitation) is not None:
        return _join_more(request, invitation)
    return _join_at_all(request, invitation)


def _join_more(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Somebody who signs in already gets the roles; the link signs nobody in."""
    if request.method != "POST":
        return render(request, "identity/join_more.html", {"invitation": invitation})
    try:
        invitations.use(invitation)
    except HouseError as failure:
        messages.error(request, str(failure))
    else:
        messages.success(request, "The roles are yours. Sign in as you always do.")
    return redirect("home")


def _join_at_all(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email)
    if form.is_valid():
        known = form.cleaned_data
        try:
            person = invitations.use(invitation, name=known["name"], password=known["password"])
        except HouseError as failure:
            form.add_error(None, str(failure))
        else:
            record_authentication(request, person, method="invitation")
            after = reverse("home" if known["password"] else "mfa_add_webauthn")
            return cast("HttpResponse", perform_login(request, Login(user=person, redirect_url=after)))
    shown = {"form": form, "invitation": invitation}
    return render(request, "identity/join.html", shown, status=422 if form.is_bound else 200)
