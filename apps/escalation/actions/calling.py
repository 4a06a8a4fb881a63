"""Whoever was paged calls for the next level, by whichever way the page reached them."""

from __future__ import annotations

from apps.core.errors import HouseError, NotAllowed, RuleViolation
from apps.escalation.actions.raising import escalate
from apps.escalation.actions.rehearsing import Rehearsal, rehearse
from apps.incidents.models import Incident, Via
from apps.notifications import queries
from apps.notifications.answers import Answered
from apps.notifications.models import Notification
from apps.teams.models import User


def call_for_others(incident_id: int, *, by: User, via: Via, level: int | None = None) -> Incident:
    """Raise the incident at once, as ``by`` who was paged for it: to ``level``, or to the next one.

    Raises NotAllowed for who was not paged, and what ``escalate`` raises.
    """
    incident = Incident.objects.get(pk=incident_id)
    _require_paged(by, incident)
    return escalate(incident_id, by=by, via=via, level=level, reason=f"Asked for by {by}, who was paged")


def call_for_others_than(page: Notification, *, via: Via, level: int | None = None, no_other: bool = False) -> Answered:
    """Call for others as the page's receiver. Never raises what the rules forbid: the answer says it.

    ``no_other``: where nobody of ``level`` can be reached it is refused, instead of waking the next above it.
    """
    try:
        if no_other and rehearse_for(page, level=level).level != level:
            raise RuleViolation(f"Nobody can be reached on level {level} now. Open the incident to see who is left.")
        incident = call_for_others(_incident_of(page).pk, by=page.person, via=via, level=level)
    except HouseError as error:
        return Answered(page, str(error), done=False)
    return Answered(page, f"{incident} escalated.", done=True)


def rehearse_for(page: Notification, *, level: int | None = None) -> Rehearsal:
    """Whom ``call_for_others_than`` would wake at this moment. Nothing is done; raises what would forbid it."""
    incident = _incident_of(page)
    _require_paged(page.person, incident)
    return rehearse(incident.pk, by=page.person, level=level)


def _incident_of(page: Notification) -> Incident:
    if page.incident is None:
        raise RuleViolation("It is about no incident: there is nobody to escalate to.")
    return page.incident


def _require_paged(person: User, incident: Incident) -> None:
    if not queries.was_paged(person, incident):
        raise NotAllowed(f"{person} was not paged for {incident}.")
