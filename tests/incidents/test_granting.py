"""Access to a private incident that is given by name, for a reason, and taken back."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.communications import queries as communications
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.incidents import actions, queries
from apps.incidents.models import AccessGrant, EventKind, Incident
from apps.notifications import queries as notifications
from apps.notifications.models import Notification
from apps.teams import access
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

VIEW, RESPOND = access.Permission.VIEW, access.Permission.RESPOND


@pytest.fixture
def security(db, clock) -> Team:
    make_procedures()
    return make_team("security")


@pytest.fixture
def cora(security) -> User:
    return make_person("Cora", security, TeamRole.COMMANDER)


@pytest.fixture
def secret(security) -> Incident:
    return declare(security, title="A token was published", private=True)


@pytest.fixture
def hanna(security) -> User:
    """Of no team: she works in human resources."""
    return make_person("Hanna")


def sees(person: User, incident: Incident) -> bool:
    """By every way of asking, which all agree."""
    again = User.objects.get(pk=person.pk)
    found = access.may(again, VIEW, incident)
    assert queries.visible_to(again).filter(pk=incident.pk).exists() is found
    assert (person.pk in queries.who_may_see(incident, [again])) is found
    return found


def give(incident: Incident, person: User, by: User) -> AccessGrant:
    return actions.give_access(incident.pk, person=person, reason="She knows the case", by=by)


def test_who_is_given_access_sees_and_answers_until_it_is_taken_back(secret, cora, hanna):
    assert not sees(hanna, secret)
    grant = give(secret, hanna, cora)
    assert sees(hanna, secret)
    assert access.may(hanna, RESPOND, secret)
    actions.take_access_back(grant.pk, by=cora)
    assert not sees(hanna, secret)
    assert not access.may(hanna, RESPOND, secret)


def test_an_auditor_with_access_reads_and_answers_nothing(secret, cora):
    aurel = make_person("Aurel", None, TeamRole.AUDITOR)
    give(secret, aurel, cora)
    assert sees(aurel, secret)
    assert not access.may(aurel, RESPOND, secret)


def test_both_stand_on_the_timeline_with_the_reason_and_in_the_history(secret, cora, hanna):
    grant = give(secret, hanna, cora)
    actions.take_access_back(grant.pk, by=cora)
    told = secret.timeline.filter(kind__in=[EventKind.ACCESS_GIVEN, EventKind.ACCESS_TAKEN_BACK])
    assert [(event.text, event.actor) for event in told] == [
        ("Cora gives Hanna access: She knows the case", cora),
        ("Cora takes back the access of Hanna.", cora),
    ]
    assert [record.history_user for record in grant.history.all()] == [cora, cora]
    grant.refresh_from_db()
    assert (grant.given_by, grant.taken_back_by, grant.stands) == (cora, cora, False)


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.MANAGER, TeamRole.RESPONDER, TeamRole.STAKEHOLDER])
def test_nobody_but_the_team_s_commanders_decides(secret, cora, hanna, security, role):
    person = make_person("Pat", security, role)
    actions.involve(secret, person, reason="was paged")
    grant = give(secret, hanna, cora)
    for deed in (lambda: give(secret, person, person), lambda: actions.take_access_back(grant.pk, by=person)):
        with pytest.raises(NotAllowed):
            deed()


@pytest.mark.parametrize(("team", "role"), [("other", TeamRole.COMMANDER), (None, TeamRole.ADMIN)])
def test_no_commander_of_another_team_and_no_administrator_decides(secret, hanna, team, role):
    person = make_person("Pat", make_team(team) if team else None, role)
    with pytest.raises(NotAllowed):
        give(secret, hanna, person)


def test_an_incident_that_is_not_private_needs_none(security, cora, hanna):
    with pytest.raises(RuleViolation, match="is not private"):
        give(declare(security), hanna, cora)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_it_takes_a_reason(secret, cora, hanna, reason):
    with pytest.raises(Invalid) as refused:
        actions.give_access(secret.pk, person=hanna, reason=reason, by=cora)
    assert refused.value.field == "reason"


def test_who_left_is_given_none(secret, cora, hanna):
    hanna.is_active = False
    hanna.save()
    with pytest.raises(Invalid, match="deactivated"):
        give(secret, hanna, cora)


def test_giving_twice_is_giving_once_and_taking_back_twice_is_refused(secret, cora, hanna):
    grant = give(secret, hanna, cora)
    assert give(secret, hanna, cora) == grant
    assert secret.timeline.filter(kind=EventKind.ACCESS_GIVEN).count() == 1
    actions.take_access_back(grant.pk, by=cora)
    with pytest.raises(RuleViolation, match="already"):
        actions.take_access_back(grant.pk, by=cora)
    assert give(secret, hanna, cora) != grant
    assert sees(hanna, secret)


def test_the_database_keeps_one_grant_that_stands(secret, cora, hanna):
    give(secret, hanna, cora)
    with pytest.raises(IntegrityError, match="access_grant_one_that_stands"), transaction.atomic():
        AccessGrant.objects.create(
            incident=secret, person=hanna, given_by=cora, reason="Again", given_at=secret.declared_at
        )


def test_who_is_involved_for_another_reason_stays_so(secret, cora, hanna):
    grant = give(secret, hanna, cora)
    actions.involve(secret, hanna, reason="paged as level 3")
    actions.take_access_back(grant.pk, by=cora)
    assert sees(hanna, secret)


def test_it_goes_along_with_a_merge_and_is_taken_back_there(secret, cora, hanna, security):
    whole = declare(security, title="The whole case", private=True)
    give(secret, hanna, cora)
    actions.merge(secret.pk, into=whole.pk, by=cora)
    assert sees(hanna, whole)
    moved = whole.access_grants.get()
    assert (moved.person, moved.reason, moved.given_by) == (hanna, "She knows the case", cora)
    actions.take_access_back(moved.pk, by=cora)
    assert not sees(hanna, whole)


def test_they_are_told_of_it_and_of_nothing_after_it_was_taken_back(secret, cora, hanna):
    grant = give(secret, hanna, cora)
    told = Notification.objects.get(person=hanna)
    assert told.subject == f"[P0] {secret} you were given access: A token was published"
    assert "Cora gave you access: She knows the case" in told.text
    actions.watch(secret.pk, by=hanna)
    actions.take_access_back(grant.pk, by=cora)
    told.refresh_from_db()
    assert not told.is_wanted
    assert queries.watchers_of(secret) == []
    assert list(notifications.pages_of(hanna)) == list(notifications.unread_of(hanna)) == []


def test_updates_of_a_private_incident_reach_those_who_may_see_it(secret, cora, hanna, security):
    stella = make_person("Stella", security, TeamRole.STAKEHOLDER)
    rita = make_person("Rita", security, TeamRole.RESPONDER)
    actions.involve(secret, rita, reason="paged as level 1")
    secret = actions.acknowledge(secret.pk, by=rita)
    assert communications.recipients(secret) == [rita]
    secret.involvements.filter(person=rita).delete()
    assert communications.recipients(secret) == []
    give(secret, stella, cora)
    assert communications.recipients(secret) == [stella]
