"""What is remembered of what came in."""

from __future__ import annotations

from django.db import models


class TextReply(models.Model):
    """A text message that somebody sent us, so that one the provider posts twice is carried out once."""

    sid = models.CharField(max_length=64, unique=True, help_text="What the provider knows the message by.")
    at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is carried out; empty: begun only.")
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "text replies"

    def __str__(self) -> str:
        return f"{self.sid}, {self.at:%Y-%m-%d %H:%M}"
