"""Looking into an incident: its services' health, what was found of its cause, and the runbooks worked through."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from apps.desk.forms import responding
from apps.desk.views.responding import IncidentAction
from apps.incidents import actions
from apps.incidents.models import ChecklistItem, Incident, Via
from apps.teams.models import User


class AskForHealth(IncidentAction):
    """Let the health checks of its services look now."""

    done = "It is looked at; what is seen comes onto the timeline."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.ask_for_health(incident.pk, by=by, via=Via.WEB)


class NoteCause(IncidentAction):
    form_class = responding.CauseForm
    done = "What you found is on the timeline."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.note_cause(incident.pk, by=by, via=Via.WEB, about=known["about"], text=known["text"])


class StartRunbook(IncidentAction):
    """Attach the steps of a runbook, to be ticked."""

    done = "The runbook is started: tick its steps, and say what you saw."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.start_runbook(incident.pk, key=known["key"], by=by, via=Via.WEB)


class RecordStep(IncidentAction):
    """Mark a step of a runbook as done, with what was seen."""

    form_class = responding.SeenForm

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        item = get_object_or_404(ChecklistItem, pk=known["item"], incident=incident)
        actions.tick(item.pk, by=by, via=Via.WEB, done=True, seen=known["seen"])
