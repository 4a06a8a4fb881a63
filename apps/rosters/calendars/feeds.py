"""What calendars show: the feed that a token opens, and the shifts of a feed or a roster as a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import BigIntegerField, F, Func, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from apps.core import keys
from apps.core.zones import zone_or_utc
from apps.rosters.calendars import rendering
from apps.rosters.calendars.rendering import Held, PersonFace, RosterFace
from apps.rosters.models import CalendarFeed, FeedKind, Roster, Shift
from apps.teams import access
from apps.teams.models import Team, User

#: How long the shifts that are over stay in a calendar.
SHOWN_BACK = timedelta(days=30)


class Second(Func):
    """An instant as whole seconds since 1970: a number costs a tenth of a datetime, and the format knows no less."""

    template = "floor(extract(epoch FROM %(expressions)s))::bigint"
    output_field = BigIntegerField()


def opened_by(token: str, *, roster: Roster | None = None) -> CalendarFeed | None:
    """The feed that ``token`` opens, with roster, team and owner, unless its owner may no longer see what it shows.

    With a ``roster`` only one of that roster. What is compared is the token's hash, which tells nothing of the token.
    """
    feeds = CalendarFeed.objects.select_related("roster__team", "team", "owner")
    if roster is not None:
        feeds = feeds.filter(roster=roster)
    feed = feeds.filter(digest=keys.digest_of(token), revoked_at=None, owner__is_active=True).first()
    return feed if feed is not None and _may_still_see(feed) else None


def of_owner(owner: User, *, roster: Roster | None = None) -> QuerySet[CalendarFeed]:
    """The links of ``owner`` that are in use, newest first; with a ``roster`` those to it and to its team."""
    feeds = owner.calendar_feeds.filter(revoked_at=None).select_related("roster", "team")
    if roster is not None:
        feeds = feeds.filter(Q(roster=roster) | Q(team=roster.team_id))
    return feeds


def calendar_of_feed(feed: CalendarFeed, *, now: datetime) -> bytes:
    """The calendar that ``feed`` shows, from SHOWN_BACK before ``now`` to the horizon. Three queries.

    For a team and a person, what is held in a roster that stands in for another is shown once, as the other's.
    """
    if feed.roster is not None:
        return calendar_of_roster(feed.roster, now=now)
    shifts = Shift.objects.filter(roster__stands_in_for=None)
    if feed.team is not None:
        return _calendar(shifts.filter(roster__team=feed.team), title=f"{feed.team} on call", now=now)
    return _calendar(shifts.filter(person=feed.owner), title="My shifts", now=now, of_one_person=True)


def calendar_of_roster(roster: Roster, *, now: datetime) -> bytes:
    """The calendar of ``roster``, from SHOWN_BACK before ``now`` to the horizon. Three queries."""
    shifts = Shift.objects.filter(roster=roster)
    return _calendar(shifts, title=f"On call: {roster}", now=now)


def _may_still_see(feed: CalendarFeed) -> bool:
    if feed.kind == FeedKind.PERSON:
        return True
    team = feed.team_id if feed.roster is None else feed.roster.team_id
    return team in access.team_ids(feed.owner, access.Permission.VIEW)


def _calendar(shifts: QuerySet[Shift], *, title: str, now: datetime, of_one_person: bool = False) -> bytes:
    shown = DateTimeTZRange(now - SHOWN_BACK, now + settings.ROSTER_HORIZON)
    rows = (
        shifts.filter(during__overlap=shown)
        .order_by("roster", "seat", "during__startswith")
        .values_list(
            "roster_id", "seat", "person_id", Second(F("during__startswith")), Second(F("during__endswith")),
            Second(F("changed_at")),
        )
    )  # fmt: skip
    held: list[Held] = list(rows)
    return rendering.render(
        held,
        title=title,
        host=urlsplit(settings.SITE_URL).hostname or "localhost",
        rosters=dict(_rosters({each[0] for each in held})),
        people=dict(_people({each[2] for each in held})),
        years=_years(held, now),
        of_one_person=of_one_person,
    )


def _rosters(ids: Iterable[int]) -> Iterator[tuple[int, RosterFace]]:
    """What is shown of the rosters; they changed when one of them did, or its team."""
    rosters = Roster.objects.filter(pk__in=ids).select_related("team").order_by("pk")
    changed = Greatest(_last_change(Roster, "pk"), _last_change(Team, "team"))
    for roster in rosters.annotate(changed_in=Second(changed)):
        url = f"{settings.SITE_URL}/rosters/{roster.slug}/"
        zone = zone_or_utc(roster.time_zone)
        yield roster.pk, RosterFace(str(roster), str(roster.team), zone, url, roster.changed_in or 0)


def _people(ids: Iterable[int]) -> Iterator[tuple[int, PersonFace]]:
    for person in User.objects.filter(pk__in=ids).annotate(changed_in=Second(_last_change(User, "pk"))):
        yield person.pk, PersonFace(str(person), person.email, person.changed_in or 0)


def _last_change(model: type[Model], of: str) -> Subquery:
    """When the row that the column ``of`` numbers changed last."""
    history = model.history.model.objects  # type: ignore[attr-defined]  # put there by simple-history
    records = history.filter(id=OuterRef(of)).order_by("-history_date")
    return Subquery(records.values("history_date")[:1])


def _years(held: list[Held], now: datetime) -> tuple[int, int]:
    if not held:
        return now.year, now.year
    first, last = min(each[3] for each in held), max(each[4] for each in held)
    return datetime.fromtimestamp(first, UTC).year, datetime.fromtimestamp(last, UTC).year
