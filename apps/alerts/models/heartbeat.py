"""Heartbeats: what has to report so often; when it falls silent, that is an alert."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from apps.alerts.models.integration import Integration
from apps.core.models import History
from apps.incidents.models import Severity

#: Who reports more often than that is watched by a monitoring system, not by us.
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)


class HeartbeatState(models.TextChoices):
    WAITING = "waiting", "Waits for a beat"
    ALIVE = "alive", "Alive"
    MISSING = "missing", "Missing"


class Heartbeat(Integration):
    """A sender of which only the silence is an alert. It counts from its first beat, and anew when switched on again.

    All that it shares with other senders (team, service, key) is its integration's. ``state`` and ``last_beat_at`` are
    written by ``alerts.actions.heartbeats`` only, under a lock of the row, and are not part of the history.
    """

    every = models.DurationField(
        help_text="So long after a beat the next has come, or it is missing: 25:00:00 for 25 hours. "
        "Leave room for how long the job takes."
    )
    severity = models.ForeignKey(
        Severity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="heartbeats",
        help_text="Of its alert. Empty: what the severity rules say of an alert without labels.",
    )
    state = models.CharField(max_length=8, choices=HeartbeatState, default=HeartbeatState.WAITING, editable=False)
    last_beat_at = models.DateTimeField(null=True, editable=False)

    history = History(excluded_fields=["key_digest", "state", "last_beat_at"])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every__gte=SHORTEST, every__lte=LONGEST),
                name="heartbeat_every_minute_to_year",
                violation_error_message="A heartbeat comes every minute to every 366 days.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting") | models.Q(last_beat_at__isnull=False),
                name="heartbeat_counts_from_a_beat",
            ),
        ]

    @property
    def due_at(self) -> datetime | None:
        """When it is missing unless it beats again before; None while no beat of it counts."""
        if self.state == HeartbeatState.WAITING or self.last_beat_at is None:
            return None
        return self.last_beat_at + self.every
