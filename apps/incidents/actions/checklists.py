"""Works a checklist: each tick and each waiver is recorded with who and when (R15, R22)."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.incidents import queries, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import ChecklistItem, EventKind, Incident, Status, Via
from apps.teams import access
from apps.teams.models import User

LONGEST_SEEN = 2_000


@transaction.atomic
def tick(item_id: int, *, done: bool, by: User, via: Via = Via.WEB, seen: str = "") -> ChecklistItem:
    """Mark the item done, or open again; saying what is already so records nothing.

    ``seen`` is added to what is said of what was seen when it was done, which stays who did it and when; what is open
    again says nothing of that. Raises Invalid for more than LONGEST_SEEN characters or of what is not done, NotAllowed
    without the right to respond, RuleViolation once the incident is closed, and where a resolved one would lose what it
    was resolved on.
    """
    incident, item = _locked_item(item_id, by=by)
    said = _said(seen, done=done)
    is_news = item.done != done or bool(item.waived_reason)
    if not is_news and (not said or said == _said_last(item)):
        return item
    if not done and item.gates == incident.status:
        raise RuleViolation(f"{incident} was resolved on the strength of this item; reopen it first.")
    item.done, item.waived_reason = done, ""
    item.seen = "\n".join(filter(None, (item.seen, said))) if done else ""
    if is_news:
        item.by, item.at = (by, house_clock.now()) if done else (None, None)
    item.save()
    kind = EventKind.CHECKLIST_TICKED if done else EventKind.CHECKLIST_UNTICKED
    mark = "☑" if done else "☐"
    timeline.record(
        incident, kind, text=f"{mark} {item.text}{f': {said}' if said else ''}", actor=by, via=via,
        data={"item": item.pk, "part": item.part, "seen": said},
    )  # fmt: skip
    return item


@transaction.atomic
def waive(item_id: int, *, reason: str, by: User, via: Via = Via.WEB) -> ChecklistItem:
    """Settle the item without doing it, for a reason: the commander's right, or while that role is vacant any
    commander's of the team (requirements, "Who waives a gate?").

    Raises Invalid without a reason, NotAllowed without the right, RuleViolation once the incident is closed.
    """
    incident, item = _locked_item(item_id, by=by)
    if not reason.strip():
        raise Invalid("Say why the item is waived.", field="waived_reason")
    commander = queries.holder_of(incident, "commander")
    if commander is None:
        access.require(by, access.Permission.COMMAND, incident)
    elif commander != by:
        raise NotAllowed(f"Only the incident's commander, {commander}, may waive an item.")
    item.done, item.waived_reason, item.seen = False, reason.strip(), ""
    item.by, item.at = by, house_clock.now()
    item.save()
    timeline.record(
        incident,
        EventKind.CHECKLIST_WAIVED,
        text=f"Waived: {item.text} ({item.waived_reason})",
        actor=by,
        via=via,
        data={"item": item.pk, "part": item.part, "reason": item.waived_reason},
    )
    return item


def _said(seen: str, *, done: bool) -> str:
    """What is said of what was seen. Raises Invalid."""
    said = seen.strip()
    if said and not done:
        raise Invalid("What was seen is told of what is done.", field="seen")
    if len(said) > LONGEST_SEEN:
        raise Invalid(f"What was seen is told in {LONGEST_SEEN} characters at most.", field="seen")
    return said


def _said_last(item: ChecklistItem) -> str:
    """What was added last to what was seen, since the item is done."""
    ticked = item.incident.timeline.filter(kind=EventKind.CHECKLIST_TICKED, data__item=item.pk)
    last = ticked.exclude(data__seen="").order_by("pk").last() if item.seen else None
    return last.data.get("seen", "") if last is not None else ""


def _locked_item(item_id: int, *, by: User) -> tuple[Incident, ChecklistItem]:
    incident = locked(ChecklistItem.objects.values_list("incident_id", flat=True).get(pk=item_id))
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in (Status.CLOSED, Status.CANCELLED, Status.MERGED):
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its checklist is settled.")
    item = ChecklistItem.objects.get(pk=item_id)
    made_by(item, by)
    return incident, item
