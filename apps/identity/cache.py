"""Django's cache in the database, which forgets nothing before its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.cache.backends.db import DatabaseCache


class CountingCache(DatabaseCache):
    """Keeps counters and used codes until they expire, however many there are.

    Django's takes live entries away where there are too many: then whoever makes many resets what limits them.
    """

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        apps.get_model("identity.Remembered").objects.filter(expires__lt=now).delete()
