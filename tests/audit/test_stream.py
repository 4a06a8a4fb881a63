"""What is told to the audit stream is written down with who, what and from where; so is a change that has a history."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.audit.models import Entry
from apps.core import origins
from apps.core.audited import Act, note
from apps.engine import actions as engine
from apps.engine import runner
from apps.engine.models import Lane, Timer
from apps.engine.registry import handler
from apps.incidents.models import Incident, TimelineEvent
from apps.teams.models import Team, TeamRole, User
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person

pytestmark = pytest.mark.django_db

ORIGIN = origins.Origin("192.0.2.7", "request-1")


def test_an_act_is_kept_with_where_it_was_asked_for(clock: Any, rita: User, team: Team) -> None:
    with origins.within(ORIGIN):
        note(Act.EXPORTED, "Exported 3 overrides", by=rita, about=team, teams=(team.pk, team.pk), rows=3)
    entry = Entry.objects.get()
    assert (entry.at, entry.by, entry.act, entry.text) == (clock.now, rita, Act.EXPORTED, "Exported 3 overrides")
    assert (entry.about_table, entry.about_row, entry.teams) == ("teams_team", str(team.pk), [team.pk])
    assert (entry.address, entry.request, entry.data) == ("192.0.2.7", "request-1", {"rows": 3})


def test_an_act_on_an_incident_knows_it(rita: User, incident: Incident) -> None:
    note(Act.PRIVATE_READ, "Read", by=rita, about=incident)
    assert Entry.objects.get().incident == incident


def test_an_act_whose_change_did_not_happen_leaves_no_entry(rita: User) -> None:
    with transaction.atomic():
        note(Act.TOKEN_MADE, "Made", by=rita)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_history_and_timeline_say_from_where(client: Any, rita: User, incident: Incident) -> None:
    with origins.within(ORIGIN):
        incident.title = "Something else"
        incident.save()
    record = incident.history.first()
    assert (record.history_address, record.history_request) == ("192.0.2.7", "request-1")

    client.force_login(rita)
    answer = client.post(f"/incidents/{incident.reference}/acknowledge/", REMOTE_ADDR="2001:db8::7")
    event = TimelineEvent.objects.filter(incident=incident, kind="acknowledged").get()
    assert (event.address, event.request) == ("2001:db8::7", answer["X-Request-ID"])


def test_a_saving_of_nothing_that_the_history_holds_leaves_no_state(rita: User) -> None:
    before = rita.history.count()
    rita.save(update_fields=["last_login"])
    assert rita.history.count() == before
    rita.name = "Rita R."
    rita.save(update_fields=["last_login", "name"])
    assert rita.history.count() == before + 1


def test_what_a_timer_does_names_the_timer(incident: Incident) -> None:
    @handler("test.rename", lane=Lane.WORK)
    def rename(timer: Timer) -> None:
        incident.title = "Renamed by the clock"
        incident.save()

    engine.schedule("test.rename", key="test.rename")
    runner.run_due()
    timer = Timer.objects.get(kind="test.rename")
    record = incident.history.first()
    assert (record.history_address, record.history_request) == (None, f"test.rename {timer.pk}")
    assert origins.current() == origins.NOWHERE


def test_a_look_at_a_private_incident_is_written_down_once_in_a_while(
    client: Any, clock: Any, rita: User, incident: Incident
) -> None:
    client.force_login(rita)
    client.get(incident.get_absolute_url())
    assert not Entry.objects.filter(act=Act.PRIVATE_READ).exists()

    Incident.objects.filter(pk=incident.pk).update(private=True)
    address = f"/api/v1/incidents/{incident.reference}/"
    for path in (incident.get_absolute_url(), f"{incident.get_absolute_url()}timeline/", address):
        client.get(path, REMOTE_ADDR="192.0.2.1")
    entry = Entry.objects.get(act=Act.PRIVATE_READ)
    assert (entry.by, entry.incident, entry.address) == (rita, incident, "192.0.2.1")
    client.get(address, REMOTE_ADDR="192.0.2.2")
    clock.shift(minutes=16)
    client.get(f"{incident.get_absolute_url()}pulse/", REMOTE_ADDR="192.0.2.1")
    assert Entry.objects.filter(act=Act.PRIVATE_READ).count() == 3


def test_whoever_may_not_see_a_private_incident_is_not_said_to_have_read_it(client: Any, incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(private=True)
    client.force_login(make_person("Audra", None, TeamRole.AUDITOR))
    assert client.get(incident.get_absolute_url()).status_code == 404
    assert not Entry.objects.filter(act=Act.PRIVATE_READ).exists()


def test_a_table_that_is_taken_away_is_written_down(client: Any, team: Team) -> None:
    manager = make_person("Mona", team, TeamRole.MANAGER)
    client.force_login(manager)
    put_on_call(team, manager)
    client.get("/api/v1/roster-tables/layers/")
    entry = Entry.objects.get(act=Act.EXPORTED)
    assert (entry.by, entry.text, entry.teams) == (manager, "Took away platform-layers.csv", [team.pk])
