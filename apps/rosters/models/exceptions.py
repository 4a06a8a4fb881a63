"""Exceptions from what the layers say: people who stand in, swap with one another, or are away."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models

from apps.core import clock
from apps.core.century import lies_within
from apps.core.models import History
from apps.core.personal import Personal
from apps.rosters.models.lasting import Lasting
from apps.rosters.models.rosters import Roster
from apps.rosters.models.shifts import ShiftSource


class SwapState(models.TextChoices):
    ASKED = "asked", "Asked"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Swap(Lasting):
    """Somebody asks another to take ``during`` of theirs in one seat, in return for ``in_return`` of the other's.

    Without ``asked_of`` it is a request for cover, which anybody who may stand in can take; without ``in_return``
    nothing is given back. Nothing changes before it is accepted.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="swaps")
    seat = models.PositiveSmallIntegerField(default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_asked")
    asked_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="swaps_to_answer"
    )
    in_return = DateTimeRangeField(null=True, blank=True, help_text="Half-open, UTC.")
    in_return_seat = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=SwapState, default=SwapState.ASKED)
    asked_at = models.DateTimeField(default=clock.now, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        ordering = ["during", "pk"]
        constraints = [
            *Lasting.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(in_return=None)
                | models.Q(in_return__isempty=False, in_return__lower_inf=False, in_return__upper_inf=False),
                name="swap_return_has_start_and_end",
            ),
            models.CheckConstraint(condition=lies_within("in_return"), name="swap_return_within_the_century"),
            models.CheckConstraint(
                condition=models.Q(in_return=None) | models.Q(asked_of__isnull=False),
                name="swap_return_is_of_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(asked_of=None) | ~models.Q(asked_of=models.F("asked_by")),
                name="swap_between_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state=SwapState.ASKED, answered_at=None, answered_by=None)
                | models.Q(~models.Q(state=SwapState.ASKED), answered_at__isnull=False, answered_by__isnull=False),
                name="swap_answered_by_somebody_at_some_time",
            ),
        ]
        indexes = [models.Index(fields=["roster", "state"], name="swap_of_roster")]

    def __str__(self) -> str:
        return f"{self.asked_by} asks {self.asked_of or 'for cover'}: {self.roster}, {self.stretch}"

    @property
    def return_start(self) -> datetime | None:
        """The first instant of what is given in return, UTC; None without one."""
        return self.in_return.lower if self.in_return else None

    @property
    def return_end(self) -> datetime | None:
        """When what is given in return is over, UTC; None without one."""
        return self.in_return.upper if self.in_return else None


class Override(Lasting):
    """A person who stands in for whoever the layers say. Where overrides overlap, the latest one counts."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="overrides")
    seat = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="overrides")
    reason = models.CharField(max_length=255, blank=True)
    swap = models.ForeignKey(
        Swap, on_delete=models.PROTECT, null=True, editable=False, related_name="overrides",
        help_text="The swap that it carries out.",
    )  # fmt: skip
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [*Lasting.Meta.constraints]
        indexes = [GistIndex(fields=["roster", "during"], name="override_roster_during")]

    def __str__(self) -> str:
        return f"{self.person} for {self.roster}, {self.stretch}"

    @property
    def source(self) -> ShiftSource:
        """What its shifts say about where they come from."""
        return ShiftSource.SWAP if self.swap_id else ShiftSource.OVERRIDE


class AbsenceKind(models.TextChoices):
    LEAVE = "leave", "Leave"
    SICK = "sick", "Sick"
    TRAINING = "training", "Training"
    OTHER = "other", "Other"


class Absence(Lasting):
    """A time at which somebody cannot be on call: in each layer the next in order who can takes over meanwhile."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="absences")
    kind = models.CharField(max_length=16, choices=AbsenceKind, default=AbsenceKind.LEAVE)
    reason = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    history = History(personal=Personal(("kind", "reason"), of="person_id", own=True))

    class Meta:
        ordering = ["during", "pk"]
        constraints = [*Lasting.Meta.constraints]
        indexes = [GistIndex(fields=["person", "during"], name="absence_person_during")]

    def __str__(self) -> str:
        return f"{self.person} is away, {self.stretch}"
