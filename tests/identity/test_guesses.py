"""Guesses of a password are bounded for each account, from wherever they come, and nobody is locked out by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.test import Client, RequestFactory

from apps.core import origins
from apps.core.audited import Act
from apps.identity import devices, guesses, sparing
from apps.identity.models import Guesses
from apps.teams.models import User
from tests.identity.conftest import PASSWORD


def from_address(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def tries(client: Client, email: str, password: str = "wrong") -> int:  # noqa: S107  (it is)
    return client.post("/login/", {"login": email, "password": password}).status_code


@pytest.fixture
def exhausted(rita, clock) -> User:
    Guesses.objects.create(person=rita, began_at=clock.now, wrong=guesses.MOST)
    return rita


def test_one_line_with_ipv6_is_one_client(rita):
    answers = [tries(from_address(f"2001:db8:1:2::{number:x}"), rita.email) for number in range(1, 12)]
    assert answers[-1] == 429
    assert tries(from_address("2001:db8:1:3::1"), rita.email) == 200


def test_wrong_passwords_are_counted_from_wherever_they_come(rita, clock):
    for number in range(3):
        tries(from_address(f"192.0.2.{number}"), rita.email)
    assert Guesses.objects.get().wrong == 3
    clock.shift(minutes=61)
    tries(from_address("192.0.2.9"), rita.email)
    assert Guesses.objects.get().wrong == 1


def test_beyond_the_bound_a_password_is_refused_as_a_wrong_one_is(exhausted):
    client = from_address("192.0.2.7")
    right = client.post("/login/", {"login": exhausted.email, "password": PASSWORD})
    assert right.status_code == 200
    assert "are not correct" in right.content.decode()
    assert client.get("/profile/").status_code == 302


def test_until_the_hour_is_over(exhausted, clock):
    clock.shift(minutes=61)
    assert tries(from_address("192.0.2.7"), exhausted.email, PASSWORD) == 302


def test_a_browser_that_signed_in_before_does_so_still(rita, clock):
    client = from_address("192.0.2.7")
    assert tries(client, rita.email, PASSWORD) == 302
    client.post("/logout/")
    Guesses.objects.update_or_create(person=rita, defaults={"began_at": clock.now, "wrong": guesses.MOST})
    assert tries(client, rita.email, PASSWORD) == 302


def test_it_is_known_to_that_account_alone(rita, exhausted, team):
    other = User.objects.create_user("other@example.com", PASSWORD, name="Other")
    client = from_address("192.0.2.7")
    assert tries(client, other.email, PASSWORD) == 302
    client.post("/logout/")
    assert tries(client, exhausted.email, PASSWORD) == 200


@pytest.mark.parametrize("forged", ["", "[1]", "WzFd:1abcde:forged"])
def test_nobody_says_by_themselves_that_they_are_known(exhausted, forged):
    client = from_address("192.0.2.7")
    client.cookies["device"] = forged
    assert tries(client, exhausted.email, PASSWORD) == 200


def test_the_cookie_is_kept_from_scripts_and_ends(rita, type_in):
    cookie = type_in(rita.email).cookies["device"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == devices.KNOWN_FOR.total_seconds()


def test_who_is_signed_in_confirms_as_ever(rita, clock):
    client = from_address("192.0.2.7")
    client.force_login(rita, backend="apps.teams.backends.PeopleBackend")
    Guesses.objects.create(person=rita, began_at=clock.now, wrong=guesses.MOST)
    clock.shift(minutes=16)
    sent = {"password": PASSWORD, "next": "/profile/tokens/"}
    assert client.post("/confirm/", sent)["Location"] == "/profile/tokens/"


def test_the_person_and_the_stream_are_told_once(exhausted, told):
    for number in range(3):
        tries(from_address(f"192.0.2.{number}"), exhausted.email, PASSWORD)
    assert [each.text for each in told if each.act == Act.LOCKED_OUT] == [
        "More than 100 wrong passwords within an hour"
    ]
    assert exhausted.notifications.filter(text__contains="100 wrong passwords").count() == 1


def test_of_an_account_that_there_is_not_nothing_is_counted(db):
    assert tries(from_address("192.0.2.7"), "nobody@example.com") == 200
    assert not Guesses.objects.exists()


def test_the_record_has_a_row_a_minute_and_says_how_many_there_were(rita, told, monkeypatch):
    client = from_address("192.0.2.7")
    for _ in range(4):
        tries(client, rita.email)
    tries(from_address("198.51.100.1"), rita.email)
    failed = [each for each in told if each.act == Act.SIGN_IN_FAILED]
    assert [each.data["times"] for each in failed] == [1, 1]
    cache.delete(f"wrong:{rita.pk}:192.0.2.7:row")  # a minute is over
    tries(client, rita.email)
    last = [each for each in told if each.act == Act.SIGN_IN_FAILED][-1]
    assert (last.text, last.data["times"]) == ("Wrong password; 3 more before this one", 4)


def test_counters_that_live_are_never_taken_away_for_others(db, settings):
    cache._max_entries, most = 3, cache._max_entries
    try:
        cache.set("a counter", 9, 600)
        cache.set("over", 1, -1)
        for number in range(6):
            cache.set(f"b{number}", number, 600)
        assert cache.get("a counter") == 9
        assert all(cache.get(f"b{number}") == number for number in range(6))
    finally:
        cache._max_entries = most


def test_an_address_that_is_unknown_counts_as_one():
    assert origins.counted("") == origins.NO_ADDRESS
    assert origins.counted("::ffff:192.0.2.7") == "192.0.2.7"
    assert origins.counted("2001:db8::7") == "2001:db8::"


def test_no_request_no_password(rita):
    assert authenticate(RequestFactory().get("/"), email=rita.email, password=None) is None
    assert timedelta(seconds=sparing.EVERY) == timedelta(minutes=1)
