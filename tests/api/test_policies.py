"""``/policies/``: the chains that one may see, with whom each level pages."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.escalation import make_chain

URL = "/api/v1/policies/"


def test_a_chain_is_read_with_its_levels_and_named_to_reassign_to(house, rita, declare):
    policy = make_chain("P2", [house.rita, house.ella], minutes=(0, 90), team=house.platform)
    policy.asks_again_after = timedelta(minutes=30)
    policy.save()
    found = rita.get(f"{URL}{policy.pk}/").json()
    assert (found["severity"], found["team"], found["service"]) == ("P2", "platform", None)
    assert (found["asks_again_after"], found["repeats"], found["repeat_every"]) == ("30m", 0, None)
    assert [(level["number"], level["after"]) for level in found["levels"]] == [(1, "0m"), (2, "90m")]
    assert [target["name"] for level in found["levels"] for target in level["targets"]] == ["Rita", "Ella"]
    reference = declare(severity="P2")["id"]
    answer = rita.post(f"/api/v1/incidents/{reference}/reassign/", {"policy": found["id"], "reason": "Theirs"})
    assert answer.status_code == 200


def test_the_chain_of_a_team_whose_matters_one_may_not_see_is_not_there(house, rita):
    theirs = make_chain("P2", [house.ella], minutes=(0,), team=house.ai)
    assert rita.get(f"{URL}{theirs.pk}/").status_code == 404
    assert theirs.pk not in [policy["id"] for policy in rita.get(URL).json()["results"]]


def test_nobody_writes_a_chain_here(house, rita):
    assert rita.post(URL, {}).status_code == 405


def test_many_chains_cost_the_queries_of_one(house, rita):
    with CaptureQueriesContext(connection) as few:
        rita.get(URL)
    for severity in ("P1", "P2", "P3"):
        make_chain(severity, [house.rita, house.cora], minutes=(0, 15), team=house.platform)
    with CaptureQueriesContext(connection) as many:
        rita.get(URL)
    assert len(many) <= len(few) + 1
