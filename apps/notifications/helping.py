"""Pages who is asked to respond, outside the chain's counts, and tells the asker what they answered."""

from __future__ import annotations

from apps.core.events import on
from apps.incidents.actions.helping import REQUEST_ANSWERED
from apps.incidents.models import EventKind, RequestState, ResponderRequest, TimelineEvent
from apps.notifications import actions, messages
from apps.notifications.models import Notification, NotificationKind, Until
from apps.teams import access

#: What the occasions of these pages begin with; the request's id follows.
STEP = "responder:"


@on(EventKind.RESPONDER_ASKED)
def page_who_is_asked(event: TimelineEvent) -> None:
    """A page at once that stops at their own answer, whoever else has acknowledged the incident."""
    request = ResponderRequest.objects.select_related("person", "asked_by").get(pk=event.data["request"])
    request.incident = event.incident
    page(request)


def page(request: ResponderRequest) -> None:
    """Page whoever was asked, once a request; the incident's row is locked."""
    incident = request.incident
    actions.notify(
        request.person,
        incident=incident,
        kind=NotificationKind.ROLE_PAGE,
        step=_step(request.pk),
        subject=messages.subject(incident, f"{request.asked_by} asks you to respond"),
        text=messages.asked_to_respond(incident, by=request.asked_by, words=request.message),
        until=Until.RESOLVED,
    )


@on(EventKind.RESPONDER_WITHDRAWN)
def stop_the_page(event: TimelineEvent) -> None:
    """Nobody is called for what is asked no more."""
    actions.stop(Notification.objects.filter(incident=event.incident, step=_step(event.data["request"])))


@on(REQUEST_ANSWERED)
def tell_who_asked(request: ResponderRequest) -> None:
    """A notice to the asker, while they may see the incident."""
    if not access.may(request.asked_by, access.Permission.VIEW, request.incident):
        return
    verb = "responds" if request.state == RequestState.ACCEPTED else "cannot respond"
    actions.notify(
        request.asked_by,
        incident=request.incident,
        kind=NotificationKind.NOTICE,
        step=f"responder_answered:{request.pk}",
        subject=messages.subject(request.incident, f"{request.person} {verb}"),
        text=messages.about(
            request.incident, f"{request.person} {verb}{f': {request.answer}' if request.answer else '.'}"
        ),
    )


def _step(request_id: int) -> str:
    return f"{STEP}{request_id}"
