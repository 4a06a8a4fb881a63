"""What every page has in common: finding an incident one may see, doing something and saying how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.errors import HouseError, RuleViolation
from apps.desk.forms.told import ToldForm
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.incidents.reading import note_reading
from apps.teams.models import User


def viewer(request: HttpRequest) -> User:
    """The person who is signed in; only for views that require it."""
    return cast("User", request.user)


def incident_or_404(request: HttpRequest, number: int) -> Incident:
    """Return incident ``number`` with what every part of its page shows; Http404 for what the viewer may not see."""
    visible = incidents.visible_to(viewer(request)).select_related(
        "severity", "team", "procedures", "declared_by", "acknowledged_by", "merged_into", "follows"
    )
    incident = visible.filter(pk=number).first()
    if incident is None:
        raise Http404(f"No incident INC-{number}.")
    note_reading(incident, by=viewer(request))
    return incident


def say_failure(request: HttpRequest, failure: HouseError) -> None:
    """Tell the viewer why nothing was changed, with everything an open gate waits for."""
    lines = [str(failure)]
    if isinstance(failure, RuleViolation):
        lines += [f"• {missing.text}" for missing in failure.missing]
    messages.error(request, "\n".join(lines))


def say_done(request: HttpRequest, text: str) -> None:
    """Tell the viewer that it is done; an empty ``text`` says nothing, where the page itself shows it."""
    if text:
        messages.success(request, text)


def say_problem(request: HttpRequest, text: str) -> None:
    """Tell the viewer what was not done, and why."""
    messages.error(request, text)


def led_back(request: HttpRequest, *, otherwise: str) -> HttpResponse:
    """Lead to where the form says by ``then``, if that is an address of the house, else to the page of that name."""
    then = request.POST.get("then", "")
    if then.startswith("/") and url_has_allowed_host_and_scheme(then, allowed_hosts=None):
        return HttpResponseRedirect(then)
    return redirect(otherwise)


def attempt(request: HttpRequest, act: Callable[[], object], *, done: str, form: ToldForm | None = None) -> bool:
    """Call ``act``, say ``done`` or why the house refused, and return whether it was done.

    Why it refused stands beside the field of ``form``, which is then shown again, where it has the one that is meant.
    """
    try:
        act()
    except HouseError as failure:
        if form is None or not form.is_told(failure):
            say_failure(request, failure)
        return False
    except ValidationError as failure:
        messages.error(request, "\n".join(failure.messages))
        return False
    say_done(request, done)
    return True


def say_invalid(request: HttpRequest, form: BaseForm) -> None:
    """Tell the viewer what was wrong with a form that has no page of its own to be shown on again."""
    lines = []
    for name, errors in form.errors.items():
        label = form.fields[name].label or name.replace("_", " ").capitalize() if name in form.fields else "Form"
        lines += [f"{label}: {error}" for error in errors]
    messages.error(request, "\n".join(lines))
