"""Finds chains that wait for the end of maintenance which is over (R34)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from apps.catalog import queries as catalog
from apps.core import clock as house_clock
from apps.engine import queries as engine
from apps.escalation.actions import standing_still
from apps.escalation.gaps import Gap
from apps.escalation.models import UNDECIDED, Run, RunLevel
from apps.incidents.models import OPEN, Incident


def gaps() -> Iterator[Gap]:
    """Every open incident whose chain stands still although nothing covers its services, and nothing looks at it."""
    now = house_clock.now()
    undecided = RunLevel.objects.filter(run=OuterRef("pk"), state__in=UNDECIDED)
    standing = Run.objects.filter(
        Exists(undecided), incident=OuterRef("pk"), ended_at=None, maintenance_until__gt=now
    )  # fmt: skip
    waiting = Incident.objects.filter(Exists(standing), status__in=OPEN).prefetch_related("services")
    left = list(engine.without_timer(waiting, kind=standing_still.LOOK_AT))
    if not left or engine.standing_keys([standing_still.LOOK]):
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
