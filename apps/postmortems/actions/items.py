"""Action items: added, changed, done; reminded of before they are due and raised when they are overdue (R30)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid
from apps.core.events import publish
from apps.core.history import made_by
from apps.engine import actions as engine
from apps.incidents.actions import involve
from apps.incidents.actions.locking import locked
from apps.notifications import actions as notifications
from apps.notifications.models import NotificationKind
from apps.postmortems import queries
from apps.postmortems.events import ACTION_ITEM_SAVED
from apps.postmortems.models import ActionItem, ActionKind, ActionStatus, Priority
from apps.teams import access
from apps.teams.models import Team, User

REMINDER = "postmortems.action_item_reminder"
OVERDUE = "postmortems.action_item_overdue"
#: How long before the due date one is reminded where nobody says otherwise; each item keeps its own date.
REMIND_BEFORE = timedelta(days=2)
#: No plan reaches further; a date beyond is a slip of the pen.
FARTHEST = timedelta(days=3660)
CHANGEABLE = ("kind", "action", "owner", "owner_team", "due_date", "remind_on", "priority", "status")


@transaction.atomic
def add_action_item(
    incident_id: int,
    *,
    kind: ActionKind | str,
    action: str,
    due_date: date,
    by: User,
    owner: User | None = None,
    owner_team: Team | None = None,
    priority: Priority | str = Priority.MEDIUM,
    remind_on: date | None = None,
) -> ActionItem:
    """Add what is to be done because of the incident, owned by a person or a team (R30).

    The owner becomes involved in the incident. Raises Invalid, naming the field, for what cannot be, for example no
    owner; NotAllowed without the right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    _check_dates(due_date=due_date, remind_on=remind_on)
    item = ActionItem(
        incident=incident,
        kind=kind,
        action=" ".join(action.split()),
        owner=owner,
        owner_team=owner_team,
        due_date=due_date,
        remind_on=remind_on or due_date - REMIND_BEFORE,
        priority=priority,
        created_at=house_clock.now(),
    )
    _save(item, by=by)
    return item


@transaction.atomic
def change_action_item(item_id: int, *, by: User, **changes: Any) -> ActionItem:
    """Change what is named of CHANGEABLE; a new owner replaces the old, a new due date moves its reminder along.

    Raises Invalid, naming the field, for what cannot be; NotAllowed without the right.
    """
    item = _locked(item_id, by=by)
    if unknown := set(changes) - set(CHANGEABLE):
        raise Invalid(f"Unknown: {', '.join(sorted(unknown))}.", field=min(unknown))
    _check_dates(due_date=changes.get("due_date"), remind_on=changes.get("remind_on"))
    if changes.get("owner") is not None:
        changes.setdefault("owner_team", None)
    if changes.get("owner_team") is not None:
        changes.setdefault("owner", None)
    if "due_date" in changes:
        changes.setdefault("remind_on", item.remind_on + (changes["due_date"] - item.due_date))
    for field, value in changes.items():
        setattr(item, field, value)
    if item.status != ActionStatus.DONE:
        item.done_at = None
    elif item.done_at is None:
        item.done_at = house_clock.now()
    _save(item, by=by)
    return item


def complete_action_item(item_id: int, *, by: User) -> ActionItem:
    """Record that it is done. Raises NotAllowed without the right."""
    return change_action_item(item_id, by=by, status=ActionStatus.DONE)


@transaction.atomic
def settle_action_item(item_id: int, *, reason: str) -> bool:
    """Record that an open item was done elsewhere, as its ticket says; False if it is not open. Nobody is asked."""
    item = _with_locked_incident(item_id)
    if item.status != ActionStatus.OPEN:
        return False
    item.status, item.done_at = ActionStatus.DONE, house_clock.now()
    made_by(item, None, reason=reason)
    item.save()  # neither owner nor dates change, whatever became of them since
    _plan(item)
    publish(ACTION_ITEM_SAVED, item)
    return True


@transaction.atomic
def remind_of_action_item(item_id: int) -> None:
    """Tell its owner that an open item is due soon (R30)."""
    item = _with_locked_incident(item_id)
    if item.status != ActionStatus.OPEN:
        return
    _tell(queries.owners_of(item), item, step="due", occasion=f"due on {item.due_date}")


@transaction.atomic
def raise_action_item(item_id: int) -> None:
    """Tell its owner, and whoever is responsible for the review, that an open item is overdue (R30)."""
    item = _with_locked_incident(item_id)
    if item.status != ActionStatus.OPEN:
        return
    people = {person.pk: person for person in (*queries.owners_of(item), *queries.responsible_for(item.incident))}
    _tell(list(people.values()), item, step="overdue", occasion=f"overdue since {item.due_date}")


def _locked(item_id: int, *, by: User) -> ActionItem:
    """The item, with the row of its incident locked, for somebody who may respond to it."""
    item = _with_locked_incident(item_id)
    access.require(by, access.Permission.RESPOND, item)
    return item


def _with_locked_incident(item_id: int) -> ActionItem:
    incident = locked(ActionItem.objects.values_list("incident", flat=True).get(pk=item_id))
    item = ActionItem.objects.select_related("owner", "owner_team").get(pk=item_id)
    item.incident = incident
    return item


def _save(item: ActionItem, *, by: User) -> None:
    _check_owner(item)
    if item.remind_on > item.due_date:
        raise Invalid("The reminder comes on the due date at the latest.", field="remind_on")
    try:
        item.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error
    made_by(item, by)
    item.save()
    if item.owner is not None:
        involve(item.incident, item.owner, reason="owns an action item")
    _plan(item)
    publish(ACTION_ITEM_SAVED, item)


def _check_dates(**dates: date | None) -> None:
    today = house_clock.now().date()
    for field, day in dates.items():
        if day is not None and abs(day - today) > FARTHEST:
            raise Invalid(f"{day} is more than ten years away.", field=field)


def _check_owner(item: ActionItem) -> None:
    if (item.owner is None) == (item.owner_team is None):
        raise Invalid("Either a person or a team owns it.", field="owner")
    if item.owner_team is not None and item.incident.private:
        raise Invalid("A person owns what is to be done for a private incident.", field="owner_team")
    if item.owner is not None and not item.owner.is_active:
        raise Invalid(f"{item.owner} is deactivated.", field="owner")


def _plan(item: ActionItem) -> None:
    """Plan the reminder and the moment at which it is raised, or none once it is done."""
    subject = f"action_item:{item.pk}"
    engine.cancel(subject=subject)
    if item.status != ActionStatus.OPEN:
        return
    for kind, due_at in ((REMINDER, queries.reminder_time(item)), (OVERDUE, queries.overdue_time(item))):
        if kind == OVERDUE or due_at > house_clock.now():
            engine.schedule(kind, due_at=due_at, key=f"{kind}:{item.pk}", subject=subject, payload={"item": item.pk})


def _tell(people: list[User], item: ActionItem, *, step: str, occasion: str) -> None:
    text = f"{item.action}\n\n{item.get_kind_display()}, priority {item.get_priority_display().lower()}, {occasion}."
    for person in people:
        notifications.notify(
            person,
            incident=item.incident,
            kind=NotificationKind.NOTICE,
            step=f"action_item:{item.pk}:{step}:{item.due_date.isoformat()}",
            subject=f"{item.incident} action item {occasion}: {item.action}",
            text=text,
        )
