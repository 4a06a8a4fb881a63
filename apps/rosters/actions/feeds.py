"""The private links under which calendars are read: made, read and revoked."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction

from apps.core import clock, keys
from apps.core.errors import Invalid
from apps.core.history import made_by
from apps.rosters.models import CalendarFeed, FeedKind, Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User

FEED_PREFIX = "adocal_"
#: That a link was read is noted no more often: calendars read it all day.
READING_IS_NOTED_EVERY = timedelta(hours=1)


@transaction.atomic
def make_feed(
    kind: FeedKind, *, by: User, roster: Roster | None = None, team: Team | None = None
) -> tuple[CalendarFeed, str]:
    """Make a link to a calendar for ``by``; its token is returned once and stored only as a SHA-256 digest.

    Raises Invalid, naming ``roster`` or ``team``, unless just what ``kind`` shows is given; NotAllowed for a team that
    ``by`` may not see.
    """
    for name, given, wanted in (("roster", roster, FeedKind.ROSTER), ("team", team, FeedKind.TEAM)):
        if kind == wanted and given is None:
            raise Invalid(f"Say which {name}.", field=name)
        if kind != wanted and given is not None:
            raise Invalid(f"A calendar of kind {kind} has no {name}.", field=name)
    seen = roster.team if roster is not None else team
    if seen is not None:
        access.require_for_team(by, Permission.VIEW, seen)
    token = FEED_PREFIX + secrets.token_urlsafe(32)
    feed = CalendarFeed(
        kind=kind, roster=roster, team=team, owner=by, digest=keys.digest_of(token), created_at=clock.now()
    )
    made_by(feed, by)
    feed.save()
    return feed, token


@transaction.atomic
def revoke_feed(feed: CalendarFeed, *, by: User | None) -> None:
    """End the link at once; ending it twice is ending it once. ``by`` None: whoever signed in to the admin."""
    found = CalendarFeed.objects.select_for_update(no_key=True).get(pk=feed.pk)
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        made_by(found, by)
        found.save(update_fields=["revoked_at"])


def note_reading(feed: CalendarFeed) -> None:
    """Note that the calendar was read now, unless that was noted within READING_IS_NOTED_EVERY."""
    now = clock.now()
    if feed.last_read_at is None or now - feed.last_read_at >= READING_IS_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
