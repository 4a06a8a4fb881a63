"""Brings tickets to where action items are, and items to where tickets are. One at a time for each item."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import structlog
from django.conf import settings

from apps.core import locks
from apps.core.errors import HouseError, ProviderError
from apps.engine import breakers
from apps.integrations.items import actions
from apps.integrations.models import Connection, ItemTicket, Step, StepState
from apps.integrations.tools import MOST_TASKS, Made, StepKind, Task, TaskTool, provider_of
from apps.notifications.messages import PRIVATE
from apps.postmortems.models import ActionItem, ActionStatus

#: When it is tried again while somebody is at it.
IN_A_MOMENT = timedelta(seconds=1)
_OF_ITEM = ("item__incident", "item__owner", "item__owner_team")

log = structlog.get_logger(__name__)


def tell(item_id: int) -> None:
    """Make its ticket, or let it say what the item says.

    Raises ProviderError where another attempt is of use; what is refused for good is recorded.
    """
    with locks.alone("integrations.item", item_id) as mine:
        if not mine:
            actions.tell_later(ActionItem.objects.get(pk=item_id), after=IN_A_MOMENT)
            return
        ticket = actions.ticket_of(item_id)
        if ticket is None or ticket.state == StepState.FAILED or not ticket.connection.is_active:
            return
        try:
            _tell(ticket)
        except ProviderError as error:
            actions.note_failure(item_id, str(error), for_good=error.permanent)
            if not error.permanent:
                raise


def ask() -> None:
    """Record as done the open items whose tickets are done, as far as these say what the items say.

    A ticket system that does not answer holds back no other.
    """
    waiting: dict[int, list[ItemTicket]] = defaultdict(list)
    made = ItemTicket.objects.filter(state=StepState.MADE, item__status=ActionStatus.OPEN, connection__is_active=True)
    for ticket in made.select_related("connection", *_OF_ITEM):
        if ticket.told == _digest(task_of(ticket)):
            waiting[ticket.connection_id].append(ticket)
    for tickets in waiting.values():
        try:
            _ask(tickets[0].connection, tickets)
        except ProviderError as error:
            log.warning("item_tickets_not_asked", connection=tickets[0].connection_id, error=str(error))


def _ask(connection: Connection, tickets: list[ItemTicket]) -> None:
    for start in range(0, len(tickets), MOST_TASKS):
        asked = {ticket.ref: ticket for ticket in tickets[start : start + MOST_TASKS]}
        with _opened(connection) as tool:
            done = tool.done(asked.keys())
        for ref in done & asked.keys():
            _settle(asked[ref])


def _settle(ticket: ItemTicket) -> None:
    try:
        actions.settle(ticket)
    except HouseError as error:
        log.warning("item_not_settled", item=ticket.item_id, error=str(error))


@contextmanager
def _opened(connection: Connection) -> Iterator[TaskTool]:
    tasks = provider_of(connection.provider).tasks
    if tasks is None:
        raise ProviderError(f"{connection} keeps no action items.", permanent=True)
    with breakers.through(f"{connection.provider}:{connection.pk}"), tasks(connection.settings) as tool:
        yield tool


def _tell(ticket: ItemTicket) -> None:
    task = task_of(ItemTicket.objects.select_related("connection", *_OF_ITEM).get(pk=ticket.pk))
    told = _digest(task)
    if ticket.told == told:
        return
    with _opened(ticket.connection) as tool:
        if ticket.made_at is None:
            may_be_there = actions.begin(ticket)
            made = (tool.find(task) if may_be_there else None) or tool.make(task)
            actions.note_made(ticket, made, told="")
        reopened = task.state == ActionStatus.OPEN and ticket.told.partition(":")[0] not in ("", task.state)
        tool.change(Made(ticket.ref, ticket.label, ticket.url), task, reopened=reopened)
    actions.note_told(ticket, told)


def task_of(ticket: ItemTicket) -> Task:
    """The item as its ticket system is told of it."""
    item = ticket.item
    incident = item.incident
    drill = "DRILL " if incident.drill else ""
    address = f"{settings.SITE_URL}{incident.get_absolute_url()}"
    there = Step.objects.filter(incident=incident, kind=StepKind.TICKET).exclude(label="").first()
    return Task(
        mark=f"{address}#action-item-{item.pk}-{int(item.created_at.timestamp())}",
        title=f"{drill}{f'Action item, {PRIVATE.lower()}' if incident.private else item.action}",
        kind=str(item.get_kind_display()),
        priority=item.priority,
        owner=str(item.owner or item.owner_team),
        due=item.due_date.isoformat(),
        state=item.status,
        reference=incident.reference,
        incident_url=address,
        ticket=there.label if there and there.connection_id == ticket.connection_id else "",
    )


def _digest(task: Task) -> str:
    """The state, and what else is worth telling anew; that the incident has a ticket by now is told with the rest."""
    digest = hashlib.sha256(repr(replace(task, ticket="")).encode()).hexdigest()
    return f"{task.state}:{digest[:48]}"
