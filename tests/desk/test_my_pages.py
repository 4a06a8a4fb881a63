"""My pages: what I was told, what became of it, what waits for my answer; and who was told on the incident."""

from __future__ import annotations

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, DeliveryState, NotificationKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.factories.transports import served


@pytest.fixture
def mails(house):
    with served(Channel.EMAIL) as recorder:
        yield recorder


@pytest.fixture
def by_hand(house, mails):
    """Cora pages Rita by hand."""
    return actions.page_by_hand([house.rita], to="Rita", text="Can you look at the queue?", by=house.cora)


def test_what_waits_for_me_comes_first_however_old_and_can_be_filtered(house, incident, rita, mails, clock):
    run_due()
    clock.shift(minutes=5)
    actions.notify(
        house.rita, incident=None, kind=NotificationKind.NOTICE, step="later", subject="A later notice", text="News"
    )
    page = rita.get("/notifications/").content.decode()
    assert page.index("Waits for you") < page.index("A later notice")
    unanswered = rita.get("/notifications/", {"show": "unanswered"}).content.decode()
    assert "A later notice" not in unanswered
    assert incident.title in unanswered


def test_each_message_says_which_way_it_went_and_what_became_of_it(house, incident, rita, mails):
    run_due()
    Delivery.objects.filter(notification__person=house.rita, channel=Channel.EMAIL).update(
        state=DeliveryState.FAILED, last_error="550 no such user"
    )
    page = rita.get("/notifications/").content.decode()
    assert "Email to rita@example.com" in page
    assert "Failed" in page
    assert "550 no such user" in page


def test_the_bell_says_first_what_is_unanswered_then_what_is_unread(house, incident, rita, mails):
    run_due()
    assert 'aria-label="My pages: 1 unanswered"' in rita.get("/oncall/").content.decode()
    incidents.acknowledge(incident.pk, by=house.rita)
    actions.notify(house.rita, incident=None, kind=NotificationKind.NOTICE, step="a", subject="News", text="News")
    assert "My pages: 1 unread" in rita.get("/oncall/").content.decode()
    rita.post("/notifications/read/")
    assert 'aria-label="My pages"' in rita.get("/oncall/").content.decode()


def test_all_of_mine_are_acknowledged_at_once_the_direct_ones_too_and_nobody_elses(
    house, incident, rita, by_hand, mails
):
    other = declare(house.platform, house.cora, title="Another")
    hers = actions.page_by_hand([house.ella], to="Ella", text="And you?", by=house.cora)
    run_due()
    page = rita.post("/notifications/acknowledge/", follow=True).content.decode()
    for name in (incident.reference, other.reference, "The page of Cora"):
        assert page.count(f"{name} acknowledged.") == 1
    for each in (incident, other):
        each.refresh_from_db()
        assert each.acknowledged_by == house.rita
    assert by_hand.notifications.get().acknowledged_at is not None
    assert hers.notifications.get().acknowledged_at is None
    assert "Nothing waits for you." in rita.post("/notifications/acknowledge/", follow=True).content.decode()


def test_one_page_is_declined_with_a_reason_and_twice_is_said(house, incident, rita, mails):
    run_due()
    page = house.rita.notifications.get(kind="page")
    said = rita.post(f"/notifications/{page.pk}/decline/", {"reason": "On a train"}, follow=True).content.decode()
    assert "declined." in said
    assert "Declined" in said
    assert "Rita cannot take it on: On a train" in incident.timeline.get(kind="page_declined").text
    again = rita.post(f"/notifications/{page.pk}/decline/", follow=True).content.decode()
    assert "You answered the page" in again


def test_a_direct_page_waits_on_the_first_page_and_is_answered_there(house, rita, by_hand):
    home = rita.get("/").content.decode()
    assert "Can you look at the queue?" in home
    page = by_hand.notifications.get()
    answer = rita.post(f"/notifications/{page.pk}/acknowledge/", {"then": "/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page.refresh_from_db()
    assert page.acknowledged_at is not None
    assert "Can you look at the queue?" not in rita.get("/").content.decode()
    assert house.cora.notifications.get(kind="notice").subject == "Rita acknowledged your page"


@pytest.mark.parametrize("verb", ["acknowledge", "decline"])
def test_the_page_of_somebody_else_is_not_mine_to_answer(house, incident, cora, mails, verb):
    run_due()
    page = house.rita.notifications.get(kind="page")
    assert cora.post(f"/notifications/{page.pk}/{verb}/").status_code == 404
    page.refresh_from_db()
    assert not page.is_answered


def test_going_back_elsewhere_than_here_is_refused(house, rita, by_hand):
    page = by_hand.notifications.get()
    answer = rita.post(f"/notifications/{page.pk}/acknowledge/", {"then": "//evil.example/"})
    assert answer["Location"] == "/notifications/"


def bundle(lead: Delivery, *others: Delivery) -> None:
    """The message of ``lead`` told of the others too."""
    Delivery.objects.filter(pk__in=[each.pk for each in others]).update(bundled_into=lead)


def mail_of(incident, person) -> Delivery:
    return Delivery.objects.get(
        notification__incident=incident, notification__person=person, notification__kind="page", channel=Channel.EMAIL
    )


def test_who_was_told_is_by_person_and_names_what_shared_a_summary(house, incident, rita, mails):
    other = declare(house.platform, house.cora, title="Another")
    run_due()
    bundle(mail_of(other, house.rita), mail_of(incident, house.rita))
    told = rita.get(f"{incident.get_absolute_url()}parts/receipts/").content.decode()
    assert told.count('title="') >= 1
    assert told.count(">Rita</span>") == 1
    assert f"in one summary with {other.reference}" in told
    assert "No answer yet" in told
    assert f"in one summary with {incident.reference}" in rita.get(
        f"{other.get_absolute_url()}parts/receipts/"
    ).content.decode()  # fmt: skip
    incidents.acknowledge(incident.pk, by=house.rita)
    assert "Acknowledged" in rita.get(f"{incident.get_absolute_url()}parts/receipts/").content.decode()


def test_a_private_incident_in_the_same_summary_is_not_named_to_who_may_not_see_it(house, incident, mails, signed_in):
    secret = declare(house.platform, house.cora, title="A token was published", private=True)
    run_due()
    bundle(mail_of(secret, house.rita), mail_of(incident, house.rita))
    ruth = make_person("Ruth", house.platform, TeamRole.RESPONDER)
    address = f"{incident.get_absolute_url()}parts/receipts/"
    told = signed_in(ruth).get(address).content.decode()
    assert "in one summary with another incident" in told
    assert secret.reference not in told
    assert secret.reference in signed_in(house.cora).get(address).content.decode()


def test_lists_cost_as_many_queries_for_many_messages_as_for_few(house, rita, mails, django_assert_max_num_queries):
    first = declare(house.platform, house.cora)
    second = declare(house.platform, house.cora)
    run_due()
    bundle(mail_of(first, house.rita), mail_of(second, house.rita))
    receipts = f"{first.get_absolute_url()}parts/receipts/"
    for address in ("/notifications/", receipts):
        rita.get(address)
    with django_assert_max_num_queries(40) as few:
        rita.get("/notifications/")
    with django_assert_max_num_queries(40) as few_told:
        rita.get(receipts)
    for number in range(5):
        made = declare(house.platform, house.cora)
        person = make_person(f"Person{number}", house.platform, TeamRole.RESPONDER)
        actions.notify(person, incident=first, kind=NotificationKind.PAGE, step="more", subject="More", text="More")
        run_due()
        bundle(mail_of(first, house.rita), mail_of(made, house.rita))
    with django_assert_max_num_queries(len(few.captured_queries)):
        rita.get("/notifications/")
    with django_assert_max_num_queries(len(few_told.captured_queries)):
        rita.get(receipts)
