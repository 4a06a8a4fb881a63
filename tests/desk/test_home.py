"""The first page: what is asked of me, what burns, however much of it there is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.desk import queries
from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import Clock
from tests.factories.incidents import declare


@pytest.fixture
def few(monkeypatch):
    """The page shows two of each, so that three are already many."""
    monkeypatch.setattr("apps.desk.queries.SHOWN", 2)


def titles(viewer) -> list[str]:
    return [row.incident.title for row in queries.dashboard(viewer).open]


def test_overdue_comes_first_then_the_next_deadline_then_what_no_clock_runs_for(house, clock):
    for title, severity in (("low", "P3"), ("high", "P1"), ("critical", "P0"), ("quiet", "P2")):
        declare(house.platform, house.rita, title=title, severity=severity)
    Clock.objects.filter(incident__title="quiet").update(stopped_at=clock.now)
    assert titles(house.rita) == ["critical", "high", "low", "quiet"]
    clock.shift(hours=9)
    declare(house.platform, house.rita, title="new", severity="P0")
    assert titles(house.rita) == ["critical", "high", "low", "new", "quiet"]


def test_a_clock_that_was_met_makes_nothing_urgent(house, clock):
    answered = declare(house.platform, house.rita, title="answered", severity="P0")
    actions.acknowledge(answered.pk, by=house.rita)
    clock.shift(minutes=1)
    declare(house.platform, house.rita, title="unanswered", severity="P1")
    Clock.objects.filter(incident=answered, name="update").update(due_at=clock.now + timedelta(hours=1))
    assert titles(house.rita) == ["unanswered", "answered"]


def test_it_shows_the_first_and_says_how_many_more(house, rita, few):
    for title in ("one", "two", "three", "four", "five"):
        declare(house.platform, house.rita, title=title)
    run_due()
    for address in ("/", "/now/"):
        page = rita.get(address).content.decode()
        assert page.count('class="incident-row"') == 2
        assert page.count(">Acknowledge</button>") == 2
        assert page.count("and 3 more") == 2
        assert "5, next deadline first" in page
        assert 'href="/incidents/">All open incidents' in page


def test_with_no_more_than_it_shows_it_says_nothing_of_more(house, rita, few):
    declare(house.platform, house.rita)
    declare(house.platform, house.rita)
    assert " more</span>" not in rita.get("/").content.decode()
