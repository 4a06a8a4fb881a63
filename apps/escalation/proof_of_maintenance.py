"""Finds chains that wait for the end of maintenance which is over (R34)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from apps.catalog import queries as catalog
from apps.core import clock as house_clock
from apps.engine import queries as engine
from apps.engine.models import State, Timer
from apps.escalation.actions import standing_still
from apps.escalation.gaps import Gap
from apps.escalation.models import UNDECIDED, Run, RunLevel
from apps.incidents.models import OPEN, Incident

#: A look that is due for longer has failed, or is not made at all.
LOOKED_AT_WITHIN = timedelta(minutes=1)


def gaps() -> Iterator[Gap]:
    """Every open incident whose chain stands still although nothing covers its services, and nothing looks at it."""
    now = house_clock.now()
    undecided = RunLevel.objects.filter(run=OuterRef("pk"), state__in=UNDECIDED)
    standing = Run.objects.filter(
        Exists(undecided), incident=OuterRef("pk"), ended_at=None, maintenance_until__gt=now
    )  # fmt: skip
    waiting = Incident.objects.filter(Exists(standing), status__in=OPEN).prefetch_related("services")
    left = list(engine.without_timer(waiting, kind=standing_still.LOOK_AT))
    if not left or _is_looked_at(now):
        return
    windows = catalog.windows_from(now)
    for incident in left:
        if catalog.covering(incident.services.all(), now, among=windows) is None:
            yield Gap(
                incident.pk,
                f"{incident} waited for the end of maintenance that is over.",
                waiting.filter(pk=incident.pk),
                lambda incident: standing_still.look_at(incident.pk),
            )


def _is_looked_at(now: datetime) -> bool:
    """Whether everything is about to be looked at: for the first time, and not for long."""
    first = Q(state=State.PENDING, attempts=0) | Q(state=State.LEASED, attempts=1)
    return Timer.objects.filter(first, kind=standing_still.LOOK, due_at__gt=now - LOOKED_AT_WITHIN).exists()
