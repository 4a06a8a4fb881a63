from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog.health import rules

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "target", ["https://api.example.com", "http://api.example.com:8080/health?full=1", "http://[::1]:9090/"]
)
def test_a_web_address_may_be_asked(target):
    assert rules.fault_of_url(target) == ""


@pytest.mark.parametrize(
    "target",
    [
        "", "api.example.com", "ftp://api.example.com", "file:///etc/passwd", "http://", "http://api.example.com:0/",
        "http://api.example.com:99999/", "http://[::1", " https://api.example.com", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(target):
    assert rules.fault_of_url(target)


@pytest.mark.parametrize("target", ["https://user:secret@api.example.com/", "https://user@api.example.com/"])
def test_an_address_holds_no_credentials(target):
    assert "credentials" in rules.fault_of_url(target)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("db.example.com:5432", ("db.example.com", 5432)),
        ("[::1]:6379", ("::1", 6379)),
        ("db.example.com", ("", 0)),
        ("db:70000", ("db", 70000)),
        ("db:²", ("db", 0)),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(target, told):
    assert rules.endpoint(target) == told


@pytest.mark.parametrize("target", ["", ":80", "db", "db:0", "db:70000", "http://db:80", "a b:80", "u@db:80"])
def test_what_is_no_endpoint_is_refused(target):
    assert rules.fault_of_endpoint(target)
    assert rules.fault_of_endpoint("db.example.com:5432") == rules.fault_of_endpoint("[::1]:65535") == ""


def vector(*values: object) -> dict:
    result = [{"metric": {}, "value": [1435781451.781, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        (vector("1", "0.5"), [1.0, 0.5]),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1, "3"]}}, [3.0]),
        (vector(), []),
        (vector("many", 4, None), []),
        ({"status": "success"}, []),
        ({"status": "success", "data": {"resultType": "vector", "result": "x"}}, []),
        ({"status": "success", "data": {"resultType": "vector", "result": [1, {"value": "12"}]}}, []),
    ],
)
def test_the_numbers_of_an_answer_of_prometheus(answer, numbers):
    assert rules.numbers_of(answer) == numbers


def test_what_prometheus_refuses_is_said():
    with pytest.raises(ValueError, match="parse error"):
        rules.numbers_of({"status": "error", "error": "parse error"})


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ("<", (True, False, False)), ("<=", (True, True, False)), ("==", (False, True, False)),
        (">=", (False, True, True)), (">", (False, False, True)), ("!=", (True, False, True)),
    ],
)  # fmt: skip
def test_numbers_are_compared(comparison, holds):
    assert tuple(rules.holds(number, comparison, 2) for number in (1, 2, 3)) == holds


@pytest.mark.parametrize("comparison", ["<", "<=", "==", ">=", ">", "!="])
def test_what_is_no_number_is_never_as_it_should_be(comparison):
    assert not rules.holds(float("nan"), comparison, 1)


@pytest.mark.parametrize(
    ("is_news", "asked", "ago", "kept"),
    [
        (False, False, 9, False),
        (False, False, 10, True),
        (True, False, 1, True),
        (False, True, 1, True),
    ],
)
def test_news_are_kept_and_of_what_stays_the_same_now_and_then_one(is_news, asked, ago, kept):
    before = NOW - timedelta(minutes=ago)
    assert rules.is_kept(is_news=is_news, asked=asked, at=NOW, kept_at=before) is kept
    assert rules.is_kept(is_news=False, asked=False, at=NOW, kept_at=None)


def test_so_many_failures_in_a_row_are_an_alert():
    assert [rules.is_alert(failures, 3) for failures in (2, 3, 4)] == [False, True, True]
    assert not rules.is_alert(100, None)
