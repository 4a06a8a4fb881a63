"""Paging somebody directly: whom, who will be woken, once, and who answered."""

from __future__ import annotations

import pytest

from apps.contacts.models import ContactMethod, MethodKind
from apps.desk import paging
from apps.engine.runner import run_due
from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, DirectPage, Notification, Urgency
from apps.teams.models import TeamRole
from tests.api.clients import client_of
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person
from tests.factories.transports import served

TEXT = "The queue grows, please look"


@pytest.fixture
def mails(house):
    with served(Channel.EMAIL) as recorder:
        yield recorder


@pytest.fixture
def roster(house):
    """Rita is on call for the platform team; Ruth responds for it too."""
    make_person("Ruth", house.platform, TeamRole.RESPONDER)
    return put_on_call(house.platform, house.rita)


def asked(client, to: str, **more) -> str:
    return client.post("/page/", {"to": to, "text": TEXT, "urgency": "high", **more}, follow=True).content.decode()


def send(client, to: str, people: str):
    return client.post("/page/", {"to": to, "text": TEXT, "urgency": "high", "people": people})


@pytest.mark.parametrize(
    ("to", "label", "woken"),
    [
        ("on_call:platform", "on call for Platform", {"Rita"}),
        ("roster:platform", "on call in Platform", {"Rita"}),
        ("team:platform", "everybody of Platform", {"Rita", "Ruth"}),
    ],
)
def test_who_will_be_woken_is_named_before_anything_is_sent(house, cora, mails, roster, to, label, woken):
    page = asked(cora, to)
    assert label in page
    assert all(f">{name}</span>" in page for name in woken)
    assert "Stella" not in page
    assert f"This wakes {len(woken)} p" in page
    assert not DirectPage.objects.exists()


def test_the_page_goes_out_once_however_often_the_button_is_pressed(house, cora, mails, clock):
    to, people = f"person:{house.rita.pk}", str(house.rita.pk)
    answers = {send(cora, to, people)["Location"] for _ in range(3)}
    page = DirectPage.objects.get()
    assert answers == {f"/page/{page.pk}/"}
    run_due()
    assert [message.address for message in mails.messages] == ["rita@example.com"]
    clock.shift(minutes=2)
    send(cora, to, people)
    assert DirectPage.objects.count() == 2


def received(person) -> list[str]:
    """How urgent each page by hand was that the person received."""
    pages = Notification.objects.filter(person=person, direct__isnull=False).order_by("pk")
    return list(pages.values_list("urgency", flat=True))


def test_the_same_words_again_but_urgently_wake_whoever_was_not_woken(house, cora, mails):
    to, people = f"person:{house.rita.pk}", str(house.rita.pk)
    for urgency in ("low", "high", "high"):
        cora.post("/page/", {"to": to, "text": TEXT, "urgency": urgency, "people": people})
    assert received(house.rita) == ["low", "high"]


def test_of_two_people_of_one_name_each_is_paged(house, cora, mails):
    twin = make_person("Ruth", house.platform, TeamRole.RESPONDER)
    twin.name = house.rita.name
    twin.save()
    for person in (house.rita, twin):
        send(cora, f"person:{person.pk}", str(person.pk))
    assert (received(house.rita), received(twin)) == (["high"], ["high"])


def test_whoever_went_on_call_since_the_same_words_is_paged(house, mails):
    """The label is the same, the people behind it are not."""
    for person in (house.rita, house.ella):
        target = paging.Target("on call for Platform", [person], [])
        paging.page_once(target, text=TEXT, urgency=Urgency.HIGH, by=house.cora)
    assert (received(house.rita), received(house.ella)) == (["high"], ["high"])


def test_where_the_on_call_changed_meanwhile_the_sender_is_asked_again(house, cora, mails, roster):
    page = asked(cora, "on_call:platform", people=str(house.ella.pk))
    assert "Who is on call changed meanwhile" in page
    assert not DirectPage.objects.exists()


def test_somebody_who_cannot_be_reached_is_named_and_nobody_at_all_offers_no_button(house, cora, mails, roster):
    house.rita.contact_methods.all().delete()
    page = asked(cora, "team:platform")
    assert "Cannot be reached" in page
    assert "This wakes 1 person" in page
    page = asked(cora, "on_call:platform")
    assert "Nobody can be reached" in page
    assert "now</button>" not in page
    assert not DirectPage.objects.exists()


@pytest.mark.parametrize("to", ["team:nowhere", "team:ai", "roster:ai", "person:0", "person:x", "pigeon:1", "", "\0"])
def test_whom_one_cannot_choose_cannot_be_paged(house, cora, mails, to):
    put_on_call(house.ai, house.ella)
    assert cora.post("/page/", {"to": to, "text": TEXT, "urgency": "high", "people": "1"}).status_code == 422
    assert not DirectPage.objects.exists()


def test_who_responds_for_no_team_pages_nobody(house, signed_in, mails):
    stella = signed_in(house.stella)
    assert stella.get("/page/").status_code == 403
    assert send(stella, f"person:{house.rita.pk}", str(house.rita.pk)).status_code == 403
    assert "/page/" not in stella.get("/oncall/").content.decode()


def test_the_sender_watches_who_answered_what_and_strangers_see_nothing(house, cora, rita, signed_in, mails):
    page = actions.page_by_hand([house.rita, house.ella], to="both", text=TEXT, by=house.cora)
    run_due()
    address = f"/page/{page.pk}/"
    shown = cora.get(address).content.decode()
    assert "0 of 2" in shown
    assert "every 3s" in shown
    mine = Notification.objects.get(person=house.rita, direct=page)
    assert f"/notifications/{mine.pk}/acknowledge/" in rita.get(address).content.decode()
    rita.post(f"/notifications/{mine.pk}/acknowledge/")
    hers = Notification.objects.get(person=house.ella, direct=page)
    signed_in(house.ella).post(f"/notifications/{hers.pk}/decline/")
    shown = cora.get(address).content.decode()
    assert "2 of 2" in shown
    assert "Acknowledged" in shown
    assert "Declined" in shown
    stranger = make_person("Rick", house.platform, TeamRole.COMMANDER)
    assert signed_in(stranger).get(address).status_code == 404
    assert cora.get("/page/999999/").status_code == 404


def test_who_pages_by_hand_does_not_learn_at_which_address(house, cora, rita, mails):
    send(cora, f"person:{house.rita.pk}", str(house.rita.pk))
    page = DirectPage.objects.get()
    assert house.rita.email not in cora.get(f"/page/{page.pk}/").content.decode()
    assert "r…@example.com" in cora.get(f"/page/{page.pk}/").content.decode()
    assert house.rita.email in rita.get(f"/page/{page.pk}/").content.decode()
    (told,) = client_of(house.cora).get(f"/api/v1/pages/{page.pk}/").json()["receivers"]
    assert {each["to"] for each in told["deliveries"]} <= {"", "r…@example.com"}


@pytest.mark.parametrize(("label", "shown"), [("", "hooks.example"), ("My bot", "My bot")])
def test_the_address_of_a_webhook_is_shown_to_nobody(house, label, shown):
    secret = "https://hooks.example/services/T0/s3cret"
    method = ContactMethod(person=house.rita, kind=MethodKind.WEBHOOK, value=secret, label=label)
    delivery = Delivery(notification=Notification(person=house.rita), channel=Channel.WEBHOOK, address=secret)
    delivery.method = method
    assert delivery.shown == shown


def test_pages_lead_to_whom_they_name(house, cora, roster, incident):
    on_call = cora.get("/oncall/").content.decode()
    assert f"/page/?to=person:{house.rita.pk}" in on_call
    assert "/page/?to=team:platform" in on_call
    assert "/page/?to=roster:platform" in cora.get("/rosters/platform/").content.decode()
    assert '<option value="on_call:platform" selected>' in cora.get("/page/?to=on_call:platform").content.decode()
