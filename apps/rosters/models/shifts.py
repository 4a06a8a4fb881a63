"""What comes of layers and exceptions: who holds a seat of a roster, and when."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models

from apps.core import clock
from apps.rosters.models.lasting import Lasting
from apps.rosters.models.rosters import Roster


class ShiftSource(models.TextChoices):
    LAYER = "layer", "Layer"
    OVERRIDE = "override", "Override"
    SWAP = "swap", "Swap"


class Shift(Lasting):
    """Who holds a seat of a roster, and when. Past shifts never change; ``rosters.rules`` says how they come about."""

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="shifts")
    seat = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts")
    source = models.CharField(max_length=16, choices=ShiftSource)
    changed_at = models.DateTimeField(default=clock.now, help_text="When it was planned, or its end moved.")

    class Meta:
        ordering = ["during"]
        constraints = [
            *Lasting.Meta.constraints,
            ExclusionConstraint(
                name="shift_one_person_per_seat_and_instant",
                expressions=[
                    ("roster", RangeOperators.EQUAL),
                    ("seat", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
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
        return f"{self.person} for {self.roster}, {self.stretch}"
