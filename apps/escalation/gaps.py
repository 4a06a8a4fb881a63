"""What a look at everything open may find missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True)
class Gap:
    """Something that is missing, in words.

    ``missing`` finds it again, and nothing once it is there or no longer needed: whoever repairs it asks anew under the
    lock of its incident, if it has one, and hands what is found to ``put_in_place``. ``is_fault``: nothing should ever
    have led to it; False where people changed what it goes by, so that it is put in place without an alarm.
    """

    incident_id: int | None
    text: str
    missing: QuerySet[Any]
    put_in_place: Callable[[Any], object]
    is_fault: bool = True
