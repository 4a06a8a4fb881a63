"""Mail of what is published: asked for, confirmed, once each, and ended by one press (R26)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.communications.models import MailState, PublicUpdate, Subscriber, SubscriberMail
from apps.communications.status_page import actions, mailing, subscribing
from apps.core import quotas, retention
from apps.core.quotas import Policy, Spent
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents.models import Incident
from apps.notifications.models import Notification
from apps.privacy import belongings
from tests.factories.incidents import declare
from tests.factories.status_page import make_component, publish
from tests.factories.teams import make_person
from tests.notifications import conftest as notifications

mail_server = notifications.mail_server
ASKED = "If mail reaches this address"


@pytest.fixture
def api(team):
    return make_component(team)


@pytest.fixture
def web(team):
    return make_component(team, slug="web", name="Web")


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def reader(name, *components):
    """Somebody who asked and confirmed."""
    subscribing.ask(f"{name}@example.com", [component.pk for component in components])
    found = Subscriber.objects.get(address=f"{name}@example.com")
    subscribing.confirm(subscribing.token_of(found))
    Timer.objects.filter(kind=subscribing.ASK).delete()
    return found


def body_of(mail) -> str:
    return mail.get_payload(decode=True).decode()


def to_readers(mail_server) -> list:
    """The mails that subscribers got; the response team has its own."""
    return [mail for mail in mail_server.received if mail["Message-ID"].startswith(("<ask-", "<status-"))]


def told(mail_server) -> list[str]:
    return [mail["To"] for mail in to_readers(mail_server)]


def path_in(mail) -> str:
    return re.search(r"http://[^/\s]+(/status/\S+/)", body_of(mail))[1]


def states() -> list[str]:
    return list(SubscriberMail.objects.order_by("pk").values_list("state", flat=True))


def test_who_asks_confirms_by_mail_and_leaves_by_one_press(clock, stranger, mail_server, team, commander, api):
    form = {"address": " Ann@Example.com ", "component": [api.pk, 999_999, "x"]}
    assert ASKED in stranger.post("/status/subscribe/", form).content.decode()
    run_due()
    publish(declare(team), commander, api)
    run_due()
    (question,) = to_readers(mail_server)  # nothing else before it is confirmed
    assert question["To"] == "ann@example.com"
    link = path_in(question)
    assert "Yes, write to me" in stranger.get(link).content.decode()
    assert Subscriber.objects.get().confirmed_at is None  # looking at the link does nothing
    assert stranger.post(link).status_code == 200
    publish(declare(team), commander, api, name="Slow again", message="We look again.")
    run_due()
    mail = to_readers(mail_server)[1]
    assert "Slow again" in mail["Subject"]
    assert "We look again." in body_of(mail)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leaving = re.fullmatch(r"<http://[^/]+(/status/unsubscribe/.+/)>", mail["List-Unsubscribe"].strip())[1]
    assert leaving in body_of(mail)
    assert stranger.get(leaving).status_code == 200
    assert Subscriber.objects.exists()
    for _ in range(2):
        assert stranger.post(leaving, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()
    assert not SubscriberMail.objects.exists()
    publish(declare(team), commander, api)
    run_due()
    assert len(to_readers(mail_server)) == 2
    assert stranger.get(leaving).status_code == 404


def test_who_chose_components_hears_of_these_and_who_chose_none_of_all(clock, mail_server, team, commander, api, web):
    for name, chosen in {"all": (), "api": (api,), "web": (web,), "both": (api, web)}.items():
        reader(name, *chosen)
    subscribing.ask("unconfirmed@example.com")
    Timer.objects.filter(kind=subscribing.ASK).delete()
    publish(declare(team), commander, api)
    run_due()
    assert sorted(told(mail_server)) == ["all@example.com", "api@example.com", "both@example.com"]
    mail_server.received.clear()
    publish(declare(team), commander)
    run_due()
    assert told(mail_server) == ["all@example.com"]


def test_who_heard_of_an_incident_by_a_component_hears_of_its_end(
    clock, client, mail_server, team, commander, api, web
):
    reader("api", api)
    reader("web", web)
    incident = declare(team)
    publish(incident, commander, api)
    publish(incident, commander, message="It works, we watch.")
    client.force_login(commander)
    form = {"name": "Slow", "status": "resolved", "impact": "minor", "message": "Over.", "do": "preview"}
    seen = client.post(f"/incidents/{incident}/status-page/", form).content.decode()
    assert "Mail goes to 1 subscriber." in seen
    publish(incident, commander, message="Over.", status="resolved")
    run_due()
    assert told(mail_server) == ["api@example.com"] * 3


def test_nobody_learns_who_subscribes(clock, stranger, mail_server, db):
    reader("ann")
    before = Subscriber.objects.values().get()
    known = stranger.post("/status/subscribe/", {"address": "ann@example.com"})
    unknown = stranger.post("/status/subscribe/", {"address": "ben@example.com"})
    assert known.content == unknown.content
    run_due()
    assert told(mail_server) == ["ben@example.com"]
    assert Subscriber.objects.values().get(address="ann@example.com") == before


def test_an_address_is_asked_once_an_hour_however_often_it_is_entered(clock, stranger, mail_server, db):
    for _ in range(3):
        stranger.post("/status/subscribe/", {"address": "ann@example.com"})
        run_due()
    assert len(to_readers(mail_server)) == 1
    clock.shift(hours=1)
    stranger.post("/status/subscribe/", {"address": "ann@example.com"})
    run_due()
    assert len(to_readers(mail_server)) == 2


@pytest.mark.parametrize("reply", ["550 no such mailbox", "451 try again later"])
def test_an_address_that_takes_no_mail_wakes_nobody_and_is_forgotten(clock, stranger, mail_server, db, reply):
    ada = make_person("Ada")
    ada.is_superuser = True
    ada.save()
    mail_server.refused = {"ann@example.com": reply}
    stranger.post("/status/subscribe/", {"address": "ann@example.com"})
    for _ in range(12):
        run_due()
        clock.shift(minutes=6)
    assert not Timer.objects.filter(state__in=(State.DEAD, State.PENDING), kind=subscribing.ASK).exists()
    assert not Notification.objects.exists()
    assert not Subscriber.objects.exists()


def test_too_many_of_one_address_on_the_network_are_refused(clock, stranger, db, monkeypatch):
    monkeypatch.setattr(quotas, "spend", lambda policy, _: Spent(policy, 1, 0, 7, policy is Policy.STRANGER))
    assert stranger.post("/status/subscribe/", {"address": "ann@example.com"}).status_code == 429
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "address", ["", "ann", "a@b", "ann@example.com\nBcc: x@example.com", "x" * 300 + "@example.com"]
)
def test_what_is_no_address_is_refused(clock, stranger, db, address):
    assert stranger.post("/status/subscribe/", {"address": address}).status_code == 422
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "٣"])
def test_a_component_that_is_none_is_not_chosen(clock, stranger, db, number):
    asked = stranger.post("/status/subscribe/", {"address": "ann@example.com", "component": number})
    assert asked.status_code == 200
    assert not Subscriber.objects.get().components.exists()


def test_a_link_that_was_not_made_here_opens_nothing(clock, stranger, db):
    token = subscribing.token_of(reader("ann"))
    for wrong in (f"x{token}", "abc", token[:-2]):
        assert stranger.get(f"/status/confirm/{wrong}/").status_code == 404
        stranger.post(f"/status/unsubscribe/{wrong}/")
    assert Subscriber.objects.exists()


def test_each_is_sent_once_whatever_is_planned_again(clock, mail_server, team, commander):
    reader("ann")
    publish(declare(team), commander)
    run_due()
    published = PublicUpdate.objects.get()
    mailing.plan(published.pk)
    run_due()
    mailing.send(published.pk)
    assert told(mail_server) == ["ann@example.com"]
    assert states() == [MailState.SENT]


def test_killed_on_its_way_it_is_not_sent_again_and_the_others_are(clock, mail_server, team, commander, monkeypatch):
    reader("ann")
    reader("ben")
    publish(declare(team), commander)
    moved = mailing._moved

    def die_after_sending(mail, before, after):
        if after == MailState.SENT:
            raise KeyboardInterrupt
        return moved(mail, before, after)

    monkeypatch.setattr(mailing, "_moved", die_after_sending)
    with pytest.raises(KeyboardInterrupt):
        run_due()
    monkeypatch.setattr(mailing, "_moved", moved)
    Timer.objects.filter(state=State.LEASED).update(state=State.PENDING, lease_until=None, leased_by=None)
    clock.shift(minutes=5)
    run_due()
    assert told(mail_server) == ["ann@example.com", "ben@example.com"]
    assert states() == [MailState.SENDING, MailState.SENT]


def test_one_address_that_is_refused_holds_no_other_back(clock, mail_server, team, commander):
    for name in ("ann", "ben", "cleo"):
        reader(name)
    mail_server.refused = {"ann@example.com": "550 no such mailbox", "ben@example.com": "451 try again later"}
    publish(declare(team), commander)
    run_due()
    assert told(mail_server) == ["cleo@example.com"]
    assert states() == [MailState.FAILED, MailState.PLANNED, MailState.SENT]
    mail_server.refused.clear()
    clock.shift(hours=1)
    run_due()
    assert told(mail_server) == ["cleo@example.com", "ben@example.com"]


def test_a_mail_server_that_is_away_gets_them_when_it_is_back(clock, settings, mail_server, team, commander):
    reader("ann")
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    publish(declare(team), commander)
    run_due()
    assert states() == [MailState.PLANNED]
    settings.EMAIL_PORT = there
    clock.shift(hours=1)
    run_due()
    assert states() == [MailState.SENT]


def test_many_full_mailboxes_hold_nobody_back_and_are_given_up_without_a_word(
    clock, mail_server, team, commander, monkeypatch
):
    monkeypatch.setattr(mailing, "BATCH", 2)
    for name in ("ann", "ben", "cleo", "dora", "eve"):
        reader(name)
    mail_server.refused = {f"{name}@example.com": "452 mailbox full" for name in ("ann", "ben", "cleo")}
    publish(declare(team), commander)
    run_due()
    assert told(mail_server) == ["dora@example.com", "eve@example.com"]
    for _ in range(mailing.TRIES):
        clock.shift(hours=1)
        run_due()
    assert states() == [MailState.FAILED] * 3 + [MailState.SENT] * 2
    assert not Timer.objects.filter(kind=mailing.SEND, state__in=(State.DEAD, State.PENDING)).exists()


def test_a_mail_server_that_stays_away_is_asked_for_a_day(clock, settings, mail_server, team, commander):
    reader("ann")
    settings.EMAIL_PORT = 1
    publish(declare(team), commander)
    for _ in range(20):
        run_due()
        clock.shift(minutes=6)
    assert states() == [MailState.PLANNED]
    assert Timer.objects.filter(kind=mailing.SEND, state=State.PENDING).exists()
    clock.shift(days=1)
    run_due()
    assert states() == [MailState.FAILED]
    assert not Timer.objects.filter(kind=mailing.SEND, state__in=(State.DEAD, State.PENDING)).exists()


@pytest.mark.parametrize("how", ["taken off", "private", "drill"])
def test_nobody_is_told_of_what_left_the_page_before_the_mail_went(clock, mail_server, team, commander, how):
    reader("ann")
    incident = declare(team)
    publish(incident, commander)
    if how == "taken off":
        actions.take_off(incident.pk, reason="The wrong one", by=commander)
    else:
        Incident.objects.filter(pk=incident.pk).update(**{how: True})
    run_due()
    assert told(mail_server) == []


def test_who_never_confirms_is_forgotten(clock, db):
    subscribing.ask("ann@example.com")
    ben = reader("ben")
    clock.shift(days=2, seconds=1)
    kept = next(each for each in retention.kinds() if each.kind == "subscribers_unconfirmed")
    retention.sweep(kept, until=float("inf"))
    assert list(Subscriber.objects.all()) == [ben]


def test_whoever_is_erased_subscribes_no_more(clock, team):
    rita = make_person("Rita")
    subscribing.ask(rita.email)
    reader("ben")
    belongings.take_away(rita, [rita.email])
    assert [each.address for each in Subscriber.objects.all()] == ["ben@example.com"]


def test_the_preview_says_how_many_are_mailed(clock, client, team, commander, api, web):
    reader("ann")
    reader("ben", web)
    client.force_login(commander)
    form = {
        "name": "Slow", "status": "investigating", "impact": "minor", "message": "We look.", "do": "preview",
        f"component_{api.pk}": "degraded_performance",
    }  # fmt: skip
    seen = client.post(f"/incidents/{declare(team)}/status-page/", form).content.decode()
    assert "Mail goes to 1 subscriber." in seen
