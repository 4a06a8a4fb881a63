"""The one obvious next action of an incident, and what stands in its way (R13, R21, R22, R28)."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import Missing
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Status

#: What is done next in each status: the action's address, its verb, and what it means.
_FORWARD: dict[str, tuple[str, str, str]] = {
    Status.DECLARED: (
        "incident_acknowledge",
        "Acknowledge",
        "Says that you are on it, and stops the first escalation.",
    ),
    Status.ACKNOWLEDGED: (
        "incident_transition",
        "Start investigating",
        "Somebody is on it. Say when the search begins.",
    ),
    Status.INVESTIGATING: ("incident_transition", "Cause identified", "Go on as soon as you know what is wrong."),
    Status.IDENTIFIED: ("incident_transition", "Fix is out, monitor", "Go on as soon as a fix or workaround is out."),
    Status.MONITORING: ("incident_resolve", "Resolve", "Everything that gates the resolution is done."),
    Status.RESOLVED: ("incident_close", "Close", "Everything that gates the closing is done."),
}
_AFTER: dict[str, Status] = {
    Status.ACKNOWLEDGED: Status.INVESTIGATING,
    Status.INVESTIGATING: Status.IDENTIFIED,
    Status.IDENTIFIED: Status.MONITORING,
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next. While something is ``missing``, the step says so instead of offering its button."""

    url_name: str
    label: str
    text: str
    to: str = ""
    missing: tuple[Missing, ...] = ()


def of(incident: Incident) -> NextStep | None:
    """Return the next step of ``incident``, None when its life is over."""
    if incident.is_open and incident.acknowledged_at is None:
        return NextStep(*_FORWARD[Status.DECLARED])
    if incident.status == Status.RESOLVED and incident.closure_confirmed_at is None:
        return NextStep(
            "incident_confirm_closure",
            "Confirm closure",
            "Stakeholders agree, channels are closed, the bridge has ended.",
        )
    if incident.status not in _FORWARD:
        return None
    url_name, label, text = _FORWARD[incident.status]
    if incident.status == Status.MONITORING:
        return NextStep(url_name, label, text, missing=tuple(incidents.missing_for(incident, Status.RESOLVED)))
    if incident.status == Status.RESOLVED:
        return NextStep(url_name, label, text, missing=tuple(incidents.missing_for(incident, Status.CLOSED)))
    return NextStep(url_name, label, text, to=_AFTER.get(incident.status, ""))
