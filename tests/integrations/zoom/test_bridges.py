"""A bridge is one meeting, open to all, as long as the incident is worked on."""

from __future__ import annotations

import httpx
import pytest

from apps.core import http
from apps.core.errors import OutcomeUnknown, ProviderError, Unreachable
from apps.incidents.models import EventKind
from apps.integrations.tools import Made
from apps.integrations.zoom import client, tool
from tests.integrations.briefs import brief, news
from tests.integrations.provider import Answer, nobody_there
from tests.integrations.zoom.conftest import HOST, TOLD


def opened(url: str, **told: str):
    return tool.opened({**TOLD, "url": url, "accounts_url": url, **told})


def enter(made: Made) -> httpx.Response:
    """Somebody follows the link to the meeting."""
    return httpx.get(made.url, trust_env=False)


def test_a_meeting_tells_what_it_is_about_and_waits_for_nobody(bridge, zoom):
    made = bridge.make(brief(), key="step-1")
    (there,) = zoom.meetings()
    assert (made.ref, made.label, made.url) == (str(there["id"]), f"Zoom {there['id']}", there["join_url"])
    assert (there["topic"], there["type"]) == ("[P0] INC-1: Disks full", client.NO_FIXED_TIME)
    assert there["agenda"] == f"INC-1: {brief().mark}\nEverybody waits"
    assert (there["settings"]["join_before_host"], there["settings"]["waiting_room"]) == (True, False)
    (row,) = zoom.sandbox.rows
    assert (row.channel, row.incident, row.subject) == ("bridge", "INC-1", there["topic"])
    assert row.links == [made.url]
    assert enter(made).status_code == 200


def test_a_topic_is_one_line_that_zoom_takes(bridge, zoom):
    bridge.make(brief(title="Disks\nfull " + "x" * 300, impact="y" * 3000), key="step-1")
    (there,) = zoom.meetings()
    assert there["topic"].startswith("[P0] INC-1: Disks full xxx")
    assert len(there["topic"]) == tool.LONGEST_TOPIC


def test_a_meeting_is_found_by_its_own_mark_alone(bridge, zoom):
    assert bridge.find(brief(1)) is None
    made = bridge.make(brief(1), key="step-1")
    bridge.make(brief(11), key="step-2")
    assert bridge.find(brief(1)) == made
    assert bridge.find(brief(2)) is None
    assert bridge.find(brief(1, mark=brief(1).mark[:-2])) is None


def test_a_meeting_is_found_on_a_later_page(bridge, zoom, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    made = [bridge.make(brief(number), key=f"step-{number}") for number in range(1, 6)]
    assert bridge.find(brief(5)) == made[-1]
    monkeypatch.setattr(client, "PAGES", 2)
    assert bridge.find(brief(5)) is None


def test_it_is_ended_with_whoever_is_in_it_and_deleted(bridge, zoom):
    made = bridge.make(brief(), key="step-1")
    enter(made)
    for _ in range(2):
        bridge.end(made, brief())
    assert zoom.meetings() == []
    assert zoom.said() == ["The host has ended this meeting", "This meeting is deleted"]
    assert enter(made).status_code == 404
    assert bridge.find(brief()) is None


def test_one_that_nobody_is_in_is_deleted(bridge, zoom):
    bridge.end(bridge.make(brief(), key="step-1"), brief())
    assert zoom.said() == ["This meeting is deleted"]


def test_one_that_somebody_enters_meanwhile_is_ended_later(provider):
    refused = Answer.of({"code": 3002, "message": "in progress"}, 400)
    provider.then = lambda request: refused if request.method == "DELETE" else Answer.of({"status": "waiting"})
    with opened(provider.url) as bridge, pytest.raises(ProviderError, match="still goes on") as error:
        bridge.end(Made("85", "Zoom 85"), brief())
    assert not error.value.permanent


@pytest.mark.parametrize("body", [b'{"code": 300}', b"[]", b"<html>"])
def test_what_is_refused_at_the_end_otherwise_is_told(provider, body):
    provider.then = lambda request: (
        Answer(400, body) if request.method == "DELETE" else Answer.of({"status": "waiting"})
    )
    with opened(provider.url) as bridge, pytest.raises(http.Refused, match="400"):
        bridge.end(Made("85", "Zoom 85"), brief())


def test_the_host_of_a_connection_is_told(bridge):
    assert bridge.check() == "Meetings are held by ops."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"client_secret": "wrong"}, "Invalid client_id or client_secret"),
        ({"account_id": ""}, "Bad Request"),
        ({"host": "nobody"}, "User does not exist: nobody"),
        ({"host": "../meetings/1"}, "Answered 404"),
    ],
)
def test_a_connection_that_cannot_work_says_why(zoom, told, words):
    with pytest.raises(ProviderError, match=words) as refused, tool.opened({**zoom.told, **told}) as bridge:
        bridge.check()
    assert refused.value.permanent


def test_a_token_that_another_process_ended_is_no_revoked_one(provider):
    provider.then = lambda _: Answer.of({"code": 124, "message": "Invalid access token."}, 401)
    with opened(provider.url) as bridge, pytest.raises(ProviderError, match="Invalid access token") as error:
        bridge.make(brief(), key="step-1")
    assert (error.value.permanent, error.value.refuses_us) == (False, False)


def test_a_client_that_zoom_does_not_take_is_refused(provider):
    provider.answer = lambda _: Answer.of({"error": "invalid_client"}, 401)
    with opened(provider.url) as bridge, pytest.raises(http.Refused) as error:
        bridge.check()
    assert (error.value.permanent, error.value.refuses_us) == (True, True)


@pytest.mark.parametrize(
    ("answer", "error", "permanent", "again"),
    [
        (Answer.of({"code": 4711, "message": "does not contain scopes"}, 400), http.Refused, True, None),
        (Answer.of({"code": 429}, 429, Retry_After="7"), http.Refused, False, 7),
        (Answer(502, b"Bad gateway"), http.Refused, False, None),
        (Answer(200, b"<html>It works!</html>"), OutcomeUnknown, False, None),
        (Answer.of({"id": 85}, 201), OutcomeUnknown, False, None),
        (Answer.of({"id": 85, "join_url": "javascript:alert(1)"}, 201), OutcomeUnknown, False, None),
    ],
)
def test_what_zoom_answers_instead_is_told_as_what_it_is(provider, answer, error, permanent, again):
    provider.then = lambda _: answer
    with opened(provider.url) as bridge, pytest.raises(error) as raised:
        bridge.make(brief(), key="step-1")
    assert (raised.value.permanent, raised.value.retry_after) == (permanent, again)


@pytest.mark.parametrize("answer", [{}, {"meetings": None}, {"meetings": [{}]}, {"meetings": [7]}])
def test_a_list_that_is_nonsense_never_means_that_there_is_none(provider, answer):
    provider.then = lambda _: Answer.of(answer)
    with opened(provider.url) as bridge, pytest.raises(OutcomeUnknown):
        bridge.find(brief())


@pytest.mark.parametrize("token", [{}, [], {"access_token": None}])
def test_a_token_that_is_none_is_not_used(provider, token):
    provider.answer = lambda _: Answer.of(token)
    with opened(provider.url) as bridge, pytest.raises(OutcomeUnknown):
        bridge.make(brief(), key="step-1")
    assert len(provider.received) == 1


@pytest.mark.parametrize("fault", ["hang", "close"])
def test_of_a_meeting_whose_answer_is_lost_nobody_knows(provider, monkeypatch, fault):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    provider.then = lambda _: Answer.of({"email": HOST})
    with opened(provider.url) as bridge:
        bridge.check()
        provider.fault = fault
        with pytest.raises(OutcomeUnknown):
            bridge.make(brief(), key="step-1")
    assert provider.received[-1].method == "POST"


def test_where_nobody_answers_nothing_was_made(settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with opened(nobody_there()) as bridge, pytest.raises(Unreachable):
        bridge.make(brief(), key="step-1")


def test_a_host_is_one_part_of_the_path(provider):
    provider.then = lambda _: Answer.of({"email": "x"})
    with opened(provider.url, host="a/b?c@example.com") as bridge:
        bridge.check()
    assert provider.received[-1].path == "/v2/users/a%2Fb%3Fc@example.com"


def test_a_token_is_asked_for_once_and_only_when_it_is_needed(provider):
    provider.then = lambda _: Answer.of({"email": HOST, "meetings": []})
    with opened(provider.url) as bridge:
        bridge.follow(Made("85", "Zoom 85"), brief(), news(EventKind.NOTE))
        assert provider.received == []
        assert bridge.find(brief()) is None
        bridge.check()
    request, *others = provider.received
    assert [other.path.partition("?")[0] for other in others] == [f"/v2/users/{HOST}/meetings", f"/v2/users/{HOST}"]
    assert request.form == {"grant_type": ["account_credentials"], "account_id": [TOLD["account_id"]]}
    basic = httpx.BasicAuth(TOLD["client_id"], TOLD["client_secret"])
    assert request.headers["Authorization"] == basic._auth_header
    assert HOST not in request.body.decode()
