"""Action items in the ticket system: made once, changed with the item, done here once they are done there (R30)."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest

from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.integrations.items import actions, bringing
from apps.integrations.models import Connection, ItemTicket, StepState
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionItem, ActionStatus
from apps.teams.models import TeamRole, User
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.integrations.jira.conftest import TOLD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(jira, team) -> Connection:
    told = {"site": jira.site, "item_priorities": "high=High, low=Low", **TOLD}
    return Connection.objects.create(provider="jira", team=team, secrets={"token": told.pop("token")}, told=told)


@pytest.fixture
def item(connection, team, olga, clock) -> ActionItem:
    """An action item, of an incident that has no ticket of its own: it was declared before Jira was connected."""
    Connection.objects.update(is_active=False)
    incident = declare(team, title="Disks full")
    run_due()
    Connection.objects.update(is_active=True)
    return postmortems.add_action_item(
        incident.pk, kind="monitoring", action="Watch <the disks>", due_date=clock.now.date() + timedelta(days=9),
        priority="high", owner=olga, by=olga,
    )  # fmt: skip


def ask_again(clock) -> None:
    """Let the engine ask the ticket systems once more."""
    clock.shift(minutes=6)
    run_due()
    bringing.ask()


def test_it_is_an_issue_with_owner_due_date_and_the_way_back(jira, item):
    run_due()
    (issue,) = jira.tickets()
    fields = issue["fields"]
    assert (fields["summary"], fields["issuetype"]["name"]) == (f"{item.incident}: Watch <the disks>", "Task")
    assert (fields["priority"]["name"], fields["status"]["name"]) == ("High", "Open")
    ticket = ItemTicket.objects.get(item=item)
    assert (ticket.state, ticket.label, ticket.url) == (StepState.MADE, "OPS-1", f"{jira.site}/browse/OPS-1")
    (row,) = jira.sandbox.rows
    assert all(words in row.text for words in ("Owner: Olga", f"Due: {item.due_date}", "Monitoring improvement"))
    assert row.incident == item.incident.reference
    assert row.links == [f"http://127.0.0.1:8000{item.incident.get_absolute_url()}"]


def test_what_is_changed_done_and_opened_again_here_is_so_there(jira, item, olga):
    run_due()
    postmortems.change_action_item(item.pk, action="Watch all disks", priority="low", by=olga)
    run_due()
    (issue,) = jira.tickets()
    assert (issue["fields"]["summary"], issue["fields"]["priority"]["name"]) == (
        f"{item.incident}: Watch all disks", "Low",
    )  # fmt: skip
    postmortems.complete_action_item(item.pk, by=olga)
    run_due()
    assert jira.status() == "Completed"
    postmortems.change_action_item(item.pk, status="open", by=olga)
    run_due()
    assert jira.status() == "Open"
    postmortems.change_action_item(item.pk, status="cancelled", by=olga)
    run_due()
    assert jira.status() == "Canceled"


def test_somebody_who_works_on_it_there_is_left_alone(jira, item, olga):
    run_due()
    jira.move("OPS-1", "Work in progress")
    postmortems.change_action_item(item.pk, priority="low", by=olga)
    run_due()
    assert jira.status() == "Work in progress"


def test_what_is_done_there_is_done_here_and_says_why(jira, item, clock):
    run_due()
    ask_again(clock)
    item.refresh_from_db()
    assert item.status == ActionStatus.OPEN
    jira.move("OPS-1", "Completed")
    ask_again(clock)
    item.refresh_from_db()
    assert (item.status, item.done_at) == (ActionStatus.DONE, clock.now)
    latest = item.history.latest()
    assert (latest.history_change_reason, latest.history_user) == ("Done in OPS-1", None)


def test_what_is_done_there_stays_done_though_somebody_edits_it_here_before_that_is_known(jira, item, olga, clock):
    run_due()
    jira.move("OPS-1", "Completed")
    postmortems.change_action_item(item.pk, priority="low", by=olga)
    run_due()
    assert jira.status() == "Completed"
    ask_again(clock)
    item.refresh_from_db()
    assert item.status == ActionStatus.DONE


def test_whatever_became_of_its_owner_it_is_done_and_holds_no_other_up(jira, connection, item, olga, team, clock):
    ann = make_person("Ann", team, TeamRole.RESPONDER)
    other = postmortems.add_action_item(
        item.incident_id, kind="process", action="Talk", due_date=item.due_date, owner=ann, by=ann
    )
    run_due()
    User.objects.filter(pk=olga.pk).update(is_active=False)
    for ticket in ItemTicket.objects.all():
        jira.move(ticket.label, "Completed")
    ask_again(clock)
    assert set(ActionItem.objects.values_list("status", flat=True)) == {ActionStatus.DONE}
    assert other.incident == item.incident


def test_without_priorities_of_the_project_none_is_set(jira, connection, item):
    connection.told.pop("item_priorities")
    connection.save()
    run_due()
    (issue,) = jira.tickets()
    assert issue["fields"]["priority"]["name"] == "Medium"


def test_what_is_given_up_there_stays_to_be_done_here(jira, item, clock):
    run_due()
    jira.move("OPS-1", "Canceled")
    ask_again(clock)
    item.refresh_from_db()
    assert item.status == ActionStatus.OPEN


def test_what_was_opened_again_here_and_not_told_yet_is_not_done_by_the_old_ticket(jira, item, olga):
    run_due()
    postmortems.complete_action_item(item.pk, by=olga)
    run_due()
    postmortems.change_action_item(item.pk, status="open", by=olga)
    bringing.ask()
    item.refresh_from_db()
    assert item.status == ActionStatus.OPEN


@pytest.mark.parametrize("fault", ["close", "nonsense", "500"])
def test_one_whose_answer_was_lost_is_found_and_not_made_again(jira, item, clock, fault):
    jira.sandbox.control("faults", provider="jira", fault=fault, kept=True)
    run_due()
    ticket = ItemTicket.objects.get()
    assert (ticket.state, ticket.error != "") == (StepState.PLANNED, True)
    jira.sandbox.control("faults", provider="jira", fault="none")
    clock.shift(minutes=10)
    run_due()
    ticket.refresh_from_db()
    (there,) = [each for each in jira.tickets() if each["fields"]["issuetype"]["name"] == "Task"]
    assert (ticket.state, ticket.ref, ticket.error) == (StepState.MADE, there["id"], "")


def test_a_refusal_is_shown_and_tried_again_when_somebody_says_so(jira, connection, item, olga, client, team):
    connection.told["item_type"] = "Bug"
    connection.save()
    run_due()
    ticket = ItemTicket.objects.get()
    assert (ticket.state, "issue type" in ticket.error) == (StepState.FAILED, True)
    client.force_login(olga, backend="apps.teams.backends.PeopleBackend")
    page = client.get("/action-items/").content.decode()
    assert ticket.error in unescape(page)
    connection.told["item_type"] = "Task"
    connection.save()
    assert client.post(f"/action-items/{item.pk}/ticket/").status_code == 302
    run_due()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.error) == (StepState.MADE, "")
    assert "OPS-1" in client.get("/action-items/").content.decode()
    told = client.get(f"/api/v1/action-items/{item.pk}/").json()["ticket"]
    assert (told["label"], told["state"]) == ("OPS-1", "made")
    assert client.post(f"/api/v1/action-items/{item.pk}/ticket/retry/").status_code == 409


def test_a_private_incidents_item_tells_nothing(jira, connection, team, olga, clock):
    eve = make_person("Eve", team, TeamRole.COMMANDER)
    incident = declare(team, private=True, title="Payroll leaked")
    run_due()
    postmortems.add_action_item(
        incident.pk, kind="process", action="Canary", due_date=clock.now.date() + timedelta(days=9), owner=eve, by=eve,
    )  # fmt: skip
    run_due()
    assert len(jira.tickets()) == 2
    assert not any("Canary" in row.text + row.subject or "Payroll" in row.text for row in jira.sandbox.rows)


def test_without_a_ticket_system_nothing_is_planned_and_nothing_fails(team, olga, clock):
    incident = declare(team)
    item = postmortems.add_action_item(
        incident.pk, kind="process", action="Talk", due_date=clock.now.date() + timedelta(days=9), owner=olga, by=olga,
    )  # fmt: skip
    run_due()
    assert not ItemTicket.objects.filter(item=item).exists()
    assert not Timer.objects.filter(kind=actions.TELL, state=State.DEAD).exists()
