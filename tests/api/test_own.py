"""``/me/``: one's own contact methods, steps, choices and pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod
from apps.engine.runner import run_due
from apps.notifications.models import Channel, NotificationRule, Urgency
from apps.notifications.transports import AddressRefused
from apps.teams.models import Scope
from tests.api.clients import client_of
from tests.factories.transports import served

METHODS, RULES, PREFERENCES = (
    f"/api/v1/me/{name}/" for name in ("contact-methods", "notification-rules", "preferences")
)
PHONE = "+49 30 901820"


@pytest.fixture
def rita(house):
    """By a token that manages: how one is reached is not for one that only responds."""
    return client_of(house.rita, scope=Scope.MANAGE)


@pytest.fixture
def phones(house):
    with served(Channel.EMAIL, Channel.SMS, Channel.PUSH) as recorder:
        yield recorder


@pytest.fixture
def sms(rita, phones) -> dict:
    answer = rita.post(METHODS, {"kind": "sms", "value": PHONE, "label": "Work"})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_method_is_added_verified_and_removed(house, rita, phones, sms):
    assert (sms["value"], sms["label"], sms["usable"], sms["served"], sms["verified_at"]) == (
        PHONE, "Work", False, True, None,
    )  # fmt: skip
    address = f"{METHODS}{sms['id']}/"
    assert rita.post(f"{address}code/").status_code == 200
    assert rita.post(f"{address}code/").status_code == 409
    run_due()
    code = phones.sent_to(PHONE)[0].subject.split()[0]
    wrong = rita.post(f"{address}verify/", {"code": "000000" if code != "000000" else "1"})
    assert (wrong.status_code, "code" in wrong.json()["errors"]) == (400, True)
    assert rita.post(f"{address}verify/", {"code": code}).json()["usable"] is True
    assert [each["kind"] for each in rita.get(METHODS).json()["results"]] == ["email", "sms"]
    assert rita.delete(address).status_code == 204
    assert rita.delete(address).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "sms", "value": "0171"}, "value"),
        ({"kind": "email", "value": "no"}, "value"),
        ({"kind": "email", "value": "rita@example.com"}, "non_field_errors"),
        ({"kind": "push", "value": "https://push.example/a"}, "keys"),
        ({"kind": "sms", "value": PHONE, "keys": {"p256dh": "a", "auth": "b"}}, "keys"),
        ({"kind": "pigeon", "value": "coo"}, "kind"),
        ({"kind": "email"}, "value"),
        ({"kind": "email", "value": "a@example.com", "verified_at": "2026-01-01T00:00:00Z"}, "verified_at"),
    ],
)
def test_what_cannot_be_a_method_is_400(house, rita, phones, sent, field):
    answer = rita.post(METHODS, sent)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"] or "__all__" in answer.json()["errors"]
    assert house.rita.contact_methods.count() == 1


def test_a_push_device_keeps_its_keys_and_tells_its_address_to_nobody(house, rita, phones):
    keys = {"p256dh": "BPk", "auth": "aa"}
    answer = rita.post(METHODS, {"kind": "push", "value": "https://push.example/a", "keys": keys, "label": "Phone"})
    assert answer.status_code == 201
    assert answer.json()["value"] == "Phone"
    assert house.rita.contact_methods.get(kind="push").details == {"keys": keys}


def test_the_methods_of_others_do_not_exist(house, rita, sms):
    cora = client_of(house.cora, scope=Scope.MANAGE)
    address = f"{METHODS}{sms['id']}/"
    assert cora.delete(address).status_code == 404
    assert cora.post(f"{address}code/").status_code == 404
    assert cora.post(f"{address}verify/", {"code": "1"}).status_code == 404
    assert ContactMethod.objects.filter(pk=sms["id"]).exists()


def test_to_read_is_not_to_change(house):
    reader = client_of(house.rita, scope=Scope.READ)
    assert reader.get(METHODS).status_code == 200
    assert reader.post(METHODS, {"kind": "email", "value": "a@example.com"}).status_code == 403
    assert reader.put(RULES, {"high": [], "low": []}).status_code == 403
    assert reader.patch(PREFERENCES, {"shift_notices": True}).status_code == 403
    assert reader.post("/api/v1/me/pages/acknowledge/").status_code == 403


def test_steps_are_set_and_read_back_with_what_is_wrong_with_them(house, rita, sms):
    mail = house.rita.contact_methods.get(kind="email").pk
    wanted = {
        "high": [{"after": "0m", "method": mail}, {"after": "90s", "method": sms["id"]}],
        "low": [{"after": "5m", "method": mail}],
    }
    answer = rita.put(RULES, wanted)
    assert answer.status_code == 200, answer.content
    warnings = answer.json().pop("warnings")
    assert any("does nothing" in warning for warning in warnings)
    assert {name: answer.json()[name] for name in ("high", "low")} == wanted
    contacts.verify_method(ContactMethod.objects.get(pk=sms["id"]))
    assert rita.get(RULES).json() == {**wanted, "warnings": []}
    assert rita.put(RULES, {"high": [], "low": []}).json()["high"] == []
    assert not NotificationRule.objects.exists()


def test_steps_that_cannot_be_change_nothing(house, rita, cora):
    mine, hers = (person.contact_methods.get().pk for person in (house.rita, house.cora))
    good = {"after": "0m", "method": mine}
    assert rita.put(RULES, {"high": [good], "low": []}).status_code == 200
    for bad in (
        {"after": "-5m", "method": mine}, {"after": "25h", "method": mine}, {"after": 5, "method": mine},
        {"after": "0m", "method": hers}, {"after": "0m", "method": 2**63}, {"after": "0m"}, "now",
    ):  # fmt: skip
        answer = rita.put(RULES, {"high": [], "low": [bad]})
        assert answer.status_code == 400, (bad, answer.content)
    of_another = rita.put(RULES, {"high": [], "low": [good, {"after": "0m", "method": hers}]})
    assert of_another.json()["errors"] == {"low": [{}, {"method": ["This is no contact method of the person."]}]}
    assert rita.put(RULES, {"high": [good]}).status_code == 400
    assert rita.put(RULES, {"high": [good] * 10_000, "low": []}).status_code == 400
    assert [rule.method_id for rule in NotificationRule.objects.all()] == [mine]


def test_preferences_are_changed_by_name_and_the_rest_stays(house, rita):
    assert rita.get(PREFERENCES).json() == {"quiet_from": None, "quiet_until": None, "shift_notices": False}
    quiet = {"quiet_from": "22:00:00", "quiet_until": "07:00:00"}
    assert rita.patch(PREFERENCES, quiet).json() == {**quiet, "shift_notices": False}
    assert rita.patch(PREFERENCES, {"shift_notices": True}).json() == {**quiet, "shift_notices": True}
    for bad in ({"quiet_from": None}, {"quiet_from": "07:00"}, {"quiet_until": "25:00"}, {}, {"loud": True}):
        assert rita.patch(PREFERENCES, bad).status_code == 400, bad
    assert rita.get(PREFERENCES).json() == {**quiet, "shift_notices": True}


def test_my_pages_are_listed_with_their_messages_and_all_are_acknowledged(house, rita, cora, declare, phones):
    told = declare()
    run_due()
    (page,) = rita.get("/api/v1/me/pages/", {"unanswered": "true"}).json()["results"]
    assert (page["incident"], page["kind"], page["waiting"]) == (told["id"], "page", True)
    mail = next(each for each in page["deliveries"] if each["channel"] == "email")
    assert (mail["to"], mail["state"], mail["error"]) == ("rita@example.com", "sent", None)
    assert cora.get("/api/v1/me/pages/").json()["results"] == []
    answer = rita.post("/api/v1/me/pages/acknowledge/").json()
    assert [(each["page"], each["done"]) for each in answer["results"]] == [(page["id"], True)]
    assert rita.get("/api/v1/me/pages/", {"unanswered": "true"}).json()["results"] == []
    assert rita.get("/api/v1/me/pages/").json()["results"][0]["acknowledged_at"] is not None
    assert rita.get("/api/v1/me/pages/", {"unanswered": "perhaps"}).status_code == 400
    assert rita.get(f"/api/v1/incidents/{told['id']}/").json()["status"] == "acknowledged"


def test_who_was_told_says_when_it_is_due_when_it_was_sent_and_what_went_wrong(house, rita, declare, phones, clock):
    mail = house.rita.contact_methods.get()
    NotificationRule.objects.create(person=house.rita, urgency=Urgency.HIGH, method=mail, after=timedelta(minutes=10))
    told = f"/api/v1/incidents/{declare()['id']}/notifications/"
    run_due()

    def row() -> dict:
        rows = rita.get(told).json()["results"]
        return next(each for each in rows if each["to"] == "rita@example.com" and each["kind"] == "page")

    assert (row()["state"], row()["due_at"], row()["sent_at"], row()["error"]) == (
        "planned", "2026-03-02T10:10:00Z", None, None,
    )  # fmt: skip
    clock.shift(minutes=10)
    phones.error = AddressRefused("550 no such user")
    run_due()
    assert (row()["state"], row()["sent_at"], row()["error"]) == ("failed", None, "550 no such user")


def test_a_token_that_only_responds_changes_no_way_to_be_reached(house, sms):
    responding = client_of(house.rita)
    assert responding.post(METHODS, {"kind": "sms", "value": "+49 30 901821"}).status_code == 403
    assert responding.delete(f"{METHODS}{sms['id']}/").status_code == 403
    assert responding.get(METHODS).status_code == 200
