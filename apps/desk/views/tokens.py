"""One's tokens of the API: made and rotated, each time shown once, and revoked."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import HouseError
from apps.desk import token_page
from apps.desk.forms.tokens import RotateForm, TokenForm
from apps.desk.pages import attempt, say_failure, say_invalid, viewer
from apps.teams import actions, queries
from apps.teams.models import ApiToken
from apps.teams.sensitive import confirmed


@login_required
@require_safe
@confirmed
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens that work, and those of the service accounts one keeps."""
    return _page(request, TokenForm(by=viewer(request)))


@never_cache
@login_required
@require_POST
@confirmed
def make(request: HttpRequest) -> HttpResponse:
    """Make a token and show its secret this once."""
    person = viewer(request)
    form = TokenForm(request.POST, by=person)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        token, secret = actions.issue_token(by=person, **form.told(person))
    except HouseError as failure:
        if not form.is_told(failure):
            say_failure(request, failure)
        return _page(request, form, status=422)
    return render(request, "people/token_made.html", {"token": token, "secret": secret})


@never_cache
@login_required
@require_POST
@confirmed
def rotate(request: HttpRequest, token: int) -> HttpResponse:
    """Make the token's successor and show its secret this once."""
    person, found, form = viewer(request), _kept(request, token), RotateForm(request.POST)
    if not form.is_valid():
        say_invalid(request, form)
        return redirect("tokens")
    overlap = timedelta(days=form.cleaned_data["overlap"])
    try:
        made, secret = actions.rotate_token(found, by=person, overlap=overlap)
    except HouseError as failure:
        say_failure(request, failure)
        return redirect("tokens")
    context = {"token": made, "secret": secret, "old": ApiToken.objects.get(pk=found.pk), "has_overlap": overlap}
    return render(request, "people/token_made.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """End a token at once."""
    found = _kept(request, token)
    attempt(
        request, lambda: actions.revoke_token(found, by=viewer(request)), done=f"The token {found.name} works no more."
    )
    return redirect("tokens")


def _page(request: HttpRequest, form: TokenForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "rotate_form": RotateForm(), **token_page.shown(viewer(request))}
    return render(request, "people/tokens.html", context, status=status)


def _kept(request: HttpRequest, token: int) -> ApiToken:
    """The token of that id, if the viewer keeps it: those of others do not exist here."""
    return get_object_or_404(queries.kept_tokens(viewer(request)), pk=token)
