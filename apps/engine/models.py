"""What is due, now or later; and which providers are left alone for a while."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core import clock


class Lane(models.TextChoices):
    """Timers of one lane never wait for those of another."""

    PAGES = "pages", "Pages"
    WORK = "work", "Work"
    BULK = "bulk", "Bulk"


class State(models.TextChoices):
    PENDING = "pending", "Pending"
    LEASED = "leased", "Leased"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    DEAD = "dead", "Dead"


FINISHED = (State.DONE, State.CANCELLED, State.DEAD)


class Timer(models.Model):
    """Something to be done at ``due_at`` by the handler of ``kind`` (see ``registry``). Written by ``actions`` only."""

    kind = models.CharField(max_length=64)
    lane = models.CharField(max_length=8, choices=Lane)
    due_at = models.DateTimeField(help_text="A failure moves it to the next attempt.")
    key = models.CharField(max_length=200, help_text="Unique among pending timers: scheduling twice is once.")
    subject = models.CharField(max_length=100, blank=True, help_text="What it is about, to cancel by: incident:42.")
    payload = models.JSONField(default=dict, help_text="Ids, not copies.")
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="How often a worker began it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.BigIntegerField(null=True, blank=True, help_text="The worker's identity, see identity.py.")
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="pending"), name="engine_timer_one_pending_per_key"
            ),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="engine_timer_lane_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="engine_timer_state_known"),
            models.CheckConstraint(
                condition=(
                    Q(state="leased", leased_by__isnull=False, lease_until__isnull=False)
                    | (~Q(state="leased") & Q(leased_by__isnull=True, lease_until__isnull=True))
                ),
                name="engine_timer_leased_by_somebody_until",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=FINISHED, finished_at__isnull=False)
                    | (~Q(state__in=FINISHED) & Q(finished_at__isnull=True))
                ),
                name="engine_timer_finished_at_an_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["lane", "due_at", "id"], condition=Q(state="pending"), name="engine_timer_due"),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="engine_timer_leased"),
            models.Index(fields=["subject", "kind"], condition=Q(state="pending"), name="engine_timer_subject"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="engine_timer_finished"),
            models.Index(fields=["lane"], condition=Q(state="dead"), name="engine_timer_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Breaker(models.Model):
    """The circuit to one provider, shared by all processes. Closed without a row. Written by ``breakers`` only."""

    provider = models.CharField(max_length=100, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    openings = models.PositiveIntegerField(default=0, help_text="In a row: each lasts longer than the one before.")
    open_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then nobody calls the provider, then one does, to try. Empty: closed."
    )
    trial_until = models.DateTimeField(
        null=True, blank=True, help_text="Somebody tries it now; past this instant the trial counts as lost."
    )
    last_error = models.TextField(blank=True)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["provider"]
        verbose_name = "circuit breaker"
        constraints = [
            models.CheckConstraint(
                condition=Q(trial_until__isnull=True) | Q(open_until__isnull=False),
                name="engine_breaker_tried_only_while_open",
            ),
        ]

    def __str__(self) -> str:
        return self.provider
