"""Whoever finds a hole finds whom to tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

ADDRESS = "/.well-known/security.txt"
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(settings: Any, clock: Any) -> Any:
    settings.SECURITY_CONTACT = ["mailto:security@example.com", "https://example.com/report"]
    settings.SECURITY_EXPIRES = UNTIL
    return settings


def test_it_says_whom_to_tell_and_until_when_that_holds(told: Any) -> None:
    answer = Client().get(ADDRESS)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "Contact: mailto:security@example.com",
        "Contact: https://example.com/report",
        "Expires: 2026-06-01T00:00:00Z",
        "Preferred-Languages: en",
        "Canonical: http://127.0.0.1:8000/.well-known/security.txt",
    ]


def test_nobody_reads_what_has_expired(told: Any, clock: Any) -> None:
    clock.set(UNTIL - timedelta(seconds=1))
    assert Client().get(ADDRESS).status_code == 200
    clock.set(UNTIL)
    assert Client().get(ADDRESS).status_code == 404


@pytest.mark.parametrize(("contact", "expires"), [([], UNTIL), (["mailto:a@b.example"], None)])
def test_without_either_there_is_none(told: Any, contact: list[str], expires: datetime | None) -> None:
    told.SECURITY_CONTACT, told.SECURITY_EXPIRES = contact, expires
    assert Client().get(ADDRESS).status_code == 404


@pytest.mark.parametrize(
    ("contact", "expires", "warned"),
    [
        ([], None, False),
        (["mailto:a@b.example"], UNTIL, False),
        (["mailto:a@b.example"], None, True),
        (["mailto:a@b.example"], datetime(2026, 1, 1, tzinfo=UTC), True),
        (["a@b.example"], UNTIL, True),
    ],
)
def test_what_would_not_be_shown_is_told_before(
    told: Any, contact: list[str], expires: datetime | None, warned: bool
) -> None:
    told.SECURITY_CONTACT, told.SECURITY_EXPIRES = contact, expires
    found = run_checks(tags=["security"], include_deployment_checks=True)
    assert ("core.W001" in [each.id for each in found]) == warned
