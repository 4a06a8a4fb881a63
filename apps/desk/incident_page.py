"""The parts of the incident page. Each can be rendered alone, so that a page that stays open keeps itself fresh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.alerts import queries as alerts
from apps.catalog import queries as catalog
from apps.communications import queries as communications
from apps.communications.models import Audience
from apps.communications.status_page import queries as status_page
from apps.contacts.queries import people_who_answer, people_who_respond
from apps.core import clock
from apps.desk import around, clock_faces, edited, looking, next_step, timeline
from apps.desk import receipts as told
from apps.desk.forms import responding as forms
from apps.desk.forms.granting import GrantForm
from apps.escalation import ends, outlook, rules
from apps.escalation import queries as escalation
from apps.escalation.models import UNDECIDED, RunLevel
from apps.incidents import health, runbooks
from apps.incidents import queries as incidents
from apps.incidents.models import ENDED, OF_EVERY_INCIDENT, ChecklistItem, ChecklistPart, ClockName, Incident
from apps.integrations.models import StepState
from apps.integrations.steps import queries as steps
from apps.notifications import queries as notifications
from apps.teams import access
from apps.teams.models import User

Context = dict[str, Any]

#: So many of the changes beside an incident are shown; the API lists all of them.
SHOWN_CHANGES = 20

_RECORDED = ("reference", "approved_by", "verified", "unverified_reason")


@dataclass(frozen=True, slots=True)
class ChecklistSection:
    """One part of the checklist with how far it has come."""

    part: ChecklistPart
    items: list[ChecklistItem]

    @property
    def settled(self) -> int:
        return sum(item.is_settled for item in self.items)

    @property
    def complete(self) -> bool:
        return self.settled == len(self.items)


@dataclass(frozen=True, slots=True)
class Rung:
    """A level of the chain; ``spared`` says why it will be skipped although it is not decided yet."""

    level: RunLevel
    spared: str


def _rights(incident: Incident, viewer: User) -> Context:
    return {
        "incident": incident,
        "may_respond": access.may(viewer, access.Permission.RESPOND, incident),
        "is_over": incident.status in ENDED,
    }


def head(incident: Incident, viewer: User) -> Context:
    """Severity, status, clocks, who commands, what is under maintenance, and the one thing to do next."""
    running = incidents.current_clocks([incident]).get(incident.pk, {})
    holders = {holder.role.key: holder.person for holder in incidents.holders(incident)}
    return {
        "clocks": clock_faces.faces(running.values()),
        "step": next_step.of(incident),
        "commander": holders.get("commander"),
        "nobody_is_paged": ends.nobody_is_paged(incident),
        "last_event": timeline.last_event_id(incident),
        "mine": around.asked_of(incident, viewer),
        "maintenance": [] if incident.status in ENDED else catalog.touching(incident.services.all(), clock.now()),
    }


def escalation_part(incident: Incident, viewer: User) -> Context:
    """What the chain did, and who is next and when (R12)."""
    answers = escalation.answers_of(incident)
    run, upcoming = escalation.current_run(incident), escalation.next_level(incident)
    prospect = outlook.prospects(incident, [upcoming])[upcoming.pk] if upcoming else None
    levels = escalation.levels_of(incident)
    begun = rules.current_round(levels, now=clock.now())
    return {
        "reassigned": escalation.reassigned_to(incident),
        "declined": notifications.who_declined(incident),
        "standing_still_until": run.maintenance_until if run and escalation.stands_still(run) else None,
        "held_until": run.held_until if run and run.held_until and run.held_until > clock.now() else None,
        "held_by": run.held_by if run else None,
        "may_hold": run is not None,
        "hold_form": forms.HoldForm(auto_id="hold-%s"),
        "rungs": [
            Rung(level, rules.why_not(level, answers) if level.state in UNDECIDED else "")
            for level in levels
            if level.round <= begun or level.pk == getattr(upcoming, "pk", None)
        ],
        "rounds_to_come": max((level.round for level in levels), default=begun) - begun if run else 0,
        "policy": run.policy if run else None,
        "next_level": upcoming,
        "prospect": prospect,
        "external_contacts": escalation.external_contacts(incident),
    }


def roles(incident: Incident, viewer: User) -> Context:
    """The response roles, who holds them, and who could (R5, R6)."""
    vacancies = incidents.vacancies(incident)
    holders = [(holder, vacancies.get(holder.role.key)) for holder in incidents.holders(incident)]
    return {"holders": holders, "people": list(people_who_respond())}


def responders(incident: Incident, viewer: User) -> Context:
    """Who was asked to respond besides the chain, and what each answered."""
    return {"requests": list(incidents.requests_of(incident))}


def watchers(incident: Incident, viewer: User) -> Context:
    """Who is told of its course without responding to it, and whom the viewer may add."""
    watching = incidents.watchers_of(incident)
    may_add = incident.status not in ENDED and incidents.may_add_watchers(viewer, incident)
    others = [person for person in people_who_answer() if person not in watching] if may_add else []
    allowed = incidents.who_may_see(incident, others) if may_add else set()
    return {
        "watchers": watching,
        "is_watching": viewer in watching,
        "may_add_watchers": may_add,
        "may_be_added": [person for person in others if person.pk in allowed],
    }


def access_part(incident: Incident, viewer: User) -> Context:
    """Who was given access to a private incident by name, and the form for it where the viewer may."""
    may_give = incidents.may_give_access(viewer, incident)
    return {
        "grants": list(incidents.grants_of(incident)) if incident.private else [],
        "may_give_access": may_give,
        "grant_form": GrantForm(auto_id="grant_%s") if may_give else None,
    }


def checklist(incident: Incident, viewer: User) -> Context:
    """The checklist by its parts (R15, R22)."""
    items = list(incident.checklist.select_related("by"))
    sections = [ChecklistSection(part, [item for item in items if item.part == part]) for part in OF_EVERY_INCIDENT]
    return {"sections": [section for section in sections if section.items]}


def updates(incident: Incident, viewer: User) -> Context:
    """The messages that were sent, when the next one is due, and how customers know of it (R24, R25)."""
    running = incidents.current_clocks([incident]).get(incident.pk, {}).get(ClockName.UPDATE)
    due = clock_faces.face_of(running) if running and running.is_running else None
    return {
        "update_clock": due,
        "updates": communications.updates_of(incident).select_related("by", "published"),
        "publication": status_page.publication_of(incident),
        "may_publish": not status_page.why_hidden(incident) and status_page.may_publish(viewer, incident),
    }


def impact(incident: Incident, viewer: User) -> Context:
    """The latest assessment and those before it (R19)."""
    assessed = list(incident.impact_assessments.select_related("by"))
    return {"impact": assessed[0] if assessed else None, "earlier_impacts": assessed[1:]}


def alerts_part(incident: Incident, viewer: User) -> Context:
    """The alerts that led to the incident, or joined it."""
    return {"alerts": alerts.of_incident(incident)}


def changes_part(incident: Incident, viewer: User) -> Context:
    """What was changed shortly before the incident and during it (R17), the latest of it."""
    found = list(alerts.changes_beside(incident)[: SHOWN_CHANGES + 1])
    return {
        "changes": found[:SHOWN_CHANGES],
        "more_changes": len(found) > SHOWN_CHANGES,
        "changes_within": alerts.changes_within(),
    }


def steps_part(incident: Incident, viewer: User) -> Context:
    """What providers made for it, and what became of that (R14)."""
    found = list(steps.steps_of(incident))
    return {"steps": found, "steps_move": any(step.state == StepState.PLANNED for step in found)}


def looking_part(incident: Incident, viewer: User) -> Context:
    """Where to look: services, what they need, and what their health checks saw (R16, R18, R20)."""
    return {
        "surroundings": looking.around(incident, viewer),
        "health_run": health.latest_run(incident),
        "causes": looking.causes_of(incident),
    }


def runbooks_part(incident: Incident, viewer: User) -> Context:
    """The runbooks of the procedures, how far those have come that were started, and further reading (R15, R23)."""
    procedures = incidents.procedures_in_force()
    return {
        "runbooks": runbooks.progress_of(incident, procedures),
        "references": runbooks.references_of(procedures),
    }


def receipts(incident: Incident, viewer: User) -> Context:
    """Who was told what, and what became of it, newest first (R14)."""
    return {"receivers": told.of_incident(incident, viewer=viewer)}


def timeline_part(incident: Incident, viewer: User) -> Context:
    """The newest events."""
    entries, left_out = timeline.latest(incident)
    return {"entries": entries, "left_out": left_out}


#: Name in the address → template and what it shows.
PARTS: dict[str, tuple[str, Callable[[Incident, User], Context]]] = {
    "head": ("incidents/_head.html", head),
    "escalation": ("incidents/_escalation.html", escalation_part),
    "roles": ("incidents/_roles.html", roles),
    "responders": ("incidents/_responders.html", responders),
    "watchers": ("incidents/_watchers.html", watchers),
    "access": ("incidents/_access.html", access_part),
    "checklist": ("incidents/_checklist.html", checklist),
    "looking": ("incidents/_looking.html", looking_part),
    "runbooks": ("incidents/_runbooks.html", runbooks_part),
    "updates": ("incidents/_updates.html", updates),
    "impact": ("incidents/_impact.html", impact),
    "alerts": ("incidents/_alerts.html", alerts_part),
    "changes": ("incidents/_changes.html", changes_part),
    "steps": ("incidents/_steps.html", steps_part),
    "receipts": ("incidents/_receipts.html", receipts),
    "timeline": ("incidents/_timeline.html", timeline_part),
}


def part(name: str, incident: Incident, viewer: User) -> tuple[str, Context]:
    """The template of part ``name`` and its context. KeyError for a part that does not exist."""
    template, context = PARTS[name]
    return template, {**_rights(incident, viewer), **context(incident, viewer)}


def versions(number: int) -> Context:
    """At which versions what the forms of the page edit is; to be read before the incident is."""
    return {"description": edited.description(number).version(), "fix": edited.fix(number).version()}


def whole(incident: Incident, viewer: User, seen: Context | None = None) -> Context:
    """Everything on the page, forms included; ``seen``: the versions that they are based on."""
    context = _rights(incident, viewer)
    for _, of_part in PARTS.values():
        context |= of_part(incident, viewer)
    return context | _forms(incident, viewer, seen or versions(incident.pk))


def _forms(incident: Incident, viewer: User, seen: Context) -> Context:
    resolution = getattr(incident, "resolution", None)
    recorded = {name: getattr(resolution, name) for name in _RECORDED if resolution is not None}
    # Each form has ids of its own: they share one page, and several ask for a reason.
    return {
        "note_form": forms.NoteForm(auto_id="note_%s"),
        "cause_form": forms.CauseForm(auto_id="cause_%s"),
        "status_form": forms.StatusForm(incident=incident, auto_id="status_%s"),
        "severity_form": forms.SeverityForm(initial={"severity": incident.severity_id}, auto_id="severity_%s"),
        "description_form": forms.DescriptionForm(
            by=viewer,
            incident=incident,
            instance=incident,
            auto_id="description_%s",
            initial={"version": seen["description"]},
        ),
        "escalate_form": forms.RaiseForm(auto_id="escalate_%s"),
        "merge_form": forms.MergeForm(auto_id="merge_%s"),
        "reason_form": forms.ReasonForm(auto_id="end_%s"),
        "closure_form": forms.OptionalNoteForm(auto_id="resolve_%s"),
        "resolution_form": forms.ResolutionForm(initial=recorded | {"version": seen["fix"]}, auto_id="fix_%s"),
        "update_form": forms.UpdateForm(
            initial={"message": communications.prefilled(incident, Audience.INTERNAL)},
            auto_id="update_%s",
        ),
        "verification": incidents.procedures_in_force().verification,
    }
