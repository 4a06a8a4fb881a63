"""Private links to calendars: made and shown once, and revoked."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.core.errors import HouseError
from apps.desk.pages import attempt, led_back, say_failure, viewer
from apps.rosters import actions
from apps.rosters.calendars import feeds, links
from apps.rosters.models import FeedKind, Roster
from apps.teams import access
from apps.teams.sensitive import confirmed


@never_cache
@login_required
@require_POST
@confirmed
def make(request: HttpRequest) -> HttpResponse:
    """Make a link of the ``kind`` that the form says, to ``roster`` or its team, and show it this once."""
    person, kind = viewer(request), request.POST.get("kind", "")
    if kind not in FeedKind.values:
        raise Http404(f"There is no calendar of kind {kind}.")
    slug = request.POST.get("roster", "").replace("\0", "")
    roster = None if kind == FeedKind.PERSON else _roster_or_404(request, slug)
    try:
        feed, token = actions.make_feed(
            FeedKind(kind),
            roster=roster if kind == FeedKind.ROSTER else None,
            team=roster.team if roster is not None and kind == FeedKind.TEAM else None,
            by=person,
        )
    except HouseError as failure:
        say_failure(request, failure)
        return redirect("profile")
    context = {"feed": feed, "roster": roster, "url": links.url_of(token), "webcal_url": links.webcal_url_of(token)}
    return render(request, "people/calendar_link.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, feed: int) -> HttpResponse:
    """End one of one's own links and go back to where the form was."""
    found = get_object_or_404(feeds.of_owner(viewer(request)), pk=feed)
    attempt(
        request, lambda: actions.revoke_feed(found, by=viewer(request)), done=f"The link to {found.title} is ended."
    )
    return led_back(request, otherwise="profile")


def _roster_or_404(request: HttpRequest, slug: str) -> Roster:
    seen = access.team_ids(viewer(request), access.Permission.VIEW)
    return get_object_or_404(Roster.objects.select_related("team"), slug=slug, team__in=seen)
