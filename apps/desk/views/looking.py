"""Looking into an incident: its services' health."""

from __future__ import annotations

from typing import Any

from apps.desk.views.responding import IncidentAction
from apps.incidents import actions
from apps.incidents.models import Incident, Via
from apps.teams.models import User


class AskForHealth(IncidentAction):
    """Let the health checks of its services look now."""

    done = "It is looked at; what is seen comes onto the timeline."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.ask_for_health(incident.pk, by=by, via=Via.WEB)
