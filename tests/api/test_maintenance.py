"""``/maintenance/``: plan, read, change and end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.catalog import actions, queries
from apps.catalog.models import MaintenanceWindow, Service
from tests.api.clients import client_of

URL = "/api/v1/maintenance/"


@pytest.fixture
def agents(house) -> Service:
    return Service.objects.create(slug="agents", name="Agents", team=house.ai)


def test_a_window_is_planned_read_changed_and_ended(house, rita, clock):
    sent = {"services": ["api"], "message": "Moving", "ends_at": "2026-03-02T12:30:00+01:00"}
    made = rita.post(URL, sent)
    assert made.status_code == 201
    wanted = {
        "id": made.json()["id"],
        "services": ["api"],
        "all_services": False,
        "message": "Moving",
        "is_public": False,
        "state": "now",
        "starts_at": "2026-03-02T10:00:00Z",
        "ends_at": "2026-03-02T11:30:00Z",
        "ended_early_at": None,
        "ended_early_by": None,
        "created_at": "2026-03-02T10:00:00Z",
        "created_by": {"id": house.rita.pk, "email": "rita@example.com", "name": "Rita"},
    }
    one = f"{URL}{made.json()['id']}/"
    assert made.json() == rita.get(one).json() == wanted
    changed = rita.patch(one, {"ends_at": "2026-03-02T13:00:00Z"})
    assert (changed.status_code, changed.json()) == (200, wanted | {"ends_at": "2026-03-02T13:00:00Z"})
    ended = rita.post(f"{one}end/")
    assert (ended.status_code, ended.json()["state"], ended.json()["ended_early_by"]["name"]) == (200, "past", "Rita")
    assert rita.post(f"{one}end/").status_code == 409
    assert queries.covering([house.api], clock.now) is None


def test_without_an_end_it_lasts_an_hour(house, rita, clock):
    made = rita.post(URL, {"services": ["api"]})
    assert made.json()["ends_at"] == "2026-03-02T11:00:00Z"


def test_a_repetition_under_the_same_key_plans_one(house, rita):
    for _ in range(2):
        assert rita.post(URL, {"services": ["api"]}, headers={"Idempotency-Key": "a"}).status_code == 201
    assert MaintenanceWindow.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"services": ["nothing"]}, "services"),
        ({"services": ["agents"]}, "services"),  # of a team that Rita does not see
        ({"services": "api"}, "services"),
        ({"services": ["api"], "ends_at": "2026-03-02T12:00:00"}, "ends_at"),
        ({"services": ["api"], "ends_at": "2026-03-02T09:00:00Z"}, "ends_at"),
        ({"services": ["api"], "ends_at": "2026-03-12T09:00:00Z"}, "ends_at"),
        ({"services": ["api"], "ends_at": "9999-12-31T23:59:59Z"}, "ends_at"),
        ({"services": ["api"], "message": "x" * 201}, "message"),
        ({"services": ["api"], "until": "2026-03-02T12:00:00Z"}, "until"),
    ],
)
def test_what_makes_no_window_is_a_400_that_names_the_field(house, rita, agents, sent, field):
    answer = rita.post(URL, sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not MaintenanceWindow.objects.exists()


def test_who_may_not_is_told_so_and_what_one_may_not_see_is_not_there(house, rita, agents):
    assert rita.post(URL, {}).status_code == 403  # all services
    assert client_of(house.stella).post(URL, {"services": ["api"]}).status_code == 403
    assert client_of(house.ada).post(URL, {"services": ["api"]}).status_code == 403
    theirs = actions.plan_maintenance(by=None, services=[agents])
    assert rita.get(f"{URL}{theirs.pk}/").status_code == 404
    assert rita.post(f"{URL}{theirs.pk}/end/").status_code == 404
    own = actions.plan_maintenance(by=None, services=[house.api])
    stella = client_of(house.stella)
    assert stella.get(f"{URL}{own.pk}/").status_code == 200
    assert stella.post(f"{URL}{own.pk}/end/").status_code == 403
    assert stella.patch(f"{URL}{own.pk}/", {"message": "Mine"}).status_code == 403


def test_a_window_of_several_teams_shows_the_services_one_sees_and_is_kept_by_who_may_keep_all(house, rita, agents):
    both = actions.plan_maintenance(by=None, services=[house.api, agents])
    assert rita.get(f"{URL}{both.pk}/").json()["services"] == ["api"]
    assert rita.post(f"{URL}{both.pk}/end/").status_code == 403
    assert set(client_of(house.ada).get(f"{URL}{both.pk}/").json()["services"]) == {"agents", "api"}


def test_the_list_is_newest_first_and_filtered_by_state_and_service(house, rita, agents, clock):
    other = Service.objects.create(slug="cli", name="CLI", team=house.platform)
    later = clock.now + timedelta(hours=1)
    now = actions.plan_maintenance(by=None, services=[house.api])
    planned = actions.plan_maintenance(by=None, services=[other], starts_at=later)
    everything = actions.plan_maintenance(by=None)
    past = actions.end_maintenance(actions.plan_maintenance(by=None, services=[house.api]).pk, by=None)
    actions.plan_maintenance(by=None, services=[agents])

    def listed(query: str = "") -> list[int]:
        return [row["id"] for row in rita.get(f"{URL}{query}").json()["results"]]

    assert listed() == [past.pk, everything.pk, planned.pk, now.pk]
    assert listed("?state=now") == [everything.pk, now.pk]
    assert listed("?state=planned&service=cli") == [planned.pk]
    assert listed("?state=past") == [past.pk]
    assert listed("?service=api") == [past.pk, everything.pk, now.pk]
    assert listed("?state=") == listed()
    for wrong in ("?state=soon", "?service=agents"):
        assert rita.get(f"{URL}{wrong}").status_code == 400


def test_a_list_costs_the_same_however_long_it_is(house, rita, django_assert_num_queries):
    def plan(count: int) -> None:
        for number in range(count):
            actions.plan_maintenance(by=house.rita, services=[house.api], message=f"{count}, {number}")

    plan(1)
    rita.get(URL)  # the first use of a token is noted
    with django_assert_num_queries(5):
        rita.get(URL)
    plan(8)
    with django_assert_num_queries(5):
        assert len(rita.get(URL).json()["results"]) == 9
