"""Rosters and their layers: who takes turns for a team, in which rhythm, and when in the week."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.century import DAYS, FIRST_DAY, LAST_DAY, MOMENTS, is_within, lies_within
from apps.core.models import History
from apps.core.names import NameField
from apps.teams.models import Team, validate_holidays, validate_time_zone

LAST_PLACE = 10_000
#: Seats that one layer may fill.
MOST_AT_ONCE = 10
#: Layers that one roster may have.
MOST_LAYERS = 50
#: People in one layer, and parts of the week that it covers: more than anybody has, and little enough to look at.
MOST_PEOPLE = 200
MOST_RESTRICTIONS = 50
TOO_MANY_PEOPLE = f"A layer has {MOST_PEOPLE} people at most."


class Rotation(models.TextChoices):
    HOURS = "hours", "Hours"
    DAYS = "days", "Days"
    WEEKS = "weeks", "Weeks"
    MONTHS = "months", "Months"


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class Roster(models.Model):
    """Who is on call for a team, and when. Retired instead of deleted once it has shifts."""

    slug = models.SlugField(unique=True)
    name = NameField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rosters")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[validate_time_zone], help_text="The zone of its handoff times."
    )
    is_primary = models.BooleanField(
        "primary", default=False, help_text="Whoever is on call here is paged first for the team; one roster a team."
    )
    holidays_of = models.CharField(
        "public holidays of", max_length=8, blank=True, validators=[validate_holidays],
        help_text="A country such as DE, or a part of it such as DE-BY: its public holidays count as Sundays where a"
        " layer covers only parts of the week.",
    )  # fmt: skip
    frozen_until = models.DateTimeField(
        null=True,
        blank=True,
        validators=MOMENTS,
        help_text="Until then its layers stand still; overrides, swaps and leave go on.",
    )
    stands_in_for = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="stand_ins",
        help_text="For a holiday week: whoever is on call here is on call there, while it stands in.",
    )  # fmt: skip
    stands_in_during = DateTimeRangeField(null=True, blank=True, help_text="Half-open, UTC.")
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
            models.CheckConstraint(
                condition=models.Q(stands_in_for=None, stands_in_during=None)
                | models.Q(
                    stands_in_for__isnull=False,
                    stands_in_during__isempty=False,
                    stands_in_during__lower_inf=False,
                    stands_in_during__upper_inf=False,
                    is_primary=False,
                ),
                name="roster_stands_in_from_when_to_when",
                violation_error_message="A roster that stands in for one says from when to when, and is not primary.",
            ),
            models.CheckConstraint(
                condition=~models.Q(stands_in_for=models.F("id")),
                name="roster_stands_in_for_another",
                violation_error_message="A roster cannot stand in for itself.",
            ),
            ExclusionConstraint(
                name="roster_one_stands_in_at_a_time",
                expressions=[
                    ("stands_in_for", RangeOperators.EQUAL),
                    ("stands_in_during", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(retired_at__isnull=True),
                violation_error_message="Another roster stands in for that one within that time already.",
            ),
            models.CheckConstraint(
                condition=is_within("frozen_until") & lies_within("stands_in_during"),
                name="roster_within_the_century",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Layer(models.Model):
    """People who take turns in a fixed rhythm. Where several layers of a roster overlap, the highest position wins.

    It covers the time from its handoff time on ``starts_on`` to its handoff time on ``ends_on``; with restrictions, of
    that what lies within one of them.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField(
        default=1, validators=[MaxValueValidator(LAST_PLACE)], help_text="The higher layer wins."
    )
    name = NameField(max_length=120)
    rotation = models.CharField("turns in", max_length=8, choices=Rotation, default=Rotation.WEEKS)
    length = models.PositiveSmallIntegerField(
        "length of a turn", default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    at_once = models.PositiveSmallIntegerField(
        "people at once", default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_AT_ONCE)],
        help_text="So many of the order take each turn together, a seat each; all of them are paged.",
    )  # fmt: skip
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[validate_time_zone],
        help_text="The zone of its times and days; empty: that of the roster.",
    )  # fmt: skip
    handoff_time = models.TimeField(default=time(9), help_text="Local time, on every day of the year.")
    handoff_weekday = models.PositiveSmallIntegerField(
        choices=Weekday, null=True, blank=True, help_text="For turns in weeks; empty: the weekday of the first day."
    )
    holidays_of = models.CharField(
        "public holidays of", max_length=8, blank=True, validators=[validate_holidays],
        help_text="Whose public holidays count as Sundays; empty: as the roster says.",
    )  # fmt: skip
    starts_on = models.DateField("first day", validators=DAYS)
    ends_on = models.DateField(
        "ends on", null=True, blank=True, validators=DAYS, help_text="It ends at the handoff time of this day."
    )

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(length__range=(1, 1000)),
                name="layer_turn_has_a_length",
                violation_error_message="A turn lasts between 1 and 1,000 hours, days, weeks or months.",
            ),
            models.CheckConstraint(
                condition=models.Q(at_once__range=(1, MOST_AT_ONCE)), name="layer_so_many_people_at_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="layer_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on__range=(FIRST_DAY, LAST_DAY))
                & (models.Q(ends_on=None) | models.Q(ends_on__lte=LAST_DAY)),
                name="layer_within_two_centuries",
            ),
            models.CheckConstraint(
                condition=models.Q(handoff_weekday__isnull=True)
                | models.Q(rotation=Rotation.WEEKS, handoff_weekday__lte=Weekday.SUNDAY),
                name="layer_weekday_only_for_weeks",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster}: {self.name}"

    @property
    def has_calendar(self) -> bool:
        """Whether its turns are those of a calendar, and not of its people. A query, unless ``calendar`` was read."""
        return getattr(self, "calendar", None) is not None  # the relation raises for a layer without one

    def clean(self) -> None:
        """Raise ValidationError, beside the field, where first day, end and handoff do not go together."""
        if self.ends_on and self.starts_on and self.ends_on <= self.starts_on:
            raise ValidationError({"ends_on": "A layer ends after its first day."})
        if self.handoff_weekday is not None and self.rotation != Rotation.WEEKS:
            raise ValidationError({"handoff_weekday": "Only turns in weeks are handed over on a weekday."})


class Restriction(models.Model):
    """A part of each week, in the zone of the layer, outside of which the layer covers nothing (``WeeklyRange``)."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="restrictions")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday), size=7, help_text="The days on which it begins."
    )
    start = models.TimeField("from", default=time(9))
    end = models.TimeField("to", default=time(18), help_text="00:00 one day later is midnight at the end of the day.")
    days = models.PositiveSmallIntegerField(
        "days later", default=0, validators=[MaxValueValidator(7)],
        help_text="So many days after it began: 1 for a night, 3 from Friday evening to Monday morning.",
    )  # fmt: skip

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekdays__len__gt=0, weekdays__contained_by=list(Weekday.values)),
                name="restriction_begins_on_some_day",
            ),
            models.CheckConstraint(
                condition=models.Q(days=0, end__gt=models.F("start"))
                | models.Q(days__range=(1, 6))
                | models.Q(days=7, end__lte=models.F("start")),
                name="restriction_ends_within_a_week",
            ),
        ]

    def __str__(self) -> str:
        later = f" {self.days} days later" if self.days > 1 else " the next day" if self.days else ""
        days = ", ".join(Weekday(day).label for day in sorted(self.weekdays))
        return f"{days} {self.start:%H:%M} to {self.end:%H:%M}{later}"

    def clean(self) -> None:
        """Raise ValidationError, beside the field, for a range that ends before it starts, or meets itself."""
        if self.days == 0 and self.end <= self.start:
            raise ValidationError({"end": "It ends after it starts; for an end on the next day say one day later."})
        if self.days == 7 and self.end > self.start:
            raise ValidationError({"end": "It ends within a week."})


class LayerMember(models.Model):
    """A person's place in the order of a layer."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="layer_places")
    position = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(LAST_PLACE)])

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
