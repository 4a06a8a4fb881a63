"""Whether a chain has come to its end, and nobody is reached by it."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core import clock as house_clock
from apps.escalation import queries, rules, targets
from apps.escalation.models import UNDECIDED, LevelState, Run
from apps.incidents.models import EventKind, Incident
from apps.notifications.models import Channel, Delivery, DeliveryState, Notification


def failed_for_all(pages: Iterable[Notification]) -> bool:
    """Whether every message of the pages beyond those in the app failed, and none is under way any more."""
    sent = Delivery.objects.filter(notification__in=list(pages)).exclude(channel=Channel.IN_APP)
    over = (DeliveryState.FAILED, DeliveryState.CANCELLED)
    return sent.filter(state=DeliveryState.FAILED).exists() and not sent.exclude(state__in=over).exists()


def comes_to_nobody(run: Run, incident: Incident) -> bool:
    """Whether the run pages nobody any more: no level is left that is needed.

    Before anybody was paged it is enough that, as things stand now, nobody is behind any level that is left.
    """
    chain, answers = list(run.levels.all()), queries.answers_of(incident)
    left = [level for level in chain if level.state in UNDECIDED and not rules.why_not(level, answers)]
    if not left or any(level.state == LevelState.FIRED for level in chain):
        return not left
    lookup = targets.Lookup(team=incident.team, incident=incident, at=house_clock.now())
    return not any(lookup.find(level.targets).people for level in left)


def nobody_is_paged(incident: Incident) -> bool:
    """Whether an open incident's chain came to nobody, and nobody was paged or answered since."""
    telling = (
        EventKind.NOBODY_PAGED, EventKind.LEVEL_FIRED, EventKind.REASSIGNED, EventKind.ASKED_AGAIN,
        EventKind.ACKNOWLEDGED, EventKind.PAGE_ACKNOWLEDGED, EventKind.REOPENED,
    )  # fmt: skip
    if not incident.is_open:
        return False
    last = incident.timeline.filter(kind__in=telling).order_by("-pk").first()
    return last is not None and last.kind == EventKind.NOBODY_PAGED
