"""By which rules of their zones shifts were planned, and where other rules moved them."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from apps.rosters.models.rosters import Roster


class ZoneRules(models.Model):
    """What the time zone database said of a zone when the shifts that are there were planned; the engine keeps it.

    ``differs_from`` and ``differs_by`` tell of the last time that it said something else: from when on, and how much
    later the clocks are than was planned by.
    """

    name = models.CharField(max_length=64, unique=True)
    offsets = models.JSONField(
        default=list, help_text="Pairs: since when (seconds since 1970) clocks are how far from UTC (seconds east)."
    )
    known_until = models.DateTimeField(help_text="So far the offsets tell of it.")
    missing_since = models.DateTimeField(null=True, help_text="The database knows no such zone since then.")
    differs_from = models.DateTimeField(null=True)
    differs_by = models.DurationField(default=timedelta(0))

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ZoneChange(models.Model):
    """Shifts of a roster that moved because the rules of a zone changed: the last such change of each zone.

    ``version`` is what the roster was at then: whoever edits it later has seen to it.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="zone_changes")
    rules = models.ForeignKey(ZoneRules, on_delete=models.CASCADE, related_name="changes")
    found_at = models.DateTimeField()
    moved = models.PositiveIntegerField(help_text="So many shifts moved.")
    first_moved_at = models.DateTimeField(help_text="When the first of them began by the rules before.")
    version = models.CharField(max_length=100)

    class Meta:
        ordering = ["-found_at"]
        constraints = [models.UniqueConstraint(fields=["roster", "rules"], name="zone_change_last_of_roster_and_zone")]

    def __str__(self) -> str:
        return f"{self.roster}: {self.rules}"
