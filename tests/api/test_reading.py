from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import Incident
from apps.teams.actions import add_member
from apps.teams.models import TeamRole
from tests.api.clients import client_of
from tests.factories.teams import make_person

URL = "/api/v1/incidents/"


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [incident["id"] for incident in answer.json()["results"]]


def test_the_list_takes_as_many_queries_for_25_incidents_as_for_5(house, rita, declare):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(ids(rita.get(URL))) == Incident.objects.count()
        return len(captured)

    for _ in range(5):
        declare(service="api")
    run_due()
    few = queries()
    for _ in range(20):
        declare(service="api")
    run_due()
    assert queries() == few


def test_incidents_come_newest_first_and_page_by_page(house, rita, declare):
    declared = [declare()["id"] for _ in range(5)]
    seen, url, pages = [], f"{URL}?page_size=2", 0
    while url:
        answer = rita.get(url)
        seen += ids(answer)
        url, pages = answer.json()["next"], pages + 1
    assert seen == declared[::-1]
    assert pages == 3


def test_paging_by_severity_shows_the_worst_first_and_each_once(house, rita, declare):
    declared = [(severity, declare(severity=severity)["id"]) for severity in ("P2", "P0", "P3", "P0", "P2")]
    seen, url = [], f"{URL}?ordering=severity&page_size=2"
    while url:
        answer = rita.get(url)
        seen += ids(answer)
        url = answer.json()["next"]
    assert seen == [declared[at][1] for at in (3, 1, 4, 0, 2)]


def test_filters_narrow_the_list(house, rita, declare):
    add_member(house.rita, house.ai, TeamRole.RESPONDER)
    client = client_of(house.rita)
    worst = declare(client, severity="P0", service="api", title="Pipeline down")["id"]
    mild = declare(client, severity="P3", team="ai", summary="slow pipeline")["id"]
    over = declare(client, severity="P3", title="Nothing")["id"]
    client.post(f"{URL}{over}/cancel/")
    for query, expected in {
        "severity=P0": [worst],
        "team=ai": [mild],
        "service=api": [worst],
        "status=cancelled": [over],
        "open=true": [mild, worst],
        "open=false": [over],
        "open=": [over, mild, worst],
        "q=PIPELINE": [mild, worst],
        f"q={worst}": [worst],
        "q=100%25": [],
        "severity=P3&open=true": [mild],
        "ordering=declared_at": [worst, mild, over],
    }.items():
        found = ids(client.get(f"{URL}?{query}"))
        assert (query, sorted(found)) == (query, sorted(expected))


def test_monitoring_gets_the_open_incidents(house, rita, declare):
    here, over = declare()["id"], declare()["id"]
    rita.post(f"{URL}{over}/cancel/")
    assert ids(rita.get(f"{URL}current")) == [here]


def test_of_a_private_incident_others_of_its_team_learn_nothing(house, rita, cora, declare):
    hidden = declare(cora, private=True)["id"]
    outsider = client_of(make_person("Otto", house.platform, TeamRole.RESPONDER))
    auditor = client_of(house.ada)
    for client in (outsider, auditor):
        assert ids(client.get(URL)) == []
        for path in ("", "timeline/", "escalation/", "notifications/", "alerts/", "resolution/", "impact/"):
            assert client.get(f"{URL}{hidden}/{path}").status_code == 404
        assert client.post(f"{URL}{hidden}/notes/", {"text": "Peek"}).status_code == 404
        assert client.post(f"{URL}{hidden}/notes/", {}).status_code == 404
    assert ids(cora.get(URL)) == [hidden]


def test_nobody_sees_incidents_of_teams_they_do_not_belong_to(house, declare):
    told = declare()
    client = client_of(make_person("Olga", house.ai, TeamRole.RESPONDER))
    assert ids(client.get(URL)) == []
    assert client.get(f"{URL}{told['id']}/").status_code == 404
    assert ids(client_of(house.ada).get(URL)) == [told["id"]]


def test_merging_into_an_incident_that_one_may_not_see_tells_nothing_of_it(house, rita, declare):
    hidden = declare(client_of(house.ella), team="ai")["id"]
    answer = rita.post(f"{URL}{declare()['id']}/merge/", {"into": hidden})
    unknown = rita.post(f"{URL}{declare()['id']}/merge/", {"into": "INC-999999"})
    assert answer.json()["detail"].replace(hidden, "X") == unknown.json()["detail"].replace("INC-999999", "X")


def test_the_timeline_is_told_oldest_first_with_actor_and_way(house, rita, declare):
    told = declare()
    rita.post(f"{URL}{told['id']}/notes/", {"text": "Looking"})
    events = rita.get(f"{URL}{told['id']}/timeline/").json()["results"]
    assert (events[0]["kind"], events[-1]["kind"]) == ("declared", "note")
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    assert events[-1].keys() == {"id", "at", "kind", "actor", "via", "text", "data"}
    assert events[-1]["actor"] == {"id": house.rita.pk, "email": "rita@example.com", "name": "Rita"}
    assert events[-1]["via"] == "api"


def test_the_escalation_says_who_was_and_who_would_be_paged(house, rita, declare):
    told = declare()
    run_due()
    levels = rita.get(f"{URL}{told['id']}/escalation/").json()["levels"]
    assert [(level["level"], level["state"], level["targets"][0]["email"]) for level in levels] == [
        (1, "fired", "rita@example.com"),
        (2, "planned", "cora@example.com"),
        (3, "planned", "ella@example.com"),
    ]
    assert levels[1]["due_at"] == "2026-03-02T10:15:00Z"
    assert [level["unless"] for level in levels] == ["acknowledged", "acknowledged", "resolved"]
    assert rita.get(f"{URL}{told['id']}/").json()["escalation"] == {
        "level": 1,
        "next_level": 2,
        "next_at": "2026-03-02T10:15:00Z",
    }


def test_notifications_say_who_was_told_by_which_way(house, rita, declare):
    told = declare()
    actions.acknowledge(Incident.objects.get().pk, by=house.rita)
    run_due()
    rows = rita.get(f"{URL}{told['id']}/notifications/").json()["results"]
    assert rows == sorted(rows, key=lambda row: row["id"])
    for row in rows:
        fixed = {"id", "at", "person", "kind", "level", "channel", "to", "state"}
        assert row.keys() == fixed | {"due_at", "sent_at", "error"}


def test_times_are_utc_whatever_zone_the_caller_lives_in(house, declare):
    told = declare()
    house.rita.time_zone = "Asia/Kolkata"
    house.rita.save()
    client = client_of(house.rita)
    client.credentials()
    client.force_login(house.rita)
    assert client.get(f"{URL}{told['id']}/").json()["declared_at"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize("path", ["", "timeline/", "escalation/", "notifications/", "alerts/", "resolution/"])
def test_a_stakeholder_reads_everything_of_the_teams_incidents(house, declare, path):
    assert client_of(house.stella).get(f"{URL}{declare()['id']}/{path}").status_code == 200
