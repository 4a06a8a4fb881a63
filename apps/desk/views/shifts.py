"""One's own shifts: taking, giving away and swapping them, and when one is away."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.desk.forms.rosters import AbsenceForm, SwapForm
from apps.desk.gaps import attempt_or_ask
from apps.desk.pages import attempt, viewer
from apps.rosters import actions as rosters
from apps.rosters import queries
from apps.rosters.models import Absence, AbsenceKind, Shift, Swap, SwapState
from apps.rosters.rules import Window

#: How many of one's coming shifts are listed.
LISTED = 100

ANSWERS: dict[str, tuple[Callable[..., object], str]] = {
    "accept": (rosters.accept_swap, "The swap is made."),
    "refuse": (rosters.refuse_swap, "You refused the swap."),
    "withdraw": (rosters.withdraw_swap, "You ask no longer."),
}


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My shifts, the swaps that concern me, and when I am away, with the form for it (POST)."""
    me, now = viewer(request), clock.now()
    form = AbsenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _enter_absence(request, form)
        if answer:
            return answer
    context = {
        "form": form,
        "now": now,
        "shifts": queries.my_shifts(me, now)[:LISTED],
        "swaps": queries.swaps_for(me, now),
        "shadows": queries.coming_shadows(now).filter(person=me),
        "absences": queries.absences_of([me], now),
    }
    return render(request, "people/shifts.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def remove_absence(request: HttpRequest, absence: int) -> HttpResponse:
    """Take one's own absence back."""
    found = get_object_or_404(Absence, pk=absence, person=viewer(request))
    attempt(request, lambda: rosters.remove_absence(found, by=viewer(request)), done="You take your turns again.")
    return redirect("shifts")


@login_required
@require_POST
def take(request: HttpRequest, shift: int) -> HttpResponse:
    """Stand in for the rest of a shift oneself."""
    found, me = get_object_or_404(_visible(request), pk=shift), viewer(request)
    attempt(
        request,
        lambda: rosters.take_shift(found, by=me),
        done=f"The shift of {found.person} is yours.",
    )
    return redirect("roster", found.roster.slug)


@login_required
def ask(request: HttpRequest, shift: int) -> HttpResponse:
    """Ask for a swap of one's own shift, or for cover (POST)."""
    me = viewer(request)
    found = get_object_or_404(_visible(request), pk=shift, person=me)
    form = SwapForm(request.POST or None, shift=found, by=me)
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        asked = attempt(
            request,
            lambda: rosters.ask_for_swap(
                found.roster,
                by=me,
                start=known["start"],
                end=known["end"],
                asked_of=form.asked_of,
                in_return=form.in_return,
                reason=known["reason"],
            ),
            done=f"{form.asked_of or 'Everybody who could take it'} is asked.",
            form=form,
        )
        if asked:
            return redirect("shifts")
    return render(request, "people/swap.html", {"shift": found, "form": form}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def answer(request: HttpRequest, swap: int, word: str) -> HttpResponse:
    """Accept, refuse or withdraw a swap that one may see."""
    found = get_object_or_404(queries.visible_swaps(viewer(request)).select_related("roster__team"), pk=swap)
    act, done = ANSWERS[word]
    attempt(request, lambda: act(found, by=viewer(request)), done=done)
    return redirect("shifts")


def _enter_absence(request: HttpRequest, form: AbsenceForm) -> HttpResponse | None:
    """Enter that one is away; whoever is ill now is not asked about gaps."""
    me, known = viewer(request), form.cleaned_data
    during = Window(known["start"], known["end"])
    asked = list(queries.open_swaps_of(me, clock.now()).values_list("pk", flat=True))
    answer = attempt_or_ask(
        request,
        lambda: rosters.add_absence(
            me,
            start=known["start"],
            end=known["end"],
            kind=AbsenceKind(known["kind"]),
            reason=known["reason"],
            by=me,
        ),
        rosters=rosters.rosters_of(me),
        accepts_all=known["ill_now"],
        done="The next in order take over meanwhile.",
        yes="Enter it all the same",
        no="Do not enter it",
        back=reverse("shifts"),
        form=form,
    )
    if answer is not None and answer.status_code == HTTPStatus.FOUND:
        _say_what_stays(request, list(queries.shifts_by_name(me, during)))
        _say_what_ended(request, list(Swap.objects.filter(pk__in=asked).exclude(state=SwapState.ASKED)))
    return answer


def _say_what_stays(request: HttpRequest, staying: list[Shift]) -> None:
    """Tell the viewer of the shifts for which they were put in by name: those nobody takes over by themselves."""
    if not staying:
        return
    lines = [f"• {shift.roster}, until {timezone.localtime(shift.end):%a %d %b %H:%M}" for shift in staying]
    asked = "You were put in by name, so these stay yours: ask for cover. Managers are told of those within 7 days."
    messages.warning(request, "\n".join([asked, *lines]))


def _say_what_ended(request: HttpRequest, ended: list[Swap]) -> None:
    """Tell the viewer of the swaps that cannot be made any more since they are away."""
    if not ended:
        return
    lines = [f"• {timezone.localtime(swap.start):%a %d %b %H:%M}, asked by {swap.asked_by}" for swap in ended]
    messages.warning(request, "\n".join(["You are away then, so these swaps are off; who else knows is told.", *lines]))


def _visible(request: HttpRequest) -> QuerySet[Shift]:
    shifts = Shift.objects.filter(roster__in=queries.visible_rosters(viewer(request)))
    return shifts.select_related("roster__team", "person")
