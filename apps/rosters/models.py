"""Rosters: who takes turns for a team, the exceptions, and the shifts that come of both."""

from __future__ import annotations

from datetime import datetime, time
from typing import cast

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core import clock
from apps.core.models import History
from apps.teams.models import Team, validate_time_zone

BOUNDED = models.Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False)


class Rotation(models.TextChoices):
    HOURS = "hours", "Hours"
    DAYS = "days", "Days"
    WEEKS = "weeks", "Weeks"


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class ShiftSource(models.TextChoices):
    LAYER = "layer", "Layer"
    OVERRIDE = "override", "Override"
    SWAP = "swap", "Swap"


class Roster(models.Model):
    """Who is on call for a team, and when. Retired instead of deleted once it has shifts."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rosters")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[validate_time_zone], help_text="The zone of its handoff times."
    )
    is_primary = models.BooleanField(
        "primary", default=False, help_text="Whoever is on call here is paged first for the team; one roster a team."
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(is_primary=True, retired_at__isnull=True),
                name="roster_one_primary_per_team",
                violation_error_message="The team already has a primary roster.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Layer(models.Model):
    """People who take turns in a fixed rhythm. Where several layers of a roster overlap, the highest position wins.

    It covers the time from its handoff time on ``starts_on`` to its handoff time on ``ends_on``.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField(default=1, help_text="The higher layer wins.")
    name = models.CharField(max_length=120)
    rotation = models.CharField("turns in", max_length=8, choices=Rotation, default=Rotation.WEEKS)
    length = models.PositiveSmallIntegerField(
        "length of a turn", default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    handoff_time = models.TimeField(
        default=time(9), help_text="Local time of the roster's zone, on every day of the year."
    )
    handoff_weekday = models.PositiveSmallIntegerField(
        choices=Weekday, null=True, blank=True, help_text="For turns in weeks; empty: the weekday of the first day."
    )
    starts_on = models.DateField("first day")
    ends_on = models.DateField("ends on", null=True, blank=True, help_text="It ends at the handoff time of this day.")

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(length__range=(1, 1000)),
                name="layer_turn_has_a_length",
                violation_error_message="A turn lasts between 1 and 1,000 hours, days or weeks.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="layer_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(handoff_weekday__isnull=True)
                | models.Q(rotation=Rotation.WEEKS, handoff_weekday__lte=Weekday.SUNDAY),
                name="layer_weekday_only_for_weeks",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster}: {self.name}"

    def clean(self) -> None:
        """Raise ValidationError, beside the field, where first day, end and handoff do not go together."""
        if self.ends_on and self.starts_on and self.ends_on <= self.starts_on:
            raise ValidationError({"ends_on": "A layer ends after its first day."})
        if self.handoff_weekday is not None and self.rotation != Rotation.WEEKS:
            raise ValidationError({"handoff_weekday": "Only turns in weeks are handed over on a weekday."})


class LayerMember(models.Model):
    """A person's place in the order of a layer."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="layer_places")
    position = models.PositiveSmallIntegerField(default=1)

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "person"],
                name="layer_member_once",
                violation_error_message="This person already takes turns in the layer.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.person}"


class Override(models.Model):
    """A person who stands in for whoever the layers say. Where overrides overlap, the latest one counts."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="overrides")
    seat = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="overrides")
    during = DateTimeRangeField(help_text="Half-open, UTC.")
    reason = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=BOUNDED, name="override_has_start_and_end")]
        indexes = [GistIndex(fields=["roster", "during"], name="override_roster_during")]

    def __str__(self) -> str:
        return f"{self.person} for {self.roster}, {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    @property
    def start(self) -> datetime:
        """The instant from which the person stands in, UTC."""
        return cast("datetime", self.during.lower)

    @property
    def end(self) -> datetime:
        """The instant at which it ends, UTC; it no longer belongs to the override."""
        return cast("datetime", self.during.upper)


class Shift(models.Model):
    """Who holds a seat of a roster, and when. Past shifts never change; ``rosters.rules`` says how they come about."""

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="shifts")
    seat = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts")
    during = DateTimeRangeField(help_text="Half-open, UTC: the handoff instant belongs to the next shift.")
    source = models.CharField(max_length=16, choices=ShiftSource)

    class Meta:
        ordering = ["during"]
        constraints = [
            ExclusionConstraint(
                name="shift_one_person_per_seat_and_instant",
                expressions=[
                    ("roster", RangeOperators.EQUAL),
                    ("seat", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=BOUNDED, name="shift_has_start_and_end"),
        ]
        indexes = [
            GistIndex(fields=["during"], name="shift_during"),
            models.Index("roster", "seat", "during__startswith", name="shift_next_of_seat"),
            models.Index("person", "during__endswith", name="shift_of_person"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="only_its_end_moves",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.roster_id, OLD.seat, OLD.person_id, OLD.source, lower(OLD.during)) IS DISTINCT FROM"
                    " ROW(NEW.roster_id, NEW.seat, NEW.person_id, NEW.source, lower(NEW.during)))"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.roster}, {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    @property
    def start(self) -> datetime:
        """The first instant of the shift, UTC."""
        return cast("datetime", self.during.lower)

    @property
    def end(self) -> datetime:
        """The handoff that ends the shift, UTC; it belongs to the next one."""
        return cast("datetime", self.during.upper)
