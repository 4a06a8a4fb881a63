"""The review of the procedures reminds whoever answers for them (R36)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import ContactGroup
from apps.incidents.models import Procedures
from apps.notifications.models import Notification
from apps.procedures import reviewing
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(db: None, clock: Any) -> Procedures:
    """Due on 29 April 2026; they work in New York, where that day begins at 04:00 UTC."""
    return make_procedures()


@pytest.fixture
def mia(row: Procedures) -> User:
    """She manages the team that answers for them."""
    team = Team.objects.create(slug="incident-response-team", name="Incident Response Team", time_zone="UTC")
    return make_person("Mia", team, TeamRole.MANAGER)


@pytest.fixture
def manager(row: Procedures) -> User:
    """The engineering manager of the escalation contacts."""
    contact = contacts.upsert_emergency_contact(
        group=ContactGroup.ESCALATION, key="engineering_manager", name="Mike", email="em@example.com"
    )
    assert contact.person is not None
    return contact.person


def told_at(clock: Any, *instant: int) -> list[tuple[str, str]]:
    """Who has been told what by then."""
    clock.set(datetime(2026, *instant, tzinfo=UTC))  # type: ignore[arg-type, misc]
    reviewing.remind()
    reviewing.remind()
    return list(Notification.objects.order_by("pk").values_list("person__name", "subject"))


def test_its_owner_is_told_before_and_on_the_day_and_then_the_engineering_manager(
    mia: User, manager: User, clock: Any
) -> None:
    assert told_at(clock, 4, 15, 3, 59) == []
    before = ("Mia", "The review of Incident response procedures 1.0 is due on 2026-04-29")
    assert told_at(clock, 4, 15, 4, 0) == [before]
    assert told_at(clock, 4, 29, 3, 59) == [before]
    due = ("Mia", "The review of Incident response procedures 1.0 is due: 2026-04-29")
    assert told_at(clock, 4, 29, 4, 0) == [before, due]
    *others, overdue = told_at(clock, 4, 30, 4, 0)
    assert others == [before, due]
    assert overdue[0] == manager.name
    assert "for which Incident Response Team answers, was due on 2026-04-29" in overdue[1]
    assert len(told_at(clock, 6, 30, 4, 0)) == 3, "each once"


def test_another_date_of_the_next_review_begins_anew(mia: User, row: Procedures, clock: Any) -> None:
    assert len(told_at(clock, 4, 29, 4, 0)) == 1
    row.next_review = date(2026, 10, 29)
    row.save()
    assert len(told_at(clock, 5, 1, 4, 0)) == 1
    assert len(told_at(clock, 10, 15, 4, 0)) == 2


def test_an_owner_may_be_a_person_and_else_the_administrators_are_told(row: Procedures) -> None:
    ada, otto = make_person("Ada", None, TeamRole.ADMIN), make_person("Otto", make_team())
    assert reviewing.owners(row) == [ada]
    row.owner = "Otto@example.com"
    assert reviewing.owners(row) == [otto]
    otto.is_active = False
    otto.save()
    assert reviewing.owners(row) == [ada]


def test_without_procedures_nobody_is_told(db: None) -> None:
    reviewing.remind()
    assert not Notification.objects.exists()
