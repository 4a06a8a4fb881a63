"""What the engine calls for reports: answers leave the house, and what strangers left goes after a while."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from apps.core import retention
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.reports import actions, notices
from apps.reports.models import Report


@handler(actions.TELL, lane=Lane.WORK, transactional=False, at_once=2)
def tell_what_became_of_it(timer: Timer) -> None:
    """Mail whoever reported something what became of it."""
    actions.tell(timer.payload["report"])


@recurring("reports.remind", every=timedelta(minutes=10), lane=Lane.WORK)
def remind_of_what_waits(timer: Timer) -> None:
    """A notice to who decides on reports that nobody has decided on for long."""
    notices.remind()


retention.keep(
    "report_addresses",
    "Names and addresses that strangers left with their reports",
    span=lambda: settings.KEEP_REPORTERS,
    rows=lambda before: Report.objects.filter(~Q(name="") | ~Q(email=""), at__lt=before),
    emptied={"name": "", "email": ""},
)
