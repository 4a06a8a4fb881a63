"""What was accepted while nobody could handle it is handled when somebody can ("Bad input and failure")."""

from __future__ import annotations

import pytest

from tests.acceptance.living import LivingHouse, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300), pytest.mark.xdist_group("house")]

ENGINE = ("worker", "beat", "standby")
ALERTS = 12
UNHANDLED = "SELECT count(*) FROM alerts_inboxentry WHERE handled_at IS NULL"
TAKEN_IN = "SELECT count(*) FROM incidents_incident WHERE title LIKE 'Posted to nobody %%'"


def test_alerts_accepted_while_nobody_works_are_incidents_when_somebody_does(living: LivingHouse) -> None:
    command = ("create_integration", "--team", "platform", "--format", "generic", "--name", "Worker down")
    url = living.house.manage(*command).strip()

    living.freeze(*ENGINE)
    for number in range(ALERTS):
        alert = {"title": f"Posted to nobody {number}", "key": str(number), "severity": "low"}
        answer = living.http.post(url, json=alert)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    assert living.count(UNHANDLED) == ALERTS
    assert living.count(TAKEN_IN) == 0

    living.kill(*ENGINE, "web")
    eventually(lambda: living.count(UNHANDLED) == 0, within=60)
    assert living.count(TAKEN_IN) == ALERTS
