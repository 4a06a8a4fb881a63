"""A page that somebody sends by hand, about no incident."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DirectPage(models.Model):
    """Who paged whom by hand, and with which words. Each receiver has a notification of their own."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="direct_pages")
    to = models.CharField(max_length=200, help_text="Whom the sender chose, in words: a person, a team, a roster.")
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.by} to {self.to}: {self.text[:80]}"
