"""The pages of personal data: one's own to take away, and, for administrators, those of others to give out or erase."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.errors import Invalid, RuleViolation
from apps.privacy import actions, belongings, mentions
from apps.privacy.exporting import export
from apps.privacy.forms import EraseForm, ReasonForm
from apps.privacy.obstacles import obstacles_to_erasing
from apps.teams import access
from apps.teams.models import User, UserKind
from apps.teams.queries import is_erased
from apps.teams.sensitive import confirmed, require


@login_required
@confirmed
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """What can be taken away of oneself; it asks for the credential before, so that the file comes at once."""
    return render(request, "privacy/own.html")


@login_required
@require_POST
def take_own(request: HttpRequest) -> HttpResponseBase:
    """One's own data as a file."""
    require(request)
    viewer = _viewer(request)
    return _file(viewer, by=viewer)


@login_required
@confirmed
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's data, for administrators: to give them out, or to erase them."""
    return _page(request, _person(request, pk))


@login_required
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Somebody's data as a file, with a reason."""
    require(request)
    whose = _person(request, pk)
    form = ReasonForm(request.POST, auto_id="export_%s")
    if form.is_valid():
        try:
            return _file(whose, by=_viewer(request), reason=form.cleaned_data["reason"])
        except Invalid as refused:
            form.add_error("reason", str(refused))
    return _page(request, whose, status=422, export_form=form)


@login_required
@confirmed
@require_POST
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase somebody, with a reason and their address typed once more."""
    whose = _person(request, pk)
    form = EraseForm(request.POST, person=whose, auto_id="erase_%s")
    if form.is_valid():
        try:
            erasure = actions.erase(whose.pk, by=_viewer(request), reason=form.cleaned_data["reason"])
        except Invalid as refused:
            form.add_error("reason", str(refused))
        except RuleViolation as refused:
            messages.error(request, str(refused))
            return redirect("privacy_person", pk=pk)
        else:
            messages.success(
                request, f"Erased. In the record they are {erasure} from now on, in messages to others within a minute."
            )
            return redirect("privacy_person", pk=pk)
    return _page(request, whose, status=422, erase_form=form)


def _page(request: HttpRequest, whose: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "whose": whose,
        "obstacles": obstacles_to_erasing(whose),
        "is_erased": is_erased(whose),
        "words": mentions.words_of(whose),
        "pseudonym": belongings.pseudonym_of(whose),
        "export_form": ReasonForm(auto_id="export_%s"),
        "erase_form": EraseForm(person=whose, auto_id="erase_%s"),
        **forms,
    }
    return render(request, "privacy/person.html", context, status=status)


def _file(whose: User, *, by: User, reason: str = "") -> FileResponse:
    """The ZIP, from a file that is gone once it was sent."""
    file = TemporaryFile()  # noqa: SIM115  (the answer closes it)
    export(whose, file, by=by, reason=reason)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"person-{whose.pk}-{clock.now():%Y-%m-%d}.zip")


def _viewer(request: HttpRequest) -> User:
    return cast("User", request.user)


def _person(request: HttpRequest, pk: int) -> User:
    """The person of that number, for who administrates. For everybody else there is none."""
    if not access.is_administrator(_viewer(request)):
        raise Http404("No such person.")
    return get_object_or_404(User, pk=pk, kind=UserKind.PERSON)
