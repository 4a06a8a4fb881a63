"""The profile: how one is reached, when by what, and a test of all of it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, MethodKind, MethodSource
from apps.contacts.webhook_secrets import secret_of
from apps.core.errors import ProviderError
from apps.desk.views import profile
from apps.engine.runner import run_due
from apps.notifications.models import Channel, Notification, NotificationRule, Preferences, Urgency
from apps.notifications.transports import AddressRefused
from apps.teams.models import User
from tests.factories.transports import served

PHONE = "+49 30 901820"


@pytest.fixture
def phones(house):
    """Text messages, calls and push messages are sent, by a recorder."""
    with served(Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.PUSH) as recorder:
        yield recorder


@pytest.fixture
def sms(house, phones) -> ContactMethod:
    return contacts.add_method(house.rita, kind=MethodKind.SMS, value=PHONE, by=house.rita)


def page_of(client) -> str:
    return client.get("/profile/").content.decode()


def after(client, address: str, **fields) -> str:
    """The page that follows a POST."""
    return client.post(address, fields, follow=True).content.decode()


def test_a_number_is_added_and_counts_once_its_code_was_typed(house, rita, phones):
    page = after(rita, "/profile/methods/", kind="sms", value=PHONE, label="Work phone")
    assert "A code is on its way" in page
    method = house.rita.contact_methods.get(kind="sms")
    assert (method.label, method.is_usable) == ("Work phone", False)
    run_due()
    code = phones.sent_to(PHONE)[0].subject.split()[0]
    assert "Verified: you are paged by" in after(rita, f"/profile/methods/{method.pk}/verify/", code=code)
    method.refresh_from_db()
    assert method.is_usable


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("sms", "0171 123", "This cannot be dialled"),
        ("voice", "+1-555-ONCALL", "This cannot be dialled"),
        ("email", "no address", "Enter a valid email address"),
        ("webhook", "javascript:alert(1)", "Enter a valid URL"),
        ("push", "https://push.example/x", "Select a valid choice"),
        ("pigeon", "Coo", "Select a valid choice"),
        ("sms", "\0", "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_reached_is_refused_and_said(house, rita, phones, kind, value, said):
    assert said in after(rita, "/profile/methods/", kind=kind, value=value)
    assert house.rita.contact_methods.count() == 1


def test_the_same_method_twice_is_one(house, rita, sms):
    assert "already has this contact method" in after(rita, "/profile/methods/", kind="sms", value=PHONE)
    assert house.rita.contact_methods.filter(kind="sms").count() == 1


def test_codes_cannot_be_guessed_nor_asked_for_without_end(house, rita, sms, clock):
    codes, verify = f"/profile/methods/{sms.pk}/code/", f"/profile/methods/{sms.pk}/verify/"
    after(rita, codes)
    assert "wait half a minute" in after(rita, codes)
    wrong = "000000" if contacts.code_of(sms.verification) != "000000" else "111111"
    for _ in range(5):
        assert "This is not the code" in after(rita, verify, code=wrong)
    right = contacts.code_of(sms.verification)
    assert "Too many wrong codes" in after(rita, verify, code=right)
    sms.refresh_from_db()
    assert sms.verified_at is None
    for _ in range(5):
        clock.shift(seconds=31)
        after(rita, codes)
    clock.shift(seconds=31)
    assert "Too many codes were asked for" in after(rita, codes)


def test_removing_a_number_and_adding_it_again_is_no_way_around_the_limits(house, rita, phones):
    for _ in range(11):
        after(rita, "/profile/methods/", kind="sms", value=PHONE)
        after(rita, f"/profile/methods/{house.rita.contact_methods.get(kind='sms').pk}/remove/")
    assert "Too many contact methods were added" in after(rita, "/profile/methods/", kind="sms", value=PHONE)
    assert not house.rita.contact_methods.filter(kind="sms").exists()


def test_why_a_code_could_not_be_sent_is_said_where_it_is_waited_for(house, rita, sms, phones):
    phones.error = ProviderError("The account has no credit.", permanent=True)
    after(rita, f"/profile/methods/{sms.pk}/code/")
    run_due()
    assert (
        "The code could not be sent: The account has no credit." in rita.get("/profile/parts/methods/").content.decode()
    )


@pytest.mark.parametrize("verb", ["code", "verify", "label", "up", "remove"])
def test_the_methods_of_others_do_not_exist_here(house, rita, phones, verb):
    other = house.cora.contact_methods.get()
    answer = rita.post(f"/profile/methods/{other.pk}/{verb}/", {"code": "1", "label": "Mine", "sure": "yes"})
    assert answer.status_code == 404
    other.refresh_from_db()
    assert (other.label, other.position) == ("", 0)


def test_every_state_of_a_method_is_said_in_words(house, rita, clock):
    for kind, value, more in (
        ("voice", "+1-555-ONCALL", {}),
        ("email", "gone@example.com", {"disabled_at": clock.now, "disabled_reason": "550 no such user"}),
        ("sms", PHONE, {"opted_out_at": clock.now}),
        ("slack", "U0RITA", {"verified_at": clock.now}),
        ("email", "new@example.com", {}),
    ):
        ContactMethod.objects.create(person=house.rita, kind=kind, value=value, **more)
    page = page_of(rita)
    for said in (
        "Cannot be dialled", "Disabled", "550 no such user", "Verify again", "Stopped by STOP", "Send START",
        "Not served", "sends nothing by slack yet", "Not verified", "Send a code", "Verified",
    ):  # fmt: skip
        assert said in page, said


def test_the_last_way_to_reach_me_is_removed_only_by_whoever_is_sure(house, rita):
    mail = house.rita.contact_methods.get()
    assert "Nobody could page you any more" in after(rita, f"/profile/methods/{mail.pk}/remove/")
    assert house.rita.contact_methods.count() == 1
    assert "You cannot be paged" in after(rita, f"/profile/methods/{mail.pk}/remove/", sure="yes")
    assert house.rita.contact_methods.count() == 0


def test_another_one_is_removed_at_once_and_what_the_procedures_name_is_not_offered(house, rita, sms):
    contacts.verify_method(sms)
    ContactMethod.objects.filter(pk=sms.pk).update(source=MethodSource.PROCEDURES)
    page = page_of(rita)
    assert "From the procedures" in page
    assert f"/profile/methods/{sms.pk}/remove/" not in page
    ContactMethod.objects.filter(pk=sms.pk).update(source=MethodSource.PROFILE)
    assert "Removed: " in after(rita, f"/profile/methods/{sms.pk}/remove/")


def test_methods_are_ordered_and_named(house, rita, sms):
    after(rita, f"/profile/methods/{sms.pk}/up/")
    after(rita, f"/profile/methods/{sms.pk}/label/", label="  Night   phone ")
    first = house.rita.contact_methods.order_by("position").first()
    assert (first.pk, first.label) == (sms.pk, "Night phone")
    after(rita, f"/profile/methods/{sms.pk}/up/")
    assert house.rita.contact_methods.order_by("position").first().pk == sms.pk


def test_a_browser_becomes_a_push_device_once(house, rita, phones):
    device = {"value": "https://push.example/abc", "p256dh": "BPk_x-1", "auth": "aa_-", "label": "Firefox on Linux"}
    after(rita, "/profile/methods/browser/", **device)
    method = house.rita.contact_methods.get(kind="push")
    assert method.details == {"keys": {"p256dh": "BPk_x-1", "auth": "aa_-"}}
    run_due()
    code = phones.sent_to("https://push.example/abc")[0].subject.split()[0]
    after(rita, f"/profile/methods/{method.pk}/verify/", code=code)
    after(rita, "/profile/methods/browser/", **device)
    method.refresh_from_db()
    assert method.is_usable
    assert house.rita.contact_methods.filter(kind="push").count() == 1
    assert "https://push.example/abc" not in page_of(rita)


def steps_form(urgency: str, *steps: tuple[object, object], removed: int | None = None) -> dict[str, object]:
    form: dict[str, object] = {f"{urgency}-TOTAL_FORMS": len(steps), f"{urgency}-INITIAL_FORMS": len(steps)}
    for number, (minutes, method) in enumerate(steps):
        form |= {f"{urgency}-{number}-minutes": minutes, f"{urgency}-{number}-method": method}
    if removed is not None:
        form[f"{urgency}-{removed}-DELETE"] = "on"
    return form


def rules(person) -> list[tuple[str, float, int]]:
    return [
        (rule.urgency, rule.after.total_seconds() / 60, rule.method_id)
        for rule in NotificationRule.objects.filter(person=person)
    ]


def test_the_standard_steps_are_shown_made_mine_changed_and_forgotten(house, rita, sms):
    contacts.verify_method(sms)
    mail = house.rita.contact_methods.get(kind="email")
    assert page_of(rita).count("Standard steps") == 2
    after(rita, "/profile/steps/high/own/")
    assert rules(house.rita) == [("high", 0, mail.pk), ("high", 0, sms.pk)]
    page = after(rita, "/profile/steps/high/", **steps_form("high", (0, mail.pk), (2.5, sms.pk), (10, sms.pk)))
    assert "After 2 min 30 s" in page
    assert "Your steps</span>" in page
    assert rules(house.rita) == [("high", 0, mail.pk), ("high", 2.5, sms.pk), ("high", 10, sms.pk)]
    after(rita, "/profile/steps/high/", **steps_form("high", (0, mail.pk), (2.5, sms.pk), removed=0))
    assert rules(house.rita) == [("high", 2.5, sms.pk)]
    after(rita, "/profile/steps/high/standard/")
    assert rules(house.rita) == []


@pytest.mark.parametrize("minutes", ["-1", "1441", "soon", "1e9", ""])
def test_a_delay_that_is_none_is_refused(house, rita, minutes):
    mail = house.rita.contact_methods.get()
    answer = rita.post("/profile/steps/high/", steps_form("high", (minutes, mail.pk)))
    assert answer.status_code == 422
    assert "Nothing was saved: see what is wrong below." in answer.content.decode()
    assert rules(house.rita) == []


def test_a_step_by_the_method_of_somebody_else_is_refused(house, rita):
    answer = rita.post("/profile/steps/high/", steps_form("high", (0, house.cora.contact_methods.get().pk)))
    assert answer.status_code == 422
    assert rules(house.rita) == []


@pytest.mark.parametrize(("steps", "status"), [(21, 422), (10_000, 422), (30_000, 400)])
def test_more_steps_than_anybody_needs_are_refused(house, rita, steps, status):
    mail = house.rita.contact_methods.get()
    form = steps_form("high", *((number % 1000, mail.pk) for number in range(steps)))
    assert rita.post("/profile/steps/high/", form).status_code == status
    assert rules(house.rita) == []


def test_an_urgency_that_does_not_exist_is_not_there(house, rita):
    for verb in ("", "own/", "standard/"):
        assert rita.post(f"/profile/steps/medium/{verb}").status_code == 404


def test_what_keeps_me_from_being_paged_is_said_first(house, rita, sms):
    assert "Nothing of yours rings at night" in page_of(rita)
    NotificationRule.objects.create(person=house.rita, urgency=Urgency.HIGH, method=sms)
    page = page_of(rita)
    assert "Your steps for pages would never reach you" in page
    assert "does nothing" in page
    contacts.verify_method(sms)
    assert 'class="notice error"' not in page_of(rita)


def test_quiet_hours_and_shift_notices_are_chosen(house, rita):
    after(rita, "/profile/preferences/", quiet_from="22:00", quiet_until="07:00", shift_notices="on")
    chosen = Preferences.objects.get(person=house.rita)
    assert (chosen.quiet_from, chosen.quiet_until, chosen.shift_notices) == (time(22), time(7), True)
    answer = rita.post("/profile/preferences/", {"quiet_from": "22:00"})
    assert answer.status_code == 422
    assert "need a beginning and an end" in answer.content.decode()
    answer = rita.post("/profile/preferences/", {"quiet_from": "22:00", "quiet_until": "22:00"})
    assert answer.status_code == 422
    after(rita, "/profile/preferences/")
    chosen.refresh_from_db()
    assert (chosen.quiet_from, chosen.shift_notices) == (None, False)


def test_a_test_goes_to_every_method_and_its_outcome_appears(house, rita, sms, phones, clock):
    contacts.verify_method(sms)
    page = after(rita, "/profile/test/")
    assert page.count("Planned</span>") == 2
    assert "every 2s" in page
    run_due()
    part = rita.get("/profile/parts/test/").content.decode()
    assert part.count("Sent</span>") == 2
    assert len(phones.messages) == 2
    assert "wait half a minute" in after(rita, "/profile/test/")
    assert Notification.objects.filter(person=house.rita).count() == 1
    clock.shift(minutes=31)
    assert "Sent</span>" not in rita.get("/profile/parts/test/").content.decode()


def test_what_failed_in_a_test_says_why(house, rita, sms, phones):
    contacts.verify_method(sms)
    phones.error = AddressRefused("This number does not exist.")
    after(rita, "/profile/test/")
    run_due()
    assert "This number does not exist." in rita.get("/profile/parts/test/").content.decode()


def test_a_part_of_the_profile_that_does_not_exist_is_not_there(house, rita):
    assert rita.get("/profile/parts/nothing/").status_code == 404


def test_the_profile_costs_as_many_queries_for_many_methods_as_for_few(
    house, rita, clock, django_assert_max_num_queries
):
    def add(number: int) -> None:
        method = ContactMethod.objects.create(
            person=house.rita, kind="email", value=f"{number}@example.com", verified_at=clock.now
        )
        NotificationRule.objects.create(
            person=house.rita, urgency=Urgency.HIGH, method=method, after=timedelta(minutes=number)
        )

    add(1)
    with django_assert_max_num_queries(40) as few:
        page_of(rita)
    for number in range(2, 12):
        add(number)
    with django_assert_max_num_queries(len(few.captured_queries)):
        page_of(rita)


def test_the_secret_of_a_webhook_is_shown_to_its_owner(house, rita, phones):
    method = contacts.add_method(house.rita, kind=MethodKind.WEBHOOK, value="https://hooks.example/x", by=house.rita)
    page = html.unescape(page_of(rita))
    assert page.count("Signing secret") == 1
    assert secret_of(method) in page
    theirs = contacts.add_method(house.cora, kind=MethodKind.WEBHOOK, value="https://hooks.example/y", by=house.cora)
    assert secret_of(theirs) not in html.unescape(page_of(rita))


def test_saving_it_writes_nothing_of_what_became_of_the_account_meanwhile(house, rita, monkeypatch):
    @contextmanager
    def meanwhile(*_: object, **__: object) -> Iterator[None]:
        User.objects.filter(pk=house.rita.pk).update(is_active=False, password="!", email="other@example.com")
        yield

    monkeypatch.setattr(profile, "unchanged", meanwhile)
    rita.post("/profile/", {"name": "Rita R.", "time_zone": "UTC", "holidays_of": ""})
    stored = User.objects.get(pk=house.rita.pk)
    assert (stored.name, stored.is_active, stored.password, stored.email) == (
        "Rita R.",
        False,
        "!",
        "other@example.com",
    )
