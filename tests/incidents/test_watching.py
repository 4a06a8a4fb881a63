"""Who watches hears what becomes of an incident, once a change, and nothing that they may not see."""

from __future__ import annotations

import pytest

from apps.communications import actions as communications
from apps.communications.models import Audience
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine.runner import run_due
from apps.escalation import queries as chain
from apps.incidents import actions, queries
from apps.incidents.models import EventKind, Severity, Watcher
from apps.notifications.models import Notification
from apps.teams import access
from apps.teams.actions import remove_member
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team


@pytest.fixture
def team(db, clock):
    make_procedures()
    return make_team()


@pytest.fixture
def cora(team):
    return make_person("Cora", team, TeamRole.COMMANDER)


@pytest.fixture
def stella(team):
    return make_person("Stella", team, TeamRole.STAKEHOLDER)


@pytest.fixture
def incident(team, cora, stella):
    """Watched by Stella."""
    make_chain("P0", [cora, make_person("Tom")], minutes=(0, 15))
    found = declare(team, cora)
    actions.watch(found.pk, by=stella)
    run_due()
    return found


def told(person, incident) -> list[str]:
    """The occasions of what the person was told as a watcher, in order."""
    run_due()
    notices = Notification.objects.filter(person=person, incident=incident, step__startswith="watch:")
    return [notice.subject.split(f"{incident} ")[1].split(":")[0] for notice in notices.order_by("pk")]


def test_each_change_is_told_once_and_by_low_urgency(incident, cora, stella, clock):
    before = len(told(stella, incident))
    clock.shift(minutes=1)
    actions.acknowledge(incident.pk, by=cora)
    clock.shift(minutes=1)
    actions.transition(incident.pk, to="investigating", by=cora)
    clock.shift(minutes=1)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P1"), reason="One is up", by=cora)
    clock.shift(minutes=1)
    resolve(incident, cora)
    clock.shift(minutes=1)
    actions.reopen(incident.pk, by=cora)
    assert told(stella, incident)[before:] == [
        "acknowledged", "status changed", "severity changed", "resolved", "reopened"
    ]  # fmt: skip
    assert set(Notification.objects.filter(step__startswith="watch:").values_list("urgency", "kind")) == {
        ("low", "notice")
    }


def test_one_act_that_changes_the_status_twice_is_told_once(incident, cora, stella):
    before = len(told(stella, incident))
    actions.transition(incident.pk, to="investigating", by=cora)
    assert told(stella, incident)[before:] == ["status changed"]


def test_levels_are_told_but_not_to_whom_they_page(incident, cora, stella, clock):
    tom = queries.visible_to(cora).get().escalation_runs.get().levels.get(number=2)
    actions.watch(incident.pk, by=cora)
    clock.shift(minutes=16)
    run_due()
    paged = tom.people.get()
    actions.watch(incident.pk, by=paged)
    assert told(stella, incident)[-1] == "escalated to level 2"
    assert told(paged, incident) == []


def test_an_update_is_not_told_to_who_receives_it(incident, cora, stella):
    rita = make_person("Rita", incident.team, TeamRole.RESPONDER)
    actions.watch(incident.pk, by=rita)
    communications.send_update(incident.pk, audience=Audience.INTERNAL, message="We are on it", by=cora)
    assert "update sent" not in told(stella, incident)
    assert told(rita, incident)[-1] == "update sent"


def test_nobody_is_told_of_what_they_did_themselves(incident, cora, stella):
    actions.watch(incident.pk, by=cora)
    actions.transition(incident.pk, to="investigating", by=cora)
    assert "status changed" not in told(cora, incident)


def test_who_lost_sight_of_it_before_it_is_sent_is_told_nothing(incident, cora, stella):
    before = told(stella, incident)
    actions.transition(incident.pk, to="investigating", by=cora)
    remove_member(stella.memberships.get())
    assert told(stella, incident) == before
    assert queries.watchers_of(incident) == []


def test_a_private_incident_is_watched_by_who_may_see_it_only(team, cora, stella):
    private = declare(team, cora, private=True)
    with pytest.raises(NotAllowed):
        actions.watch(private.pk, by=stella)
    with pytest.raises(Invalid, match="Stella may not see"):
        actions.watch(private.pk, person=stella, by=cora)
    Watcher.objects.create(incident=private, person=stella, since=private.declared_at)
    actions.transition(private.pk, to="investigating", by=cora)
    assert told(stella, private) == []
    assert queries.watchers_of(private) == []


def test_who_commands_lets_others_watch_and_ends_it(incident, cora, stella):
    rita = make_person("Rita", incident.team, TeamRole.RESPONDER)
    with pytest.raises(NotAllowed, match="Only who commands"):
        actions.watch(incident.pk, person=cora, by=rita)
    actions.watch(incident.pk, person=rita, by=cora)
    actions.unwatch(incident.pk, person=stella, by=cora)
    assert queries.watchers_of(incident) == [rita]
    actions.assign_role(incident.pk, role="commander", person=rita, by=cora)
    actions.watch(incident.pk, person=stella, by=rita)
    assert queries.watchers_of(incident) == [rita, stella]


def test_watching_twice_is_watching_once(incident, stella):
    actions.watch(incident.pk, by=stella)
    assert incident.timeline.filter(kind=EventKind.WATCHED).count() == 1
    actions.unwatch(incident.pk, by=stella)
    actions.unwatch(incident.pk, by=stella)
    assert incident.timeline.filter(kind=EventKind.UNWATCHED).count() == 1


def test_who_watched_what_is_merged_watches_what_it_is_a_part_of(incident, team, cora, stella):
    target = declare(team, cora)
    actions.merge(incident.pk, into=target.pk, by=cora)
    incident.refresh_from_db()
    assert (queries.watchers_of(incident), queries.watchers_of(target)) == ([], [stella])
    assert told(stella, incident)[-1] == "merged"


def test_a_merge_into_a_private_one_takes_along_only_who_may_see_that(incident, team, cora, stella):
    actions.watch(incident.pk, by=cora)
    target = declare(team, cora, private=True)
    actions.merge(incident.pk, into=target.pk, by=cora)
    assert list(target.watchers.values_list("person", flat=True)) == [cora.pk]


def test_the_end_is_told_and_then_nobody_watches_any_more(incident, cora, stella):
    actions.cancel(incident.pk, reason="A false alarm", by=cora)
    incident.refresh_from_db()
    assert told(stella, incident)[-1] == "cancelled"
    assert queries.watchers_of(incident) == []
    with pytest.raises(RuleViolation):
        actions.watch(incident.pk, by=cora)


def test_activity_of_a_watcher_is_no_work_on_the_incident(incident, cora, stella):
    before = chain.last_activity(incident)
    actions.unwatch(incident.pk, by=stella)
    assert chain.last_activity(incident) == before


def test_whoever_may_see_it_by_the_quick_rule_may_by_the_one_rule(incident, team, cora, stella):
    people = [
        cora, stella, make_person("Ada", None, TeamRole.AUDITOR), make_person("Adam", None, TeamRole.ADMIN),
        make_person("Ella", make_team("ai"), TeamRole.COMMANDER), make_person("Nobody"),
        make_person("Mia", team, TeamRole.MANAGER),
    ]  # fmt: skip
    super_ = make_person("Super")
    super_.is_superuser = True
    super_.save()
    left = make_person("Left", team, TeamRole.RESPONDER)
    left.is_active = False
    left.save()
    guest = make_person("Guest")
    private = declare(team, cora, private=True)
    for found in (incident, private):
        actions.involve(found, guest, reason="paged as level 3")
        everybody = [*people, super_, left, guest]
        assert queries.who_may_see(found, everybody) == {
            person.pk for person in everybody if access.may(person, access.Permission.VIEW, found)
        }


def test_the_cost_of_telling_whom_one_may_see_does_not_grow_with_watchers(
    incident, team, django_assert_max_num_queries
):
    for number in range(12):
        actions.watch(incident.pk, by=make_person(f"Person{number}", team, TeamRole.RESPONDER))
    with django_assert_max_num_queries(3):
        assert len(queries.watchers_of(incident)) == 13
