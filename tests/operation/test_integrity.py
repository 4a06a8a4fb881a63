"""Whatever is not as it must be in the house's own data is found and named."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.catalog.models import Service
from apps.core import clock
from apps.engine.models import Lane, State, Timer
from apps.incidents.models import Incident
from apps.operation.integrity.findings import Kind
from apps.operation.integrity.verifying import verify
from apps.rosters.models import Shift
from apps.teams.models import Team, User
from tests.audit.conftest import seal
from tests.factories.procedures import FILE
from tests.factories.rosters import put_on_call

pytestmark = pytest.mark.django_db(transaction=True)


def tamper(statement: str, *parameters: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)


def found(component: str) -> list[tuple[Kind, str]]:
    return [(each.kind, each.text) for each in verify(component).findings]


def test_a_row_that_was_changed_past_its_history_is_named(team: Team, admin: User) -> None:
    assert found("people") == []
    tamper("UPDATE teams_team SET name = 'Other' WHERE id = %s", team.pk)
    said = f"teams_team {team.pk} is not what the last entry of its history says."
    assert found("people") == [(Kind.CHECKSUM, said)]


def test_a_row_that_refers_to_nothing_is_named(incident: Incident) -> None:
    tamper("DELETE FROM incidents_severity WHERE id = %s", incident.severity_id)
    said = f"incidents_incident {incident.pk} names a severity that is not there."
    assert (Kind.REFERENCE, said) in found("incidents")


def test_an_incident_without_its_clocks_is_named(incident: Incident, admin: User) -> None:
    tamper("DELETE FROM incidents_clock WHERE name = 'resolution'")
    assert (Kind.COUNT, f"INC-{incident.pk} has not got a clock for its resolution.") in found("incidents")


def test_a_changed_event_is_named_by_its_seal(incident: Incident, admin: User) -> None:
    tamper("UPDATE incidents_timelineevent SET text = 'Too' WHERE kind = 'note'")
    said = [text for kind, text in found("incidents") if kind == Kind.CHECKSUM]
    assert any("was changed: it is not what seal 1 has" in text for text in said)


def test_a_right_that_no_membership_gives_is_named(team: Team, rita: User, admin: User) -> None:
    tamper("DELETE FROM teams_membership WHERE person_id = %s", rita.pk)
    said = f"Person {rita.pk} is in the group team:{team.pk}:responder without a membership."
    assert (Kind.PERMISSION, said) in found("people")


def test_a_trigger_that_is_off_is_named(incident: Incident, admin: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE incidents_timelineevent DISABLE TRIGGER USER")
    try:
        said = "Nothing refuses to rewrite incidents_timelineevent: its triggers are off."
        assert (Kind.PERMISSION, said) in found("incidents")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE incidents_timelineevent ENABLE TRIGGER USER")


def test_a_house_that_nobody_administrates_is_named(rita: User) -> None:
    assert (Kind.PERMISSION, "Nobody who is active administrates the organisation.") in found("people")


def test_what_the_engine_gave_up_is_named(incident: Incident, admin: User) -> None:
    given_up = {"state": State.DEAD, "attempts": 12, "last_error": "gone"}
    Timer.objects.create(
        kind="test.dead", lane=Lane.BULK, key="a", due_at=clock.now(), finished_at=clock.now(), **given_up
    )
    assert (Kind.WORKFLOW, "test.dead a was given up: gone") in found("incidents")


def test_a_roster_that_nobody_holds_now_is_named_though_shifts_are_ahead(team: Team, rita: User, admin: User) -> None:
    roster = put_on_call(team, rita)
    assert found("rosters") == []
    now = clock.now()
    Shift.objects.filter(during__contains=now).delete()
    Shift.objects.filter(during__startswith__lt=now + timedelta(hours=1)).delete()
    assert Shift.objects.exists()
    assert found("rosters") == [(Kind.WORKFLOW, f"Nobody is on call for {roster} now.")]


def test_a_service_of_a_team_that_is_switched_off_is_named(team: Team, admin: User) -> None:
    Service.objects.create(slug="api", name="API", team=team)
    assert found("catalog") == []
    team.is_active = False
    team.save()
    assert found("catalog") == [(Kind.WORKFLOW, f"API is of {team}, a team that is switched off.")]


def test_the_command_names_fails_and_tells_programs(team: Team, admin: User) -> None:
    out = StringIO()
    call_command("data", "verify", "--component", "people", "--json", stdout=out)
    assert json.loads(out.getvalue())["whole"] is True
    tamper("UPDATE teams_team SET name = 'Other' WHERE id = %s", team.pk)
    out = StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("data", "verify", "--component", "people", stdout=out)
    assert f"people, checksum: teams_team {team.pk} is not what" in out.getvalue()
    with pytest.raises(CommandError, match="There is no component"):
        call_command("data", "verify", "--component", "backlog")


def test_the_demo_is_whole(transactional_db: None, settings: Any) -> None:
    settings.DEMO_PASSWORD = "correct horse battery"
    call_command("procedures", "apply", str(FILE), verbosity=0)
    call_command("demo", "reset")
    seal()
    assert [str(each) for each in verify("all").findings] == []
