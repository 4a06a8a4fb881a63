"""Action items are owned, dated, reminded of and raised (R30)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.core.errors import Invalid, NotAllowed
from apps.engine.runner import run_due
from apps.incidents.models import Incident
from apps.notifications.models import Notification
from apps.postmortems import actions, queries
from apps.postmortems.models import ActionKind, ActionStatus
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person

DUE = date(2026, 3, 12)


@pytest.fixture
def incident(clock, team, responder) -> Incident:
    incident = resolve(declare(team), responder)
    run_due()
    return incident


def add(incident, by, **known):
    known = {"kind": ActionKind.MONITORING, "action": "Watch the disk", "due_date": DUE, **known}
    if "owner_team" not in known:
        known.setdefault("owner", by)
    return actions.add_action_item(incident.pk, by=by, **known)


def told(person, what):
    return Notification.objects.filter(person=person, subject__contains=f"action item {what}").count()


def test_its_owner_is_reminded_two_days_before_and_told_once_it_is_overdue(clock, incident, responder, commander):
    owner = make_person("Olga")
    add(incident, responder, owner=owner)
    clock.set(datetime(2026, 3, 10, 7, 59, tzinfo=UTC))  # work begins at 9:00 in Berlin
    run_due()
    assert told(owner, "due") == 0
    clock.shift(minutes=1)
    run_due()
    assert (told(owner, "due on"), told(owner, "overdue")) == (1, 0)
    clock.set(datetime(2026, 3, 12, 22, 0, tzinfo=UTC))
    run_due()
    assert told(owner, "overdue") == 0
    clock.set(datetime(2026, 3, 13, 8, 0, tzinfo=UTC))
    run_due()
    assert (told(owner, "overdue"), told(commander, "overdue")) == (1, 1)


def test_what_is_done_is_not_reminded_of(clock, incident, responder):
    item = actions.complete_action_item(add(incident, responder).pk, by=responder)
    assert (item.status, item.done_at) == (ActionStatus.DONE, clock.now)
    clock.set(datetime(2026, 3, 20, 8, 0, tzinfo=UTC))
    run_due()
    assert told(responder, "") == 0


def test_what_is_open_again_has_no_time_of_being_done_and_is_reminded_of(clock, incident, responder):
    item = actions.complete_action_item(add(incident, responder).pk, by=responder)
    item = actions.change_action_item(item.pk, by=responder, status=ActionStatus.OPEN)
    assert item.done_at is None
    clock.set(datetime(2026, 3, 10, 8, 0, tzinfo=UTC))
    run_due()
    assert told(responder, "due on") == 1


def test_a_moved_due_date_moves_the_reminder_along(clock, incident, responder):
    item = add(incident, responder)
    item = actions.change_action_item(item.pk, by=responder, due_date=date(2026, 3, 19))
    assert item.remind_on == date(2026, 3, 17)
    clock.set(datetime(2026, 3, 16, 8, 0, tzinfo=UTC))
    run_due()
    assert told(responder, "") == 0


def test_a_teams_item_is_its_managers(clock, team, incident, responder):
    manager = make_person("Mona", team, TeamRole.MANAGER)
    add(incident, responder, owner_team=team)
    clock.set(datetime(2026, 3, 10, 8, 0, tzinfo=UTC))
    run_due()
    assert told(manager, "due on") == 1


def test_a_new_owner_takes_the_place_of_the_old(clock, team, incident, responder):
    item = add(incident, responder)
    item = actions.change_action_item(item.pk, by=responder, owner_team=team)
    assert (item.owner, item.owner_team) == (None, team)
    item = actions.change_action_item(item.pk, by=responder, owner=responder)
    assert (item.owner, item.owner_team) == (responder, None)


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ({"owner": None}, "owner"),
        ({"action": " "}, "action"),
        ({"kind": "heroic"}, "kind"),
        ({"remind_on": date(2026, 3, 13)}, "remind_on"),
    ],
)
def test_what_cannot_be_is_refused(incident, responder, known, field):
    with pytest.raises(Invalid) as refused:
        add(incident, responder, **known)
    assert refused.value.field == field


def test_a_person_and_a_team_cannot_both_own_it(incident, team, responder):
    with pytest.raises(Invalid):
        add(incident, responder, owner=responder, owner_team=team)


def test_a_deactivated_person_owns_nothing_new(incident, responder):
    gone = make_person("Gus")
    gone.is_active = False
    gone.save()
    with pytest.raises(Invalid):
        add(incident, responder, owner=gone)


def test_only_who_may_respond_adds_one(incident, team):
    with pytest.raises(NotAllowed):
        add(incident, make_person("Stella", team, TeamRole.STAKEHOLDER))


def test_its_owner_sees_it_and_may_finish_it_whichever_team_they_belong_to(incident, responder):
    owner = make_person("Olga")
    item = add(incident, responder, owner=owner)
    assert list(queries.open_action_items(owner)) == [item]
    actions.complete_action_item(item.pk, by=owner)
    assert not queries.open_action_items(owner).exists()


def test_a_private_incidents_items_are_a_persons_and_hidden_from_others(clock, team, responder, commander):
    incident = resolve(declare(team, commander, private=True), commander)
    with pytest.raises(Invalid):
        add(incident, commander, owner_team=team)
    item = add(incident, commander)
    assert list(queries.open_action_items(commander)) == [item]
    assert not queries.open_action_items(responder).exists()


def test_it_is_overdue_when_its_last_day_is_over_where_the_team_is(clock, incident, responder):
    item = add(incident, responder)
    clock.set(datetime(2026, 3, 12, 22, 59, tzinfo=UTC))
    assert not queries.is_overdue(item)
    clock.set(datetime(2026, 3, 12, 23, 0, tzinfo=UTC))
    assert queries.is_overdue(item)
