"""What a receiver answers to a page, by whichever way it reached them: taken on, declined, resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from apps.core.errors import HouseError, NotAllowed, RuleViolation
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, RequestState, ResponderRequest, Via
from apps.notifications import actions, messages, queries
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer to one page, in words for who gave it. ``page`` names it to them."""

    page: Notification
    text: str
    done: bool


def acknowledge(page: Notification, *, via: Via) -> Answered:
    """Take the page on, as its receiver. Never raises what the rules forbid: the answer says it."""
    return _answer(page, lambda: _acknowledge(page, via), done=f"{_name(page)} acknowledged.")


def acknowledge_all(pages: Iterable[Notification], *, via: Via) -> list[Answered]:
    """Take each of the pages on; one that cannot be holds up no other."""
    return [acknowledge(page, via=via) for page in pages]


def acknowledge_all_of(person: User, *, via: Via) -> list[Answered]:
    """Take on every page that waits for the person."""
    return acknowledge_all(queries.pages_waiting_for(person).select_related("person"), via=via)


def decline(page: Notification, *, via: Via, reason: str = "") -> Answered:
    """Say that the receiver cannot take it on: nothing more is sent to them, and the chain is told (PAGE_DECLINED)."""
    return _answer(page, lambda: _decline(page, via, reason.strip()), done=f"{_name(page)} declined.")


@transaction.atomic
def decline_incident(incident_id: int, *, by: User, via: Via, reason: str = "") -> Incident:
    """Say that ``by`` cannot take on what they were paged for: nothing more is sent to them, the chain is told.

    Raises NotAllowed for who was not paged, RuleViolation where they answered before or the incident is over.
    """
    incident = locked(incident_id)
    if not queries.was_paged(by, incident):
        raise NotAllowed(f"{by} was not paged for {incident}.")
    if not incident.is_open:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; there is nothing to decline.")
    if not actions.decline_pages(incident, by=by):
        if queries.was_withdrawn(by, incident):
            raise RuleViolation(f"{incident} was handed to others; there is nothing to decline.")
        raise RuleViolation(f"You answered the page of {incident} before.")
    why = f": {reason.strip()}" if reason.strip() else "."
    timeline.record(
        incident,
        EventKind.PAGE_DECLINED,
        text=f"{by} cannot take it on{why}",
        actor=by,
        via=via,
        data={"person": by.pk, "reason": reason.strip()},
    )
    return incident


class RequestAnswer(StrEnum):
    """What becomes of a request to respond: whoever was asked says it, or who asked takes it back."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


def answer_request(request_id: int, answer: str, *, by: User, via: Via, reason: str = "") -> None:
    """Carry out one answer to a request to respond; raises as the incident's actions do.

    Declining it is declining the page, by whichever way it came: nobody need say twice that they cannot.
    """
    if answer == RequestAnswer.ACCEPT:
        incidents.accept_request(request_id, by=by, via=via)
        return
    if answer == RequestAnswer.WITHDRAW:
        incidents.withdraw_request(request_id, by=by, via=via)
        return
    request = ResponderRequest.objects.select_related("person").get(pk=request_id)
    if request.person_id != by.pk:
        raise NotAllowed(f"{request.person} was asked, not {by}.")
    if request.state != RequestState.PENDING:
        raise RuleViolation(f"You were asked and it is settled: {request.get_state_display().lower()}.")
    decline_incident(request.incident_id, by=by, via=via, reason=reason)


def resolve(page: Notification, *, via: Via) -> Answered:
    """Resolve the page's incident; while a gate is open it goes to *monitoring*, and the answer says what is open."""
    if page.incident is None:
        return Answered(page, "There is no incident to resolve.", done=False)
    try:
        text, done = resolve_incident(page.incident, by=page.person, via=via)
    except HouseError as error:
        return Answered(page, str(error), done=False)
    return Answered(page, text, done=done)


def resolve_incident(incident: Incident, *, by: User, via: Via) -> tuple[str, bool]:
    """Resolve it as ``resolve`` does; what became of it in words, and whether it is resolved. Raises HouseError."""
    _, missing = incidents.resolve_or_monitor(incident.pk, by=by, via=via)
    if missing:
        listed = "; ".join(item.text.rstrip(".") for item in missing)
        return f"{incident} is monitoring now. Before it is resolved: {listed}.", False
    return f"{incident} resolved.", True


def _answer(page: Notification, act: Callable[[], None], *, done: str) -> Answered:
    try:
        act()
    except HouseError as error:
        return Answered(page, str(error), done=False)
    return Answered(page, done, done=True)


def _acknowledge(page: Notification, via: Via) -> None:
    if page.incident is not None:
        incidents.acknowledge(page.incident.pk, by=page.person, via=via)
    else:
        _answer_by_hand(page, declined=False)


def _decline(page: Notification, via: Via, reason: str) -> None:
    if page.incident is None:
        _answer_by_hand(page, declined=True)
    else:
        decline_incident(page.incident.pk, by=page.person, via=via, reason=reason)


@transaction.atomic
def _answer_by_hand(page: Notification, *, declined: bool) -> None:
    """Answer a page about no incident; who sent it hears of the first answer of each receiver.

    Saying the same again is saying it once. Raises RuleViolation for the contrary.
    """
    page = Notification.objects.select_for_update(no_key=True).get(pk=page.pk)
    if page.is_answered and declined != (page.declined_at is not None):
        raise RuleViolation(f"You {'acknowledged' if declined else 'declined'} it before.")
    if page.is_answered or not actions.answer_one(page, declined=declined) or page.direct is None:
        return
    page.refresh_from_db()
    actions.notify(
        page.direct.by,
        incident=None,
        kind=NotificationKind.NOTICE,
        step=f"direct_answered:{page.pk}",
        subject=f"{page.person} {'declined' if declined else 'acknowledged'} your page",
        text=messages.answered_by_hand(page),
    )


def _name(page: Notification) -> str:
    return str(page.incident) if page.incident else f"The page of {page.direct.by if page.direct else 'the house'}"
