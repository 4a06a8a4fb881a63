"""One's own profile."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.desk.forms.profile import ProfileForm
from apps.desk.pages import say_done, viewer


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name, time zone, how one is reached, and which roles one holds."""
    person = viewer(request)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        say_done(request, "Your profile is saved.")
        return redirect("profile")
    context = {
        "form": form,
        "methods": person.contact_methods.order_by("position", "pk"),
        "memberships": person.memberships.select_related("team"),
    }
    return render(request, "people/profile.html", context, status=422 if form.is_bound else 200)
