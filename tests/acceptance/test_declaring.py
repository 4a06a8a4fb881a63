"""What happens on a declaration (R14), in a whole house: within seconds, each by itself, later where it failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.acceptance.living import LivingHouse, eventually, instant

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

#: After the declaration each step has happened (the document's "immediately").
WITHIN = timedelta(seconds=5)
MADE_ELSEWHERE = {"channel", "page", "ticket", "bridge"}
#: Channels and kinds of what leaves the house: a message in the channel, a person's page, the team's notice, the rest.
SEEN = {"chat", "page", "notice", "ticket", "bridge", "webhook"}


def declare(living: LivingHouse, title: str) -> dict[str, Any]:
    body = {"title": title, "severity": "P0", "service": "agents"}
    declared: dict[str, Any] = living.post("incidents/", body, key=title)
    return declared


def steps_of(living: LivingHouse, incident: str) -> dict[str, dict[str, Any]]:
    return {step["kind"]: step for step in living.get(f"incidents/{incident}/steps/")["results"]}


def left_the_house(living: LivingHouse, incident: str) -> dict[str, str]:
    """By what it is, when the first of it left the house."""
    found: dict[str, str] = {}
    for row in living.get("/sandbox/outbox.json"):
        if row["incident"] == incident:
            for name in (row["channel"], row["kind"]):
                found.setdefault(name, row["at"])
    return found


def slack(living: LivingHouse, fault: str) -> None:
    url = living.rows("SELECT told ->> 'url' FROM integrations_connection WHERE provider = 'zoom'")[0][0]
    told = httpx.post(f"{url.removesuffix('/zoom')}/control/faults", json={"provider": "slack", "fault": fault})
    assert told.is_success


def made_by(living: LivingHouse, incident: str) -> dict[str, str]:
    """By the kind of the step, when its provider had made it."""
    return {kind: step["made_at"] for kind, step in steps_of(living, incident).items() if step["made_at"]}


def all_of(wanted: set[str], found: dict[str, str]) -> dict[str, str] | None:
    return found if wanted <= found.keys() else None


def late(found: dict[str, str], *, since: str) -> dict[str, str]:
    """What came later than it should."""
    return {what: at for what, at in found.items() if instant(at) - instant(since) > WITHIN}


def test_channel_page_ticket_bridge_and_notice_have_happened_within_seconds(living: LivingHouse) -> None:
    incident = declare(living, "The pipeline corrupts data")
    reference, since = incident["id"], incident["declared_at"]
    seen = eventually(lambda: all_of(SEEN, left_the_house(living, reference)), within=15)
    assert late({what: seen[what] for what in SEEN}, since=since) == {}
    made = eventually(lambda: all_of(MADE_ELSEWHERE, made_by(living, reference)), within=15)
    assert late(made, since=since) == {}
    channel = steps_of(living, reference)["channel"]
    assert channel["label"].startswith(f"#incident-{instant(since):%Y%m%d-%H%M}")


def test_without_slack_the_others_happen_and_its_channel_follows_once_it_is_back(living: LivingHouse) -> None:
    slack(living, "500")
    try:
        incident = declare(living, "Credentials are exposed")
        reference, since = incident["id"], incident["declared_at"]
        others = MADE_ELSEWHERE - {"channel"}
        made = eventually(lambda: all_of(others, made_by(living, reference)), within=15)
        assert late(made, since=since) == {}
        assert eventually(lambda: steps_of(living, reference)["channel"]["error"], within=15)
        seen = eventually(lambda: all_of(SEEN - {"chat"}, left_the_house(living, reference)), within=15)
        assert late({what: seen[what] for what in SEEN - {"chat"}}, since=since) == {}
        assert "channel" not in made_by(living, reference)
    finally:
        slack(living, "none")
    eventually(lambda: all_of(MADE_ELSEWHERE, made_by(living, reference)), within=120)
    channel = steps_of(living, reference)["channel"]
    assert (channel["state"], channel["error"]) == ("made", "")
