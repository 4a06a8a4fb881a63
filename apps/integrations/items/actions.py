"""Writes of the tickets of action items. None talks to a provider."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import clock
from apps.core.errors import RuleViolation
from apps.engine import actions as engine
from apps.integrations.models import Connection, ItemTicket, StepState
from apps.integrations.steps import queries as steps
from apps.integrations.tools import Made, StepKind, provider_of
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionItem, ActionStatus
from apps.teams import access
from apps.teams.models import User

#: The kind of the timer that tells a ticket system of an item, and of the one that asks what is done there.
TELL, ASK = "integrations.tell_item", "integrations.ask_items"


def tell_later(item: ActionItem, *, after: timedelta | None = None) -> None:
    """Let the engine bring the item's ticket to where the item is, ``after`` a while."""
    engine.schedule(
        TELL, key=f"{TELL}:{item.pk}", subject=f"item_ticket:{item.pk}", payload={"item": item.pk},
        due_at=clock.now() + after if after else None,
    )  # fmt: skip


@transaction.atomic
def ticket_of(item_id: int) -> ItemTicket | None:
    """The row of the item's ticket, made where it has none and its team has a ticket system; else None.

    Nothing is begun for an item that is over already.
    """
    item = ActionItem.objects.select_for_update(no_key=True, of=("self",)).select_related("incident").get(pk=item_id)
    known = ItemTicket.objects.filter(item=item).first()
    if known is not None or item.status != ActionStatus.OPEN:
        return known
    connection = _ticket_system(item)
    return ItemTicket.objects.create(item=item, connection=connection) if connection else None


def _ticket_system(item: ActionItem) -> Connection | None:
    connection = steps.connections_for(item.incident).get(StepKind.TICKET)
    return connection if connection and provider_of(connection.provider).tasks else None


def begin(ticket: ItemTicket) -> bool:
    """Note that it is asked for from here on; True if it may have been before."""
    began_before = ticket.begun_at is not None
    if not began_before:
        ticket.begun_at = clock.now()
        ticket.save(update_fields=["begun_at"])
    return began_before


def note_made(ticket: ItemTicket, made: Made, *, told: str) -> None:
    """Record what was made, which says ``told``."""
    ticket.state, ticket.made_at, ticket.error, ticket.told = StepState.MADE, clock.now(), "", told
    ticket.ref, ticket.label, ticket.url = made.ref[:255], made.label[:255], made.url[:1000]
    ticket.save(update_fields=["state", "made_at", "error", "told", "ref", "label", "url"])


def note_told(ticket: ItemTicket, told: str) -> None:
    """Record what it says now."""
    ticket.told, ticket.error = told, ""
    ticket.save(update_fields=["told", "error"])


def note_failure(item_id: int, error: str, *, for_good: bool) -> None:
    """Show why it did not work; ``for_good``: it is not tried again by itself."""
    for ticket in ItemTicket.objects.filter(item=item_id):
        ticket.error = error[:500]
        ticket.state = StepState.FAILED if for_good else ticket.state
        ticket.save(update_fields=["error", "state"])


@transaction.atomic
def retry(item_id: int, *, by: User) -> ActionItem:
    """Try a ticket that failed once more, now. Raises NotAllowed for who does not respond, RuleViolation for others."""
    item = ActionItem.objects.select_related("incident__team").get(pk=item_id)
    access.require(by, access.Permission.RESPOND, item)
    ticket = ItemTicket.objects.select_for_update(no_key=True).filter(item=item).first()
    if ticket is None or not ticket.error:
        raise RuleViolation("Its ticket did not fail.")
    ticket.state = StepState.MADE if ticket.made_at else StepState.PLANNED
    ticket.save(update_fields=["state"])
    tell_later(item)
    return item


def settle(ticket: ItemTicket) -> None:
    """The ticket was done: so is the item."""
    postmortems.settle_action_item(ticket.item_id, reason=f"Done in {ticket.label}")
