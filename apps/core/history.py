"""Whose change the history shows."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


def made_by(row: models.Model, person: AbstractBaseUser | None) -> None:
    """Name ``person`` in the history of the next changes of ``row``; with None: whoever signed in, or the system."""
    if person is not None:
        row._history_user = person  # type: ignore[attr-defined]  # the name by which simple-history asks for it
