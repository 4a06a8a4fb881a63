"""What incidents do when something happens to one: requests and watchers follow it, in the same transaction."""

from __future__ import annotations

from apps.core.events import on
from apps.incidents.actions import helping, watching
from apps.incidents.actions.steps import ANSWERED, Answer
from apps.incidents.models import EventKind, TimelineEvent


@on(ANSWERED)
def accept_what_was_asked(answer: Answer) -> None:
    """Whoever was asked to respond and answers by any way has accepted."""
    helping.accept_by_answering(answer.incident, by=answer.by, via=answer.via)


@on(EventKind.PAGE_DECLINED)
def decline_what_was_asked(event: TimelineEvent) -> None:
    """Whoever was asked to respond and declines the page has declined."""
    if event.actor is not None:
        helping.decline_by_answering(event.incident, by=event.actor, reason=event.data["reason"])


@on(EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)
def ask_nobody_any_more(event: TimelineEvent) -> None:
    """Nobody is waited for in what is over."""
    helping.withdraw_all(event.incident)


@on(EventKind.MERGED)
def watch_what_it_is_a_part_of(event: TimelineEvent) -> None:
    """Whoever watched it watches the incident that it was merged into."""
    if event.incident.merged_into is not None:
        watching.take_watchers_along(event.incident, event.incident.merged_into)
