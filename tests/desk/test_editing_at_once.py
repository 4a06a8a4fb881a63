"""Of two who save the same form at the same instant the second is told, not written over."""

from __future__ import annotations

import pytest

from apps.core.editing import ChangedMeanwhile, unchanged
from apps.desk import edited
from apps.incidents import actions
from apps.incidents.models import Incident
from apps.teams.models import TeamRole
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_waits_for_the_first_and_then_sees_what_they_wrote() -> None:
    make_procedures()
    team = make_team()
    rita, olga = (make_person(name, team, TeamRole.RESPONDER) for name in ("Rita", "Olga"))
    incident = declare(team, rita)
    seen = edited.description(incident.pk).version()
    told: list[ChangedMeanwhile] = []

    def first() -> None:
        with unchanged(edited.description(incident.pk), since=seen):
            actions.describe(incident.pk, by=rita, title="By Rita", summary="", services=[])

    def second() -> None:
        try:
            with unchanged(edited.description(incident.pk), since=seen):
                actions.describe(incident.pk, by=olga, title="By Olga", summary="", services=[])
        except ChangedMeanwhile as refused:
            told.append(refused)

    one_waits_for_the_other(first, second)
    assert Incident.objects.get().title == "By Rita"
    (refused,) = told
    assert [change.by for change in refused.changes] == [rita]
