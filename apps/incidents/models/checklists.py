"""Checklists: what is to be done, as the procedures say, and what was done in an incident (R15, R22)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.models import History
from apps.incidents.models.incident import Incident


class ChecklistPart(models.TextChoices):
    INITIAL = "initial", "Initial response"
    IMMEDIATE = "immediate", "Recovery: immediate"
    SHORT_TERM = "short_term", "Recovery: short term"
    LONG_TERM = "long_term", "Recovery: long term"
    RUNBOOK = "runbook", "Runbook"


#: The parts that each incident has from its declaration on; runbooks are started.
OF_EVERY_INCIDENT = (
    ChecklistPart.INITIAL,
    ChecklistPart.IMMEDIATE,
    ChecklistPart.SHORT_TERM,
    ChecklistPart.LONG_TERM,
)


class ChecklistTemplateItem(models.Model):
    """One line of a checklist of the procedures. ``gates`` names the status it must be done for, if any."""

    key = models.SlugField(unique=True)
    part = models.CharField(max_length=16, choices=[(part.value, part.label) for part in OF_EVERY_INCIDENT])
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    command = models.TextField(blank=True, help_text="Ready to copy.")
    gates = models.CharField(
        max_length=16, blank=True, choices=[("resolved", "Resolved"), ("closed", "Closed")], help_text="R22"
    )
    is_active = models.BooleanField(default=True)

    history = History()

    class Meta:
        ordering = ["part", "position"]

    def __str__(self) -> str:
        return self.text


class ChecklistItem(models.Model):
    """One line of an incident's checklist, or a step of a runbook that was started for it: open, done, or waived.

    ``seen`` is what whoever did it saw.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="checklist")
    part = models.CharField(max_length=16, choices=ChecklistPart)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    command = models.TextField(blank=True)
    gates = models.CharField(max_length=16, blank=True)
    runbook = models.CharField(max_length=64, blank=True, help_text="Of which runbook it is a step, by its key.")
    runbook_name = models.CharField(max_length=200, blank=True)
    seen = models.TextField(blank=True)
    done = models.BooleanField(default=False)
    waived_reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        ordering = ["incident_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done=False) | models.Q(waived_reason=""), name="checklist_item_done_or_waived"
            ),
            models.CheckConstraint(
                condition=(models.Q(done=False, waived_reason="")) | models.Q(by__isnull=False, at__isnull=False),
                name="checklist_item_says_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(part=ChecklistPart.RUNBOOK) ^ models.Q(runbook=""),
                name="checklist_item_of_a_runbook_says_of_which",
            ),
            models.CheckConstraint(
                condition=models.Q(done=True) | models.Q(seen=""), name="checklist_item_seen_where_it_was_done"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_settled(self) -> bool:
        return self.done or bool(self.waived_reason)
