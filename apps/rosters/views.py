"""Calendars for programs that read them: no page, no signing in, and nothing said to whoever guesses."""

from __future__ import annotations

from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.rosters import actions
from apps.rosters.calendars import feeds
from apps.rosters.models import CalendarFeed


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponseBase:
    """The calendar behind a private link; 404 for any that is not, whatever the reason."""
    feed = feeds.opened_by(token)
    if feed is None:
        raise Http404
    return answer_of_feed(request, feed)


def answer_of_feed(request: HttpRequest, feed: CalendarFeed) -> HttpResponseBase:
    """The calendar that ``feed`` shows; that it was read is noted now and then."""
    body = feeds.calendar_of_feed(feed, now=clock.now())
    actions.note_reading(feed)
    return answer(request, body, name=feed.roster.slug if feed.roster else feed.kind)


def answer(request: HttpRequest, body: bytes, *, name: str) -> HttpResponseBase:
    """The calendar ``body`` as a file ``name``; 304 for whoever has it already, which only the bytes can tell.

    A shift that is taken away leaves nothing behind that is newer than the rest, so no date decides.
    """
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    made = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    made["Content-Disposition"] = f'inline; filename="{name}.ics"'
    made["Cache-Control"] = "private, no-cache"
    made["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=made) or made
