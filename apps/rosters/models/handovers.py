"""What whoever goes off call leaves for whoever comes on."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core import clock
from apps.core.models import AppendOnly
from apps.rosters.models.rosters import Roster


class HandoverNote(AppendOnly):
    """A note for whoever is on call next; written once, and never changed."""

    moment = "written_at"

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="handover_notes")
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=clock.now)

    class Meta(AppendOnly.Meta):
        ordering = ["-written_at", "-pk"]
        indexes = [models.Index(fields=["roster", "-written_at"], name="handover_note_of_roster")]

    def __str__(self) -> str:
        return f"{self.author} for {self.roster}, {self.written_at:%Y-%m-%d %H:%M} UTC"
