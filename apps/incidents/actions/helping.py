"""Asks people to help in a running incident, and takes their answer."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from apps.contacts import queries as contacts
from apps.core import clock as house_clock
from apps.core import events
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.incidents import timeline
from apps.incidents.actions import roles, steps
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, RequestState, ResponderRequest, Via
from apps.teams import access
from apps.teams.models import User

#: Whoever was asked to respond accepted or declined; its subject is the ``ResponderRequest``.
REQUEST_ANSWERED = "incidents.request_answered"
#: Requests with these answers do not stand in the way of asking the same person.
STANDING = (RequestState.PENDING, RequestState.ACCEPTED)


@transaction.atomic
def ask_responders(
    incident_id: int, *, people: Iterable[User], by: User, message: str = "", via: Via = Via.WEB
) -> list[ResponderRequest]:
    """Ask each of ``people`` to help; they are paged outside the chain, and may see and answer the incident.

    Who was asked and has not declined is not asked a second time; whom nothing reaches is not asked, and the timeline
    says so. Raises Invalid for nobody, where none of them can be reached, or for a person who left or only reads,
    RuleViolation once it is no longer open or where all were asked before, NotAllowed without the right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    _require_open(incident)
    wanted = list(dict.fromkeys(people))
    if not wanted:
        raise Invalid("Say whom to ask.", field="users")
    for person in wanted:
        if not person.is_active:
            raise Invalid(f"{person} is deactivated.", field="users")
        if access.only_reads(person):
            raise Invalid(f"{person} reads and changes nothing here; ask who responds.", field="users")
    asked = set(incident.responder_requests.filter(state__in=STANDING).values_list("person_id", flat=True))
    new = [person for person in wanted if person.pk not in asked]
    if not new:
        raise RuleViolation(f"{' and '.join(map(str, wanted))}: asked before. Who declines can be asked again.")
    reached = contacts.can_be_paged(new)
    missed = ", ".join(str(person) for person in new if person not in reached)
    if not reached:
        raise Invalid(f"Nobody of {missed} can be reached.", field="users")
    but = f" (not reached: {missed})" if missed else ""
    return [_ask(incident, person, by=by, message=message, via=via, but=but) for person in reached]


@transaction.atomic
def accept_request(request_id: int, *, by: User, via: Via = Via.WEB) -> ResponderRequest:
    """Come to help, as was asked of ``by``: that takes the incident on, as acknowledging does (R4, R12).

    Raises NotAllowed for another's request, RuleViolation once it was answered or the incident is no longer open.
    """
    request, incident = _locked(request_id)
    if request.person_id != by.pk or not access.may(by, access.Permission.RESPOND, incident):
        raise NotAllowed(f"{request.person} was asked, not {by}.")
    _require_open(incident)
    _require_pending(request)
    steps.answer(incident, by=by, via=via)
    request.refresh_from_db()
    return request


@transaction.atomic
def withdraw_request(request_id: int, *, by: User, via: Via = Via.WEB) -> ResponderRequest:
    """Take back a request that was not answered: its pages stop, and what it allowed to see ends with it.

    Raises RuleViolation once it was answered, NotAllowed without the right to respond.
    """
    request, incident = _locked(request_id)
    access.require(by, access.Permission.RESPOND, incident)
    _require_open(incident)
    _require_pending(request)
    _settle(request, RequestState.WITHDRAWN)
    incident.involvements.filter(person=request.person, reason=request.involvement).delete()
    timeline.record(
        incident,
        EventKind.RESPONDER_WITHDRAWN,
        text=f"{by} no longer asks {request.person} to respond.",
        actor=by,
        via=via,
        data={"request": request.pk, "person": request.person_id},
    )
    return request


def accept_by_answering(incident: Incident, *, by: User, via: Via) -> None:
    """Whoever was asked and answers the locked incident, by whatever step and way, has accepted."""
    for request in incident.responder_requests.filter(person=by, state=RequestState.PENDING):
        _settle(request, RequestState.ACCEPTED)
        timeline.record(
            incident,
            EventKind.RESPONDER_ACCEPTED,
            text=f"{by} responds, as {request.asked_by} asked.",
            actor=by,
            via=via,
            data={"request": request.pk, "person": by.pk},
        )
        events.publish(REQUEST_ANSWERED, request)


def decline_by_answering(incident: Incident, *, by: User, reason: str) -> None:
    """Whoever was asked and declines the page of the locked incident has declined; the caller put it on record."""
    for request in incident.responder_requests.filter(person=by, state=RequestState.PENDING):
        _settle(request, RequestState.DECLINED, answer=reason)
        events.publish(REQUEST_ANSWERED, request)


def withdraw_all(incident: Incident) -> None:
    """Nobody is waited for in what is over; the incident's row is locked."""
    incident.responder_requests.filter(state=RequestState.PENDING).update(
        state=RequestState.WITHDRAWN, answered_at=house_clock.now()
    )


def _ask(incident: Incident, person: User, *, by: User, message: str, via: Via, but: str) -> ResponderRequest:
    request = ResponderRequest.objects.create(
        incident=incident, person=person, asked_by=by, message=message.strip(), asked_at=house_clock.now()
    )
    roles.involve(incident, person, reason=request.involvement)
    words = f": {request.message}" if request.message else "."
    timeline.record(
        incident,
        EventKind.RESPONDER_ASKED,
        text=f"{by} asks {person} to respond{but}{words}",
        actor=by,
        via=via,
        data={"request": request.pk, "person": person.pk},
    )
    return request


def _settle(request: ResponderRequest, state: RequestState, *, answer: str = "") -> None:
    request.state, request.answered_at, request.answer = state, house_clock.now(), answer
    request.save(update_fields=["state", "answered_at", "answer"])


def _locked(request_id: int) -> tuple[ResponderRequest, Incident]:
    incident = locked(ResponderRequest.objects.values_list("incident_id", flat=True).get(pk=request_id))
    return ResponderRequest.objects.select_related("person", "asked_by").get(pk=request_id), incident


def _require_open(incident: Incident) -> None:
    if not incident.is_open:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; nobody is asked to respond.")


def _require_pending(request: ResponderRequest) -> None:
    if request.state != RequestState.PENDING:
        raise RuleViolation(f"{request.person} was asked and it is settled: {request.get_state_display().lower()}.")
