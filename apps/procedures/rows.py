"""Writes rows so that only what changes is written, and the history says why and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

from apps.core.history import made_by
from apps.teams.models import User

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Writer:
    """Writes on behalf of ``by`` (None: a command) for ``reason``, within the caller's transaction."""

    by: User | None
    reason: str

    def put(self, row: Row, **values: Any) -> Row:
        """Make ``row`` hold ``values``, saving it if it is new or held others, and return it."""
        if row.pk is not None and all(getattr(row, name) == value for name, value in values.items()):
            return row
        for name, value in values.items():
            setattr(row, name, value)
        self._sign(row)
        row.save()
        return row

    def remove(self, rows: Iterable[models.Model]) -> None:
        """Delete ``rows``, one by one, so that each leaves its history."""
        for row in rows:
            self._sign(row)
            row.delete()

    def retire(self, rows: Iterable[models.Model]) -> None:
        """Switch ``rows`` off; incidents may refer to them."""
        for row in rows:
            self.put(row, is_active=False)

    def _sign(self, row: models.Model) -> None:
        made_by(row, self.by, reason=self.reason)
