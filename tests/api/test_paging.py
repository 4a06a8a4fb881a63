"""``/pages/``: page somebody by hand."""

from __future__ import annotations

import pytest

from apps.notifications.models import Channel, DirectPage
from tests.api.clients import client_of
from tests.factories.rosters import put_on_call
from tests.factories.transports import served

URL = "/api/v1/pages/"
TEXT = "The queue grows"


@pytest.fixture(autouse=True)
def mails(house):
    with served(Channel.EMAIL) as recorder:
        yield recorder


@pytest.mark.parametrize(
    ("to", "paged"),
    [
        ({"user": "cora@example.com"}, {"Cora"}),
        ({"on_call": "platform"}, {"Cora"}),
        ({"roster": "platform"}, {"Cora"}),
        ({"team": "platform"}, {"Cora"}),
    ],
)
def test_a_page_goes_to_whom_it_names(house, rita, cora, to, paged):
    put_on_call(house.platform, house.cora)
    answer = rita.post(URL, {"to": to, "text": TEXT})
    assert answer.status_code == 201, answer.content
    page = answer.json()
    assert {each["person"]["name"] for each in page["receivers"]} == paged
    assert {each["urgency"] for each in page["receivers"]} == {"high"}
    assert (page["text"], page["by"]["name"]) == (TEXT, "Rita")
    assert cora.get(f"{URL}{page['id']}/").json()["text"] == TEXT
    assert [each["id"] for each in rita.get(URL).json()["results"]] == [page["id"]]


@pytest.mark.parametrize(
    "sent",
    [
        {"text": TEXT}, {"to": {}, "text": TEXT}, {"to": {"user": "nobody@example.com"}, "text": TEXT},
        {"to": {"user": "cora@example.com", "team": "platform"}, "text": TEXT}, {"to": {"team": "ai"}, "text": TEXT},
        {"to": {"roster": "nowhere"}, "text": TEXT}, {"to": {"on_call": "platform"}, "text": TEXT},
        {"to": {"user": "cora@example.com"}, "text": "  "}, {"to": "cora@example.com", "text": TEXT},
        {"to": {"user": "cora@example.com"}, "text": "x" * 2001},
        {"to": {"user": "cora@example.com"}, "text": TEXT, "urgency": "medium"},
    ],
)  # fmt: skip
def test_what_leads_to_nobody_is_400_and_pages_nobody(house, rita, sent):
    assert rita.post(URL, sent).status_code == 400
    assert not DirectPage.objects.exists()


def test_who_responds_for_nobody_pages_nobody_and_strangers_read_nothing(house, rita):
    page = rita.post(URL, {"to": {"user": "cora@example.com"}, "text": TEXT}).json()
    for person in (house.stella, house.ada):
        client = client_of(person)
        assert client.post(URL, {"to": {"user": "cora@example.com"}, "text": TEXT}).status_code == 403
        assert client.get(f"{URL}{page['id']}/").status_code == 404
        assert client.get(URL).json()["results"] == []


def test_one_key_is_one_page(house, rita):
    sent = {"to": {"user": "cora@example.com"}, "text": TEXT}
    answers = [rita.post(URL, sent, headers={"Idempotency-Key": "once"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert DirectPage.objects.count() == 1


def test_a_list_costs_as_many_queries_for_many_as_for_few(house, rita, django_assert_max_num_queries):
    def send() -> None:
        assert rita.post(URL, {"to": {"team": "platform"}, "text": TEXT}).status_code == 201

    send()
    with django_assert_max_num_queries(20) as few:
        rita.get(URL)
    allowed = len(few.captured_queries)
    for _ in range(5):
        send()
    with django_assert_max_num_queries(allowed):
        rita.get(URL)


def test_one_page_is_acknowledged_or_declined_by_whoever_it_was_sent_to(house, rita, cora):
    for _ in range(2):
        rita.post(URL, {"to": {"user": "cora@example.com"}, "text": TEXT})
    second, first = cora.get("/api/v1/me/pages/").json()["results"]
    told = cora.post(f"/api/v1/me/pages/{first['id']}/acknowledge/").json()
    assert (told["page"], told["done"]) == (first["id"], True)
    assert cora.post(f"/api/v1/me/pages/{second['id']}/decline/", {"reason": "On a train"}).json()["done"] is True
    assert cora.get("/api/v1/me/pages/?unanswered=true").json()["results"] == []
    assert {
        (page["receivers"][0]["acknowledged_at"] is None, page["receivers"][0]["declined_at"] is None)
        for page in rita.get(URL).json()["results"]
    } == {(False, True), (True, False)}
    assert rita.post(f"/api/v1/me/pages/{first['id']}/decline/").status_code == 404
    assert cora.post(f"/api/v1/me/pages/{first['id']}/decline/", {"why": "?"}).status_code == 400
