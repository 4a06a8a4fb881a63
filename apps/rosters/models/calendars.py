"""Calendars of others: the private links under which ours are read, and those that the turns of a layer come from."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import URLValidator
from django.db import models

from apps.core import clock
from apps.core.encrypted import EncryptedText
from apps.core.models import History
from apps.rosters.models.lasting import Lasting
from apps.rosters.models.rosters import Layer, Roster
from apps.teams.models import Team


class FeedKind(models.TextChoices):
    ROSTER = "roster", "Roster"
    TEAM = "team", "Team"
    PERSON = "person", "My shifts"


class CalendarFeed(models.Model):
    """A private link under which a calendar reads shifts: of a roster, of a team's rosters, or its owner's own.

    Whoever has the link reads them without signing in, and no more than its owner may see. The token is stored as a
    hash: it is shown once, when the link is made.
    """

    kind = models.CharField(max_length=8, choices=FeedKind)
    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, null=True, blank=True, related_name="calendar_feeds")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="calendar_feeds")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_read_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History(excluded_fields=["digest", "last_read_at"])

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=FeedKind.ROSTER, roster__isnull=False, team=None)
                | models.Q(kind=FeedKind.TEAM, roster=None, team__isnull=False)
                | models.Q(kind=FeedKind.PERSON, roster=None, team=None),
                name="calendar_feed_shows_what_its_kind_says",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.owner})"

    @property
    def title(self) -> str:
        """What it shows, in words."""
        if self.kind == FeedKind.PERSON:
            return "My shifts"
        return f"Team {self.team}" if self.kind == FeedKind.TEAM else str(self.roster)


class CalendarSource(models.Model):
    """The calendar that the turns of a layer come from: at an address, which the engine reads, or in a file.

    ``good_text`` is the last copy that could be read. It stays when a later one cannot; ``failure`` then says why.
    """

    layer = models.OneToOneField(Layer, on_delete=models.CASCADE, related_name="calendar")
    url = EncryptedText(
        "address", max_length=2000, blank=True, validators=[URLValidator(schemes=["http", "https"])],
        help_text="Of a calendar in the iCalendar format; it is read every quarter of an hour.",
    )  # fmt: skip
    file_name = models.CharField(max_length=255, blank=True, editable=False)
    uploaded_at = models.DateTimeField(null=True, blank=True, editable=False)
    good_text = models.TextField(blank=True, editable=False)
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    fetched_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it was last read in full.")
    expanded_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When turns were made of it.")
    failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    failure = models.CharField(max_length=500, blank=True, editable=False)
    unmatched = models.JSONField(
        default=list, blank=True, editable=False,
        help_text="Events of which nobody's turn was made: summary, reason, how often (times) and when first.",
    )  # fmt: skip

    history = History(
        excluded_fields=[
            "good_text", "etag", "last_modified", "fetched_at", "expanded_at", "failed_at", "failure", "unmatched",
        ]
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(url="") | ~models.Q(good_text=""), name="calendar_source_is_an_address_or_a_file"
            )
        ]

    def __str__(self) -> str:
        return self.file_name or self.url.partition("://")[2].partition("/")[0] or "Calendar"


class CalendarTurn(Lasting):
    """A turn as a calendar says it, up to the horizon; made anew whenever the calendar is read."""

    source = models.ForeignKey(CalendarSource, on_delete=models.CASCADE, related_name="turns")
    seat = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["during", "pk"]
        constraints = [
            *Lasting.Meta.constraints,
            ExclusionConstraint(
                name="calendar_turn_one_person_per_seat_and_instant",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("seat", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.stretch}"
