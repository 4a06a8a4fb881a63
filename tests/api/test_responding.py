from __future__ import annotations

import pytest

from apps.incidents.models import Incident, Via
from tests.api.clients import client_of
from tests.factories.teams import make_person

URL = "/api/v1/incidents/"
RITA, CORA = "rita@example.com", "cora@example.com"


@pytest.fixture
def below(rita, declare):
    """Post to an address below a declared incident and return the incident that is answered."""
    address = f"{URL}{declare()['id']}/"

    def post(path, body=None, *, client=rita, status=200):
        answer = client.post(f"{address}{path}/", body or {})
        assert answer.status_code == status, answer.content
        return answer.json()

    post.address = address
    return post


def items(incident, part):
    return [item for item in incident["checklist"] if item["part"] == part]


def settle(rita, below, part):
    for item in items(rita.get(below.address).json(), part):
        below(f"checklist/{item['id']}", {"done": True})


def test_an_incident_is_taken_through_its_whole_life(house, rita, clock, below):
    clock.shift(minutes=5)
    assert below("acknowledge")["acknowledged_at"] == "2026-03-02T10:05:00Z"
    assert below("transition", {"status": "investigating", "note": "Logs"})["status"] == "investigating"
    assert below("transition", {"status": "monitoring"})["status"] == "monitoring"
    settle(rita, below, "immediate")
    assert rita.patch(f"{below.address}resolution/", {"reference": "hotfix/7", "verified": True}).status_code == 200
    clock.shift(minutes=5)
    resolved = below("resolve", {"note": "Rolled back"})
    assert (resolved["status"], resolved["resolved_at"]) == ("resolved", "2026-03-02T10:10:00Z")
    assert resolved["clocks"]["response"]["met_at"] == "2026-03-02T10:05:00Z"
    assert resolved["clocks"]["resolution"]["met_at"] == "2026-03-02T10:10:00Z"
    below("confirm-closure")
    settle(rita, below, "long_term")
    assert below("close")["status"] == "closed"


def test_acknowledging_needs_no_body_and_twice_is_harmless(house, rita, below):
    assert rita.post(f"{below.address}acknowledge/").status_code == 200
    assert below("acknowledge")["status"] == "acknowledged"


def test_what_a_gate_waits_for_is_listed(house, rita, below):
    told = below("resolve", status=409)
    (item,) = items(rita.get(below.address).json(), "immediate")
    assert {"gate": "immediate", "item_id": item["id"], "text": item["text"]} in told["missing"]
    assert [missing["gate"] for missing in told["missing"]] == ["immediate", "verification"]
    assert told["status"] == 409


def test_a_transition_that_is_not_allowed_is_a_conflict_that_changes_nothing(house, rita, below):
    assert "missing" not in below("transition", {"status": "closed"}, status=409)
    assert rita.get(below.address).json()["status"] == "declared"


def test_moving_to_resolved_meets_the_same_gates(house, below):
    assert below("transition", {"status": "resolved"}, status=409)["missing"]


def test_reopened_within_a_day_the_same_incident_goes_on(house, rita, clock, below):
    settle(rita, below, "immediate")
    rita.patch(f"{below.address}resolution/", {"verified": True})
    below("resolve")
    clock.shift(hours=23)
    again = below("reopen", {"reason": "It came back"})
    assert (again["status"], again["acknowledged_at"]) == ("investigating", None)
    assert below.address.endswith(f"{again['id']}/")


def test_reopened_later_a_new_incident_is_answered_as_created(house, rita, clock, below):
    settle(rita, below, "immediate")
    rita.patch(f"{below.address}resolution/", {"verified": True})
    old = below("resolve")["id"]
    clock.shift(hours=25)
    new = below("reopen", status=201)
    assert new["id"] != old
    assert Incident.objects.get(follows__isnull=False).follows.reference == old


def test_cancelling_needs_no_reason(house, below):
    assert below("cancel")["status"] == "cancelled"


def test_the_reason_of_a_cancellation_is_kept(house, rita, below):
    assert below("cancel", {"reason": "A test"})["status"] == "cancelled"
    texts = [event["text"] for event in rita.get(f"{below.address}timeline/").json()["results"]]
    assert "Cancelled by Rita: A test" in texts


def test_a_new_severity_moves_the_clocks(house, below):
    told = below("severity", {"severity": "P1", "reason": "A workaround exists"})
    assert told["severity"] == "P1"
    assert told["clocks"]["response"]["due_at"] == "2026-03-02T10:30:00Z"


@pytest.mark.parametrize(("asked", "level"), [({"level": 2}, 2), ({"trigger": "revenue"}, 3), ({}, 1)])
def test_escalating_pages_the_level_at_once(house, below, asked, level):
    assert below("escalate", {**asked, "reason": "Stuck"})["escalation"]["level"] == level


def test_a_level_that_was_paged_is_not_paged_again(house, below):
    below("escalate", {"level": 2, "reason": "Stuck"})
    below("escalate", {"level": 2, "reason": "Still stuck"}, status=409)


def test_a_snooze_is_kept(house, rita, below):
    below("snooze", {"minutes": 30})
    assert rita.get(f"{below.address}timeline/").json()["results"][-1]["kind"] == "escalation_held"
    below("snooze", {"minutes": 0})
    assert rita.get(f"{below.address}timeline/").json()["results"][-1]["kind"] == "hold_ended"
    below("snooze", {"minutes": 0}, status=409)


def test_a_role_is_given_by_address_in_any_case(house, below):
    told = below("roles", {"role": "commander", "user": CORA.upper()})
    assert told["roles"][0] == {
        "role": "commander",
        "user": {"id": house.cora.pk, "email": CORA, "name": "Cora"},
        "since": "2026-03-02T10:00:00Z",
    }


def test_nobody_who_left_is_given_a_role(house, below):
    gone = make_person("Gone", house.platform, "responder")
    gone.is_active = False
    gone.save()
    assert list(below("roles", {"role": "commander", "user": gone.email}, status=400)["errors"]) == ["user"]


def test_a_tick_says_by_whom_and_when_and_can_be_taken_back(house, rita, below):
    (item,) = items(rita.get(below.address).json(), "initial")
    (ticked,) = items(below(f"checklist/{item['id']}", {"done": True}), "initial")
    assert (ticked["done"], ticked["by"]["email"], ticked["at"]) == (True, RITA, "2026-03-02T10:00:00Z")
    (open_again,) = items(below(f"checklist/{item['id']}", {"done": False}), "initial")
    assert (open_again["done"], open_again["by"], open_again["at"]) == (False, None, None)


def test_a_commander_waives_an_item_for_a_reason_and_a_responder_does_not(house, rita, cora, below):
    (item,) = items(rita.get(below.address).json(), "immediate")
    waiver = {"done": False, "waived_reason": "Nothing was lost"}
    below(f"checklist/{item['id']}", waiver, status=403)
    (waived,) = items(below(f"checklist/{item['id']}", waiver, client=cora), "immediate")
    assert (waived["done"], waived["waived_reason"], waived["by"]["email"]) == (False, "Nothing was lost", CORA)


def test_what_is_done_is_not_waived_as_well(house, rita, below):
    (item,) = items(rita.get(below.address).json(), "immediate")
    told = below(f"checklist/{item['id']}", {"done": True, "waived_reason": "Why not"}, status=400)
    assert list(told["errors"]) == ["waived_reason"]


def test_an_item_of_another_incident_is_not_found(house, declare, below):
    stranger = items(declare(), "initial")[0]["id"]
    below(f"checklist/{stranger}", {"done": True}, status=404)
    below("checklist/999999999999999999", {"done": True}, status=404)


def test_an_update_is_sent_and_starts_the_next_clock(house, rita, below):
    below("updates", {"audience": "internal", "message": "We are on it"})
    sent = [
        event for event in rita.get(f"{below.address}timeline/").json()["results"] if event["kind"] == "update_sent"
    ]
    assert "We are on it" in sent[-1]["text"]


def test_a_merged_incident_says_so(house, rita, declare, below):
    other = declare()["id"]
    assert below("merge", {"into": other})["status"] == "merged"
    below("merge", {"into": other}, status=409)


def test_an_incident_is_not_merged_into_itself(house, below):
    own = below.address.rstrip("/").rpartition("/")[2]
    assert list(below("merge", {"into": own}, status=400)["errors"]) == ["into"]


def test_impact_is_taken_over_from_the_assessment_before(house, rita, below):
    assert rita.get(f"{below.address}impact/").status_code == 404
    rita.patch(f"{below.address}impact/", {"users_affected": 40, "availability_percent": 97.5})
    told = rita.patch(f"{below.address}impact/", {"data_integrity": "verified"}).json()
    assert (told["users_affected"], told["availability_percent"], told["data_integrity"]) == (40, 97.5, "verified")
    assert rita.get(f"{below.address}impact/").json() == told


def test_the_fix_is_recorded_piece_by_piece(house, rita, below):
    rita.patch(f"{below.address}resolution/", {"reference": "hotfix/7"})
    told = rita.patch(f"{below.address}resolution/", {"unverified_reason": "No test system"}).json()
    assert (told["reference"], told["verified"], told["unverified_reason"]) == ("hotfix/7", False, "No test system")
    assert rita.get(f"{below.address}resolution/").json() == told


@pytest.mark.parametrize("who", ["stella", "ada"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("acknowledge", {}),
        ("transition", {"status": "investigating"}),
        ("severity", {"severity": "P1", "reason": "Milder"}),
        ("escalate", {"level": 2, "reason": "Stuck"}),
        ("roles", {"role": "commander", "user": RITA}),
        ("notes", {"text": "I was here"}),
        ("snooze", {"minutes": 5}),
        ("updates", {"audience": "internal", "message": "Hello"}),
        ("cancel", {}),
    ],
)
def test_who_only_looks_on_changes_nothing(house, below, who, path, body):
    before = Incident.objects.get().timeline.count()
    below(path, body, client=client_of(getattr(house, who)), status=403)
    assert Incident.objects.get().timeline.count() == before


def test_what_is_done_over_the_api_is_marked_so(house, below):
    below("acknowledge")
    below("notes", {"text": "Seen"})
    ways = set(Incident.objects.get().timeline.filter(actor__isnull=False).values_list("via", flat=True))
    assert ways == {Via.API}


def test_a_description_is_changed_by_patch_and_what_is_not_named_stays(house, rita, below):
    answer = rita.patch(below.address, {"title": "API answers 502", "services": ["api"]})
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["summary"], answer.json()["services"]) == (
        "API answers 502", "", ["api"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [({"title": " "}, "title"), ({"services": ["nothing"]}, "services"), ({}, "non_field_errors")],
)
def test_a_description_that_makes_no_sense_is_400(house, rita, below, body, field):
    answer = rita.patch(below.address, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_stakeholder_describes_nothing(house, below):
    assert client_of(house.stella).patch(below.address, {"title": "Else"}).status_code == 403


@pytest.mark.parametrize("name", ["note", "reason"])
def test_a_remark_on_a_step_may_be_called_note_or_reason(house, rita, below, name):
    below("cancel", {name: "It was a test"})
    events = rita.get(f"{below.address}timeline/").json()["results"]
    assert "It was a test" in next(event for event in events if event["kind"] == "cancelled")["text"]
