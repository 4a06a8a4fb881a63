"""Where somebody is signed in, as they see it, and ending it."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from apps.identity import sessions
from apps.identity.sessions import device_of
from tests.factories.teams import make_person
from tests.identity.conftest import PASSWORD

WAYS_IN = "/profile/sign-in/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"


def signed_in(person, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/login/", {"login": person.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_device_is_told_in_words(agent, device):
    assert device_of(agent) == device


def test_one_session_is_ended_from_another(rita):
    here, there = signed_in(rita), signed_in(rita, IPHONE)
    page = here.get(WAYS_IN).content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    other = UserSession.objects.get(user_agent=IPHONE)
    assert here.post(f"{WAYS_IN}sessions/{other.pk}/end/")["Location"] == WAYS_IN
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert "Safari on iPhone" not in here.get(WAYS_IN).content.decode()


def test_all_others_are_ended_at_once(rita):
    here, *others = [signed_in(rita, agent) for agent in (FIREFOX, EDGE, IPHONE)]
    here.post(f"{WAYS_IN}sessions/end-others/")
    assert [is_signed_in(each) for each in (here, *others)] == [True, False, False]


def test_many_sessions_cost_no_more_than_one(rita, django_assert_max_num_queries):
    here = signed_in(rita)
    for _ in range(10):
        signed_in(rita, IPHONE)
    with django_assert_max_num_queries(2):
        assert len(sessions.of(rita, current=here.session.session_key)) == 11


def test_sessions_of_others_are_not_there(rita):
    signed_in(rita)
    other = make_person("Eve")
    other.set_password(PASSWORD)
    other.save()
    eve = signed_in(other)
    assert eve.post(f"{WAYS_IN}sessions/{UserSession.objects.get(user=rita).pk}/end/").status_code == 404


def test_another_password_ends_every_other_session(rita):
    here, there = signed_in(rita), signed_in(rita, IPHONE)
    new = "another horse and battery"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(f"{WAYS_IN}password/", sent)["Location"] == WAYS_IN
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert "Safari on iPhone" not in here.get(WAYS_IN).content.decode()
