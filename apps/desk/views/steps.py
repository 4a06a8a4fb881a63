"""What providers make for an incident, tried once more."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from apps.desk.pages import viewer
from apps.desk.views.responding import IncidentAction
from apps.incidents.models import Incident
from apps.integrations.models import Step
from apps.integrations.steps import actions


class RetryStep(IncidentAction):
    """Let the engine try a step that failed once more, now."""

    done = "It is tried again."

    def do(self, incident: Incident, form: Any, **found: Any) -> None:
        step = get_object_or_404(Step, incident=incident, pk=found["step"])
        actions.retry(step.pk, by=viewer(self.request))
