"""``kill -9`` in the middle of an escalation loses no level and pages nobody twice (R13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.fast_procedures import chain_of_p0_after
from tests.acceptance.living import LivingHouse, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300), pytest.mark.xdist_group("house")]

LEVELS = (0, 8, 16, 24, 32)
"""Seconds after the declaration at which the levels of P0 are due."""
INCIDENTS = 3

#: Pages that did not go out at the first attempt: a kill cut it off, or it met somebody who was away for that reason.
IN_FLIGHT = """
    SELECT notification.level, delivery.address
      FROM notifications_delivery AS delivery
      JOIN notifications_notification AS notification ON notification.id = delivery.notification_id
     WHERE notification.incident_id = %s AND notification.kind = 'page' AND delivery.attempts > 1
"""
SENT_TWICE = """
    SELECT count(*) FROM notifications_delivery AS delivery
      JOIN notifications_notification AS notification ON notification.id = delivery.notification_id
     WHERE notification.incident_id = %s AND notification.level = %s AND delivery.address = %s
       AND delivery.unknown_at IS NOT NULL
"""


@pytest.fixture(autouse=True)
def fast_chain(living: LivingHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with chain_of_p0_after(living, tmp_path_factory.mktemp("procedures"), *LEVELS):
        yield


def declare(living: LivingHouse, title: str) -> str:
    """Declare a P0 of the platform team that nobody will touch."""
    body = {"title": title, "severity": "P0", "service": "application"}
    return str(living.post("incidents/", body, key=title)["id"])


def level_is_paged(living: LivingHouse, incidents: list[str], level: int) -> None:
    """Wait until somebody has a page of that level for the first of the incidents."""
    eventually(
        lambda: any(page["level"] == level for page in living.outbox(incident=incidents[0])), within=LEVELS[-1] + 30
    )


def test_programs_killed_one_after_the_other_and_all_at_once_lose_no_page_and_send_none_twice(
    living: LivingHouse,
) -> None:
    incidents = [declare(living, f"Killed {number}") for number in range(INCIDENTS)]
    level_is_paged(living, incidents, 1)
    living.kill("worker")
    living.kill("beat")
    level_is_paged(living, incidents, 2)
    living.kill("broker")
    living.kill("web")
    level_is_paged(living, incidents, 3)
    living.kill("worker", "beat", "standby", "broker", "web")
    everybody_was_paged_once_and_in_order(living, incidents)


def test_a_killed_launcher_that_is_started_again_goes_on_with_the_chain(living: LivingHouse) -> None:
    incidents = [declare(living, f"Launcher killed {number}") for number in range(INCIDENTS)]
    level_is_paged(living, incidents, 2)
    living.kill_launcher_and_start_again()
    everybody_was_paged_once_and_in_order(living, incidents)


def everybody_was_paged_once_and_in_order(living: LivingHouse, incidents: list[str]) -> None:
    """Wait for the end of each incident's chain, and compare what the sandbox got with what the chain says.

    The levels fire in order and every page arrives. A page that was in flight at a kill is sent when its next attempt
    is made, by which time a higher level may have come; the others arrive in the order of their levels.
    """
    for incident in incidents:
        eventually(lambda incident=incident: chain_has_ended(living, incident), within=LEVELS[-1] + 60)
        levels = chain(living, incident)
        assert [level["state"] for level in levels] == ["fired"] * len(LEVELS)
        wanted = {(level["level"], person["email"]) for level in levels for person in level["targets"]}
        assert {number for number, _ in wanted} == {1, 2, 3, 4, 5}
        fired = [event for event in timeline(living, incident) if event["kind"] == "level_fired"]
        assert [event["data"]["level"] for event in fired] == [1, 2, 3, 4, 5]

        eventually(lambda incident=incident, wanted=wanted: wanted <= paged(living, incident).keys(), within=60)
        copies = paged(living, incident)
        assert copies.keys() == wanted
        for (level, address), number in copies.items():
            allowed = 1 + living.count(SENT_TWICE, incident.removeprefix("INC-"), level, address)
            assert number <= allowed, f"{address} got level {level} of {incident} {number} times"
        in_flight = set(living.rows(IN_FLIGHT, incident.removeprefix("INC-")))
        arrived = [(page["level"], page["to"]) for page in living.outbox(incident=incident)]
        first_of_each = list(dict.fromkeys(level for level, to in arrived if (level, to) not in in_flight))
        assert first_of_each == sorted(first_of_each), f"{arrived}, of which in flight at a kill: {in_flight}"


def chain(living: LivingHouse, incident: str) -> list[dict[str, Any]]:
    """The levels of the incident's chain, lowest first."""
    return list(living.get(f"incidents/{incident}/escalation/")["levels"])


def chain_has_ended(living: LivingHouse, incident: str) -> bool:
    """Whether nothing is left to fire."""
    return all(level["state"] not in ("planned", "held") for level in chain(living, incident))


def paged(living: LivingHouse, incident: str) -> Counter[tuple[int, str]]:
    """How many copies of each level's page each address got."""
    return Counter((page["level"], page["to"]) for page in living.outbox(incident=incident))


def timeline(living: LivingHouse, incident: str) -> list[dict[str, Any]]:
    """The incident's first fifty events, oldest first."""
    return list(living.get(f"incidents/{incident}/timeline/")["results"])
