"""Who may see a private incident: access given by name, and taken back."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from apps.desk.forms.granting import GrantForm
from apps.desk.views.responding import IncidentAction
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Via
from apps.teams.models import User


class GiveAccess(IncidentAction):
    form_class = GrantForm
    done = "They may see the incident now."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.give_access(incident.pk, person=known["person"], reason=known["reason"], by=by, via=Via.WEB)


class TakeAccessBack(IncidentAction):
    done = "Their access is taken back."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        grant = get_object_or_404(incidents.grants_of(incident), pk=known["grant"])
        actions.take_access_back(grant.pk, by=by, via=Via.WEB)
