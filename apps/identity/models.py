"""What signing in keeps."""

from __future__ import annotations

from django.db import models


class Remembered(models.Model):
    """The table of Django's cache: attempts to sign in and codes that were used, for minutes, over all processes.

    In the database, for a limit that each process counts for itself is none, and a broker may lose what it holds.
    The columns are those that ``django.core.cache.backends.db`` asks for; nothing else reads or writes it.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "remembered"

    def __str__(self) -> str:
        return self.cache_key
