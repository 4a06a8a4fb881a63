"""Roles: the primary is asked, the backup paged when nobody took it, handovers are told, vacancy is visible (R6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.incidents import actions, queries
from apps.incidents.models import EventKind, ResponseRole, RoleCandidate, Severity
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import TeamRole, User
from tests.factories.checklists import make_checklist
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock):
    make_procedures()
    return make_team()


@pytest.fixture
def engineer(team):
    return make_person("Olga", team, TeamRole.RESPONDER)


@pytest.fixture
def primary(team):
    return _candidate(team, "Petra", position=1)


@pytest.fixture
def backup(team):
    return _candidate(team, "Boris", position=2)


def _candidate(team, name, *, position, role="commander", person=None):
    person = person or make_person(name)
    role = ResponseRole.objects.get(key=role)
    RoleCandidate.objects.create(role=role, team=team, position=position, title=name, person=person)
    return person


def told(person, kind) -> int:
    return Notification.objects.filter(person=person, kind=kind).count()


def test_the_primary_is_asked_by_a_notice_and_not_paged(team, engineer, primary, backup, clock):
    declare(team, engineer)
    run_due()
    assert told(primary, NotificationKind.NOTICE) == 0  # whoever tells holds the incident: the first page goes before
    clock.shift(seconds=2)
    run_due()
    assert told(primary, NotificationKind.NOTICE) == 1
    assert told(primary, NotificationKind.ROLE_PAGE) == told(backup, NotificationKind.NOTICE) == 0


def test_the_backup_is_paged_once_a_third_of_the_response_time_has_passed(team, engineer, primary, backup, clock):
    declare(team, engineer, severity="P0")
    clock.shift(minutes=4, seconds=59)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 0
    clock.shift(seconds=1)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 1


def test_a_role_that_was_taken_pages_no_backup(team, engineer, primary, backup, clock):
    incident = declare(team, engineer)
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    clock.shift(hours=1)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 0


def asked(incident) -> list[tuple[str, int]]:
    """Who was asked as a backup, and how many minutes after the response began."""
    told = incident.timeline.filter(kind=EventKind.ROLE_INVITED, data__page=True)
    return [
        (User.objects.get(pk=event.data["person"]).name, (event.at - incident.response_started_at).seconds // 60)
        for event in told
    ]


def later(clock, **span):
    """Let time pass a minute at a time."""
    for _ in range(int(timedelta(**span).total_seconds() // 60)):
        clock.shift(minutes=1)
        run_due()


def test_every_candidate_in_order_is_asked_a_wait_after_the_one_before_and_then_it_is_vacant(
    team, engineer, primary, backup, clock
):
    _candidate(team, "Carl", position=3)
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=14)
    assert asked(incident) == [("Boris", 5), ("Carl", 10)]
    vacant = incident.timeline.filter(kind=EventKind.ROLE_VACANT, data__role="commander")
    assert not vacant.exists()
    later(clock, minutes=30)
    assert vacant.get().at == incident.declared_at + timedelta(minutes=15)


def test_a_vacant_role_says_who_was_asked_last_and_when_nobody_is_left(team, engineer, primary, backup, clock):
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=6)
    asked_last = queries.vacancies(incident)["commander"]
    assert (asked_last.asked, asked_last.given_up) == ((backup,), False)
    assert asked_last.since == incident.declared_at + timedelta(minutes=5)
    later(clock, minutes=30)
    assert queries.vacancies(incident)["commander"].given_up
    actions.assign_role(incident.pk, role="commander", person=engineer, by=engineer)
    assert "commander" not in queries.vacancies(incident)


def test_whoever_is_asked_late_has_the_whole_wait_before_the_next_one_is(team, engineer, primary, backup, clock):
    _candidate(team, "Carl", position=3)
    incident = declare(team, engineer, severity="P3")
    later(clock, minutes=12)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="Everybody", by=engineer)
    run_due()
    assert asked(incident) == [("Boris", 12)]
    later(clock, minutes=10)
    assert asked(incident) == [("Boris", 12), ("Carl", 17)]
    vacant = incident.timeline.get(kind=EventKind.ROLE_VACANT, data__role="commander")
    assert vacant.at == incident.declared_at + timedelta(minutes=22)


def test_when_the_last_candidates_cannot_be_reached_each_is_named_once_and_the_role_vacant(
    team, engineer, primary, backup, clock
):
    for position, name in ((3, "Silent"), (4, "Mute")):
        _candidate(team, name, position=position).contact_methods.all().delete()
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=9)
    assert not incident.timeline.filter(kind=EventKind.ROLE_VACANT, data__role="commander").exists()
    later(clock, minutes=20)
    assert incident.timeline.filter(text__contains="cannot be reached and is not asked").count() == 2
    vacant = incident.timeline.get(kind=EventKind.ROLE_VACANT, data__role="commander")
    assert vacant.at == incident.declared_at + timedelta(minutes=10)
    assert not Timer.objects.filter(kind="incidents.role_backup", state=State.PENDING).exists()


def test_somebody_who_stands_twice_is_asked_once(team, engineer, primary, backup, clock):
    _candidate(team, "Boris", position=3, person=backup)
    _candidate(team, "Carl", position=4)
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=11)
    assert asked(incident) == [("Boris", 5), ("Carl", 10)]


def test_a_backup_on_the_next_business_day_is_asked_at_its_end_by_the_teams_calendar(
    team, engineer, primary, backup, clock
):
    ResponseRole.objects.update(backup_after="next_business_day")
    incident = declare(team, engineer, severity="P0")  # Monday; the team is in Berlin and works until 17:00 there
    clock.set(datetime(2026, 3, 3, 15, 59, tzinfo=UTC))
    run_due()
    assert asked(incident) == []
    later(clock, minutes=1)
    assert told(backup, NotificationKind.ROLE_PAGE) == 1


def test_a_calendar_that_cannot_be_read_stops_no_declaration(team, engineer, primary, backup, clock):
    procedures = queries.procedures_in_force()
    procedures.business_calendar["days"] = ["someday"]
    procedures.save()
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=5)
    assert asked(incident) == [("Boris", 5)]


def test_a_candidate_who_cannot_be_reached_is_passed_over_and_named(team, engineer, primary, clock):
    silent = _candidate(team, "Silent", position=2)
    silent.contact_methods.all().delete()
    _candidate(team, "Carl", position=3)
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=6)
    assert asked(incident) == [("Carl", 5)]
    assert incident.timeline.filter(text__startswith="Silent cannot be reached").exists()


def test_one_page_asks_for_every_role_that_nobody_took(team, engineer, primary, backup, clock):
    _candidate(team, "Boris", position=2, role="technical_lead", person=backup)
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=6)
    page = Notification.objects.get(incident=incident, person=backup, kind=NotificationKind.ROLE_PAGE)
    assert "nobody took Commander and Technical Lead" in page.subject
    assert "the role Commander" in page.text
    assert "the role Technical Lead" in page.text


def test_a_worse_severity_asks_the_backup_by_its_own_time(team, engineer, primary, backup, clock):
    incident = declare(team, engineer, severity="P3")
    later(clock, minutes=1)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="Everybody", by=engineer)
    later(clock, minutes=3)
    assert asked(incident) == []
    later(clock, minutes=1)
    assert asked(incident) == [("Boris", 5)]


def test_a_severity_whose_time_has_passed_asks_at_once(team, engineer, primary, backup, clock):
    incident = declare(team, engineer, severity="P3")
    later(clock, minutes=9)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="Everybody", by=engineer)
    run_due()
    assert asked(incident) == [("Boris", 9)]


def test_a_reopened_incident_whose_role_is_vacant_asks_again(team, engineer, primary, backup, clock):
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=11)
    resolve(incident, engineer)
    actions.reopen(incident.pk, by=engineer)
    incident.refresh_from_db()
    later(clock, minutes=4)
    assert told(backup, NotificationKind.ROLE_PAGE) == 1
    later(clock, minutes=1)
    assert told(backup, NotificationKind.ROLE_PAGE) == 2


def test_a_role_whose_holder_left_is_vacant_and_any_commander_waives(team, engineer, primary):
    make_checklist()
    cora = make_person("Cora", team, TeamRole.COMMANDER)
    incident = declare(team, engineer)
    item = incident.checklist.first()
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    with pytest.raises(NotAllowed, match="Only the incident's commander"):
        actions.waive(item.pk, reason="Nothing was lost", by=cora)
    primary.is_active = False
    primary.save()
    assert {holder.role.key: holder.person for holder in queries.holders(incident)}["commander"] is None
    assert actions.waive(item.pk, reason="Nothing was lost", by=cora).is_settled


def test_who_only_reads_is_given_no_role(team, engineer):
    incident = declare(team, engineer)
    auditor = make_person("Aurel", None, TeamRole.AUDITOR)
    with pytest.raises(Invalid, match="reads and changes nothing"):
        actions.assign_role(incident.pk, role="commander", person=auditor, by=engineer)


def test_without_a_backup_the_role_is_called_vacant(team, engineer, primary, clock):
    incident = declare(team, engineer)
    clock.shift(minutes=5)
    run_due()
    assert {event.data["role"] for event in incident.timeline.filter(kind=EventKind.ROLE_VACANT)} >= {"commander"}
    assert {holder.role.key: holder.person for holder in queries.holders(incident)}["commander"] is None


def test_a_handover_ends_the_one_and_begins_the_other_at_one_instant(team, engineer, primary, clock):
    incident = declare(team, engineer)
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    clock.shift(minutes=30)
    actions.assign_role(incident.pk, role="commander", person=engineer, by=primary)
    first, second = incident.role_assignments.order_by("pk")
    assert (first.until, second.since) == (clock.now, incident.declared_at + timedelta(minutes=30))
    assert "handed over by Petra" in incident.timeline.filter(kind=EventKind.ROLE_ASSIGNED).last().text
    assert told(engineer, NotificationKind.NOTICE) == 1


def test_who_holds_a_role_may_respond_whichever_team_they_belong_to(team, engineer, primary):
    incident = declare(team, engineer)
    actions.add_note(incident.pk, text="on my way", by=primary)
    with pytest.raises(NotAllowed):
        actions.add_note(incident.pk, text="me too", by=make_person("Stranger"))


def test_an_unknown_role_is_named(team, engineer):
    incident = declare(team, engineer)
    with pytest.raises(Invalid, match="no response role scribe"):
        actions.assign_role(incident.pk, role="scribe", person=engineer, by=engineer)


@pytest.fixture
def page(team, engineer, primary, backup, clock):
    """What asks Boris to be commander, five minutes after the declaration."""
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=5)
    return Notification.objects.get(incident=incident, kind=NotificationKind.ROLE_PAGE)


@pytest.mark.parametrize("minute", [1, 6])
def test_an_acknowledgement_takes_no_role_and_spares_no_backup_whenever_it_comes(
    team, engineer, primary, backup, clock, minute
):
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=minute)
    actions.acknowledge(incident.pk, by=engineer)
    later(clock, minutes=6 - minute)
    assert Notification.objects.get(incident=incident, kind=NotificationKind.ROLE_PAGE).is_wanted


def test_the_backups_own_acknowledgement_ends_the_page(page, backup):
    actions.acknowledge(page.incident_id, by=backup)
    page.refresh_from_db()
    assert not page.is_wanted


def test_a_role_that_somebody_took_calls_no_backup_any_more(page, primary):
    actions.assign_role(page.incident_id, role="commander", person=primary, by=primary)
    page.refresh_from_db()
    assert not page.is_wanted


def test_a_backup_who_is_asked_for_another_role_as_well_is_called_until_both_are_taken(
    team, engineer, primary, backup, clock
):
    _candidate(team, "Boris", position=2, role="technical_lead", person=backup)
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=5)
    page = Notification.objects.get(incident=incident, kind=NotificationKind.ROLE_PAGE)
    for role, wanted in (("commander", True), ("technical_lead", False)):
        actions.assign_role(incident.pk, role=role, person=primary, by=primary)
        page.refresh_from_db()
        assert page.is_wanted == wanted


def test_a_backup_whose_page_ended_with_a_role_that_was_taken_is_paged_for_the_next(
    team, engineer, primary, backup, clock
):
    _candidate(team, "Boris", position=2, role="technical_lead", person=backup)
    ResponseRole.objects.filter(key="technical_lead").update(backup_after="10m")
    incident = declare(team, engineer, severity="P0")
    later(clock, minutes=6)
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    later(clock, minutes=5)
    first, second = Notification.objects.filter(kind=NotificationKind.ROLE_PAGE).order_by("pk")
    assert (first.is_wanted, second.is_wanted) == (False, True)
    assert "nobody took Technical Lead" in second.subject
