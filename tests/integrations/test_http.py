"""The way out: what is known of the outcome, how long it may take, and where it may go."""

from __future__ import annotations

import ipaddress
import socket
import time
from datetime import timedelta

import pytest

from apps.core import http, outbound
from apps.core.errors import AddressForbidden, OutcomeUnknown, Unreachable
from tests.integrations.provider import Answer, Provider, nobody_there


@pytest.fixture
def provider():
    with Provider(lambda _: Answer.of({"ok": True})) as server:
        yield server


def ask(url, *, seconds=5.0, public_only=False, **request):
    with http.client(seconds=seconds, public_only=public_only) as client:
        return http.send(client, "POST", url, **request)


def test_an_answer_of_success_is_returned(provider):
    reply = ask(f"{provider.url}/a", json={"x": 1})
    assert reply.json() == {"ok": True}
    assert provider.received[0].json == {"x": 1}


def test_nobody_there_means_that_nothing_was_sent():
    with pytest.raises(Unreachable):
        ask(nobody_there())


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(monkeypatch):
    def gone(*_args, **_named):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", gone)
    with pytest.raises(Unreachable, match="cannot be resolved"):
        ask("http://api.example.com/")


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    def slow(*_args, **_named):
        time.sleep(1)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="not resolved in time"):
        ask("http://api.example.com/", seconds=0.3)
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize("fault", ["close", "hang", "drip"])
def test_what_breaks_hangs_or_drips_after_the_request_has_an_unknown_outcome_in_time(provider, fault):
    provider.fault = fault
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        ask(provider.url, seconds=1)
    assert time.monotonic() - began < 3
    assert len(provider.received) == 1


def test_a_hang_is_cut_by_the_time_out_of_a_read(provider, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    provider.fault = "hang"
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        ask(provider.url)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b'{"ok": tr', missing=10),
        Answer(200, b"x" * (http.LONGEST_ANSWER + 1)),
    ],
)
def test_half_an_answer_and_one_without_end_say_nothing(provider, answer):
    provider.answer = lambda _: answer
    with pytest.raises(OutcomeUnknown):
        ask(provider.url)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_success_with_nonsense_is_no_success(provider, body):
    provider.answer = lambda _: Answer(200, body)
    with pytest.raises(OutcomeUnknown):
        ask(provider.url).json()


@pytest.mark.parametrize(
    ("status", "permanent"), [(301, True), (400, True), (404, True), (408, False), (429, False), (500, False)]
)
def test_another_attempt_is_of_use_after_faults_of_theirs_only(provider, status, permanent):
    provider.answer = lambda _: Answer(status, b"no", {"Location": "http://elsewhere.example/"})
    with pytest.raises(http.Refused) as refused:
        ask(provider.url)
    assert refused.value.permanent is permanent
    assert len(provider.received) == 1


def test_patience_is_asked_for_in_seconds_or_by_a_date(clock, provider):
    provider.answer = lambda _: Answer(429, b"", {"Retry-After": "17"})
    with pytest.raises(http.Refused) as refused:
        ask(provider.url)
    assert refused.value.retry_after == 17
    assert http.retry_after("Mon, 02 Mar 2026 10:00:30 GMT") == 30
    assert http.retry_after("Mon, 02 Mar 2026 09:00:00 GMT") == 0
    assert http.retry_after("99999999999999999999999") > timedelta(days=1).total_seconds()
    assert [http.retry_after(nonsense) for nonsense in ("", "soon", "-3", "1e9", "nan", "٣")] == [None] * 6


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_network_is_known(address):
    assert not outbound.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_public_network_is_known(address):
    assert outbound.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "localhost", "0x7f.1", "2130706433"]
)
def test_an_address_that_somebody_entered_leads_to_no_private_network(provider, host):
    with pytest.raises(AddressForbidden):
        ask(f"http://{host}:{provider.port}/", public_only=True)
    assert not provider.received


def test_a_name_is_judged_by_the_address_that_is_then_connected_to(provider, monkeypatch):
    """The name answers with a public address when it is asked first, and with ours when it is asked again."""
    answers = iter([("127.0.0.1", provider.port), ("127.0.0.1", provider.port)])
    asked = []

    def resolve(host, *_args, **_named):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    judged = []
    monkeypatch.setattr(outbound, "is_public", lambda address: not judged.append(address))
    ask(f"http://rebinding.example:{provider.port}/", public_only=True)
    assert asked.count("rebinding.example") == 1
    assert judged == [ipaddress.ip_address("127.0.0.1")]
    assert provider.received[0].headers["Host"] == f"rebinding.example:{provider.port}"


def test_a_name_of_a_private_address_is_refused(provider, monkeypatch):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_args, **_named: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]
    )
    with pytest.raises(AddressForbidden, match=r"inside\.example"):
        ask("http://inside.example/", public_only=True)


def test_a_redirect_is_not_followed(provider):
    away = Answer(302, b"", {"Location": f"{provider.url}/metadata"})
    with Provider(lambda _: away) as elsewhere, pytest.raises(http.Refused):
        ask(elsewhere.url)
    assert not provider.received


def test_development_may_allow_private_networks(provider, settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    assert ask(provider.url, public_only=True).status == 200


@pytest.mark.parametrize("url", ["", "ftp://example.com/", "http://", "http://a b/", "nonsense", "http://x:99999/"])
def test_what_is_no_address_is_said_to_be_none(url):
    with pytest.raises((AddressForbidden, Unreachable)):
        ask(url, public_only=True)


def test_the_environment_gives_no_proxy(provider, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", nobody_there())
    assert ask(provider.url).status == 200
