"""What somebody who leaves, or left, leaves a hole in, and who takes it over."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.errors import HouseError
from apps.desk.forms.leaving import TakeOverForm, sent_keys
from apps.desk.leaving.actions import NotTakenOver, hand_over, shown_to, were_handed_over
from apps.desk.pages import say_done, say_failure, viewer
from apps.teams import access
from apps.teams.models import User
from apps.teams.queries import is_a_person
from apps.teams.sensitive import require


@login_required
@require_http_methods(["GET", "POST"])
def leaving(request: HttpRequest, person: int) -> HttpResponse:
    """The holes that the viewer hands over; POST says who takes them, and deactivates whoever is still here."""
    by = viewer(request)
    found = User.objects.filter(is_a_person(), pk=person).first()
    holes = shown_to(by, found) if found is not None else []
    if found is None or not (holes or access.is_administrator(by) or _was_late(request, found)):
        raise Http404(f"Nobody {person} who leaves anything to you.")
    require(request)
    may_end = found.is_active and access.is_administrator(by)
    form = TakeOverForm(request.POST if request.method == "POST" else None, person=found, holes=holes, may_end=may_end)
    if form.is_bound and form.is_valid() and _handed_over(request, form, found):
        return redirect("leaving", found.pk) if access.is_administrator(by) else redirect("home")
    context = {"person": found, "form": form, "may_end": may_end}
    return render(request, "people/leaving.html", context, status=422 if form.is_bound else 200)


def _was_late(request: HttpRequest, person: User) -> bool:
    """Whether somebody else filled the last holes while the viewer chose for them: that is to be said.

    Whoever had to confirm who they are comes back to the page itself.
    """
    keys = sent_keys(request.POST) if request.method == "POST" else None
    return were_handed_over(person, keys, viewer=viewer(request))


def _handed_over(request: HttpRequest, form: TakeOverForm, person: User) -> bool:
    leaves = form.cleaned_data.get("leaves", False)
    try:
        taken = hand_over(person, form.successors(), leaves=leaves, by=viewer(request))
    except NotTakenOver as failure:
        for key, reason in failure.reasons.items():
            form.refuse(key, reason)
        return False
    except HouseError as failure:
        say_failure(request, failure)
        return False
    gone = f" {person} is deactivated." if leaves else ""
    say_done(request, f"{taken} handed over.{gone}" if taken else gone.strip())
    return True
