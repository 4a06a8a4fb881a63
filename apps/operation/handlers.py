"""What the engine calls for the house's own operation."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings

from apps.core import clock
from apps.core.errors import Busy
from apps.engine.models import Timer
from apps.engine.registry import Lane, recurring
from apps.operation.backups import making, shelf
from apps.operation.emergency import keeping

log = structlog.get_logger(__name__)


@recurring("operation.back_up", every=timedelta(minutes=2), lane=Lane.BULK, transactional=False)
def back_up(timer: Timer) -> None:
    """Make a backup where the newest is older than BACKUP_EVERY, and take away what is older than BACKUP_KEEP."""
    if not settings.BACKUP_EVERY:
        return
    newest = next((each.made_at for each in shelf.kept() if each.manifest), None)
    if newest is not None and clock.now() - newest < settings.BACKUP_EVERY:
        return
    try:
        made = making.create()
    except Busy:  # somebody makes one by hand
        return
    log.info("backup_made", backup=made.id, rows=made.rows, swept=shelf.sweep())


@recurring("operation.write_emergency_sheet", every=timedelta(seconds=30), lane=Lane.WORK, transactional=False)
def write_emergency_sheet(timer: Timer) -> None:
    """Write the emergency sheet and who may read it as of now; when the database goes, its last state is there."""
    keeping.write()
