"""The page of one roster, and putting somebody on call for a while."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.desk import roster_page
from apps.desk.forms.rosters import HandoverForm, OverrideForm
from apps.desk.gaps import attempt_or_ask
from apps.desk.pages import attempt, say_problem, viewer
from apps.desk.roster_page import VIEWS, ZONES, Asked
from apps.rosters import actions as rosters
from apps.rosters import queries, turn_taking, zone_news
from apps.rosters.calendars import feeds
from apps.rosters.models import Layer, Override, Roster
from apps.rosters.planning import weekly_range
from apps.rosters.rules import ranges_in_words
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

NOTES_SHOWN = 5


@login_required
def roster(request: HttpRequest, slug: str) -> HttpResponse:
    """One roster: its shifts drawn or listed, its overrides, swaps and leave, and the form to stand in (POST)."""
    found = roster_or_404(request, slug)
    now = clock.now()
    seats = queries.seats([found], now)[found.pk]
    form = OverrideForm(request.POST or None, roster=found, by=viewer(request), seats=_seats_now(found, seats, now))
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        added = attempt(
            request,
            lambda: rosters.add_override(
                found,
                person=known["person"],
                start=known["start"],
                end=known["end"],
                seat=known.get("seat", 0),
                reason=known["reason"],
                by=viewer(request),
            ),
            done=f"{known['person']} stands in.",
            form=form,
        )
        if added:
            return redirect("roster", slug)
    asked = Asked.read(request.GET, roster=found, viewer=viewer(request), now=now)
    layers = found.layers.select_related("calendar").defer("calendar__good_text")
    layers = layers.prefetch_related("members__person", "restrictions")
    overrides = found.overrides.filter(during__endswith__gt=now).select_related("roster", "person").order_by("during")
    context = {
        "roster": found,
        "form": form,
        "seats": seats,
        "now": now,
        "asked": asked,
        "views": VIEWS,
        "zones": ZONES,
        "shown": roster_page.shown(found, asked, now=now),
        "overrides": [(each, _may_take_back(viewer(request), each)) for each in overrides],
        "layers": [(layer, _covers(layer)) for layer in layers],
        "zone_news": zone_news.of(found, layers, now=now),
        "feeds": feeds.of_owner(viewer(request), roster=found),
        "swaps": queries.open_swaps(now).filter(roster=found),
        "shadows": queries.coming_shadows(now).filter(roster=found),
        "handover": HandoverForm(),
        "notes": queries.handover_notes(found, now)[:NOTES_SHOWN],
        "absences": queries.absences_of(turn_taking.people_in_turn(found, now), now),
        "sees_team": found.team_id in access.team_ids(viewer(request), Permission.VIEW),
        "may_respond": found.team_id in access.team_ids(viewer(request), Permission.RESPOND),
        "may_manage": found.team_id in access.team_ids(viewer(request), Permission.MANAGE),
    }
    return render(request, "people/roster.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def hand_over(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave a note for whoever is on call next."""
    found = roster_or_404(request, slug)
    form = HandoverForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["text"]
        attempt(
            request,
            lambda: rosters.write_handover_note(found, text, by=viewer(request)),
            done="Whoever comes next finds it here.",
        )
    else:
        say_problem(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("roster", slug)


@login_required
@require_POST
def remove_override(request: HttpRequest, slug: str, override: int) -> HttpResponse:
    """Take an override back."""
    found = get_object_or_404(Override, pk=override, roster=roster_or_404(request, slug))
    answer = attempt_or_ask(
        request,
        lambda: rosters.remove_override(found, by=viewer(request)),
        rosters=queries.with_stood_for([found.roster]),
        done="The override is taken back.",
        yes="Take it back all the same",
        no="Keep it",
        back=reverse("roster", args=[slug]),
    )
    return answer or redirect("roster", slug)


def roster_or_404(request: HttpRequest, slug: str) -> Roster:
    """The roster of that slug; Http404 for one that the viewer may not see."""
    found = queries.visible_rosters(viewer(request)).filter(slug=slug).first()
    if found is None:
        raise Http404(f"No roster {slug}.")
    return found


def _seats_now(roster: Roster, seats: int, now: datetime) -> list[str]:
    """What each of so many ``seats`` is called to whoever chooses one, with who is in it now. One query at most."""
    if seats == 1:
        return ["1"]
    holders = {entry.seat: entry.person for entry in queries.on_call(at=now, roster=roster) if entry.person}
    return [f"{seat + 1}, now {holders.get(seat, 'nobody')}" for seat in range(seats)]


def _may_take_back(person: User, override: Override) -> bool:
    """Whether ``person`` may take it back: half of a swap nobody can."""
    needed = Permission.RESPOND if override.person_id == person.pk else Permission.MANAGE
    return (
        override.swap_id is None
        and override.roster.retired_at is None
        and override.roster.team_id in access.team_ids(person, needed)
    )


def _covers(layer: Layer) -> str:
    return ranges_in_words(weekly_range(each) for each in layer.restrictions.all())
