"""One's own profile: who one is, when one is told by which way, and a test of all of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.editing import unchanged
from apps.desk import edited, own_methods, profile_page, vcard
from apps.desk.forms.profile import PreferencesForm, ProfileForm, StepFormSet
from apps.desk.pages import attempt, viewer
from apps.notifications import actions
from apps.notifications import queries as notifications
from apps.notifications.models import Preferences, Urgency
from apps.teams import actions as teams
from apps.teams.models import User


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Everything about oneself; POST saves name and time zone."""
    person = viewer(request)
    if request.method != "POST":
        return shown(request, status=200)
    form = ProfileForm(request.POST, instance=User.objects.get(pk=person.pk))

    def save() -> None:
        with unchanged(edited.profile(person), since=form.based_on):
            teams.describe_oneself(person, **form.described())

    if form.is_valid() and attempt(request, save, done="Your profile is saved.", form=form):
        return redirect("profile")
    return shown(request, status=form.status, form=form)


@login_required
@require_safe
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the profile alone."""
    if name not in profile_page.PARTS:
        raise Http404(f"The profile has no part {name}.")
    template, context = profile_page.PARTS[name]
    return render(request, template, context(viewer(request)))


@login_required
@require_POST
def save_steps(request: HttpRequest, urgency: str) -> HttpResponse:
    """Make the steps for that urgency what the form says; without any the standard ones hold."""
    person, wanted = viewer(request), _urgency_or_404(urgency)
    formset = StepFormSet(request.POST, prefix=wanted, form_kwargs={"methods": list(person.contact_methods.all())})
    if not formset.is_valid():
        return shown(request, status=422, formset=(wanted, formset))
    steps, edit = formset.steps(), formset.edit
    done = "Your steps are saved." if steps else "The standard steps are used again."

    def save() -> None:
        edit.full_clean()
        with unchanged(edited.steps(person, wanted), since=edit.based_on):
            actions.set_rules(person, wanted, steps=steps, by=person)

    if not attempt(request, save, done=done, form=edit) and edit.changed:
        return shown(request, status=edit.status, formset=(wanted, formset))
    return _to("steps")


@login_required
@require_POST
def own_steps(request: HttpRequest, urgency: str) -> HttpResponse:
    """Make the standard steps one's own, to be changed from there."""
    person, wanted = viewer(request), _urgency_or_404(urgency)
    steps = [(step.after, step.method.pk) for step in own_methods.steps(person, wanted).steps]
    attempt(
        request,
        lambda: actions.set_rules(person, wanted, steps=steps, by=person),
        done="These steps are yours now: they stay as they are until you change them.",
    )
    return _to("steps")


@login_required
@require_POST
def standard_steps(request: HttpRequest, urgency: str) -> HttpResponse:
    """Go back to the standard steps."""
    person, wanted = viewer(request), _urgency_or_404(urgency)
    attempt(
        request,
        lambda: actions.set_rules(person, wanted, steps=[], by=person),
        done="The standard steps are used again.",
    )
    return _to("steps")


@login_required
@require_POST
def save_preferences(request: HttpRequest) -> HttpResponse:
    """Quiet hours and notices of shifts."""
    person = viewer(request)
    form = PreferencesForm(
        request.POST, instance=Preferences.objects.filter(person=person).first() or Preferences(person=person),
        auto_id="preferences_%s",
    )  # fmt: skip
    if not form.is_valid():
        return shown(request, status=422, preferences_form=form)

    def save() -> None:
        with unchanged(edited.preferences(person), since=form.based_on):
            actions.set_preferences(person, **form.entered, by=person)

    if not attempt(request, save, done="Your choice is saved.", form=form) and form.changed:
        return shown(request, status=form.status, preferences_form=form)
    return _to("preferences")


@login_required
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Send a test to each of one's methods; what becomes of it appears on the profile."""
    person = viewer(request)
    done = "" if notifications.usable_methods(person) else "There is nothing to send a test to."
    attempt(request, lambda: actions.send_test(person, by=person), done=done)
    return _to("test")


@login_required
@require_safe
def pager(request: HttpRequest) -> HttpResponse:
    """The house as a contact for the phone."""
    answer = HttpResponse(vcard.pager(), content_type="text/vcard; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="ado-incidents.vcf"'
    return answer


def shown(request: HttpRequest, *, status: int, **bound: Any) -> HttpResponse:
    """The profile, with the forms that were sent; where one was refused the top says so, for it may be far below."""
    if bound:
        messages.error(request, "Nothing was saved: see what is wrong below.")
    return render(request, "people/profile.html", profile_page.whole(viewer(request), **bound), status=status)


def _to(section: str) -> HttpResponse:
    answer = redirect("profile")
    answer["Location"] += f"#{section}"
    return answer


def _urgency_or_404(name: str) -> Urgency:
    if name not in Urgency.values:
        raise Http404(f"There is no urgency {name}.")
    return Urgency(name)
