"""Whose change the history shows."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


def made_by(row: models.Model, person: AbstractBaseUser) -> None:
    """Name ``person`` in the history of the next change of ``row``; without: whoever signed the request, or nobody."""
    row._history_user = person  # type: ignore[attr-defined]  # the name by which simple-history asks for it
