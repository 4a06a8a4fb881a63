"""Who makes, replaces and revokes which tokens, and what becomes of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import Entry
from apps.core import keys
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.notifications.models import Notification
from apps.teams import access, actions, queries, token_shape
from apps.teams.models import ApiToken, Scope, TeamRole, User
from tests.api.clients import client_with
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

MONTH, WEEK = timedelta(days=30), timedelta(days=7)


@pytest.fixture
def team(clock):
    return make_team()


@pytest.fixture
def mara(team) -> User:
    return make_person("Mara", team, TeamRole.MANAGER)


@pytest.fixture
def robot(team, mara) -> User:
    return actions.create_service_account(name="Deploys", team=team, role=TeamRole.RESPONDER, by=mara)


@pytest.fixture
def root(clock) -> User:
    return User.objects.create_superuser("root@example.com", name="Root")


def issue(owner: User, by: User, **told):
    return actions.issue_token(owner, by=by, **{"name": "ci", "scope": Scope.RESPOND, "lives": MONTH, **told})


def works(secret: str) -> bool:
    return client_with(secret).get("/api/v1/me/").status_code == 200


class TestMaking:
    def test_a_person_makes_their_own(self, mara, clock):
        token, secret = issue(mara, mara)
        assert (token.person, token.expires_at) == (mara, clock.now + MONTH)
        assert re.fullmatch(keys.pattern(token_shape.PERSONAL), secret)
        assert Entry.objects.get(act=Act.TOKEN_MADE).by == mara

    def test_nobody_makes_one_for_somebody_else(self, team, mara):
        ben = make_person("Ben", team, TeamRole.RESPONDER)
        with pytest.raises(NotAllowed):
            issue(ben, mara)

    def test_managers_make_those_of_the_accounts_of_their_team(self, robot, mara):
        _, secret = issue(robot, mara)
        assert re.fullmatch(keys.pattern(token_shape.SERVICE), secret)
        assert client_with(secret).get("/api/v1/me/").json()["name"] == "Deploys"

    def test_managers_of_another_team_do_not(self, robot):
        zoe = make_person("Zoe", make_team("zebra"), TeamRole.MANAGER)
        with pytest.raises(NotAllowed):
            issue(robot, zoe)

    def test_no_manager_gets_by_an_account_what_managers_do_not_have(self, robot, team, mara, root):
        actions.add_member(robot, team, TeamRole.COMMANDER)
        with pytest.raises(NotAllowed):
            issue(robot, mara)
        assert works(issue(robot, root)[1])

    def test_only_administrators_make_one_to_provision_and_only_for_an_account(self, robot, mara, root):
        for owner, by in ((robot, mara), (root, root)):
            with pytest.raises(NotAllowed):
                issue(owner, by, scope=Scope.PROVISION)
        assert issue(robot, root, scope=Scope.PROVISION)[0].scope == Scope.PROVISION

    @pytest.mark.parametrize("days", [0, -1, 366])
    def test_it_lives_for_a_day_to_a_year(self, mara, days):
        with pytest.raises(Invalid):
            issue(mara, mara, lives=timedelta(days=days))

    def test_it_is_limited_to_teams_that_its_owner_sees(self, mara, team):
        assert issue(mara, mara, teams=[team])[0].team_ids == [team.pk]
        for chosen in ([], [team, make_team("zebra")]):
            with pytest.raises(Invalid):
                issue(mara, mara, teams=chosen)

    def test_nobody_has_more_of_them_than_they_can_oversee(self, mara, monkeypatch):
        monkeypatch.setattr("apps.teams.actions.tokens.MOST_TOKENS", 2)
        lost, _ = issue(mara, mara)
        issue(mara, mara)
        with pytest.raises(RuleViolation):
            issue(mara, mara)
        actions.revoke_token(lost, by=mara)
        issue(mara, mara)


class TestRotating:
    def test_the_old_one_goes_on_for_as_long_as_was_chosen(self, mara, clock):
        old, before = issue(mara, mara)
        clock.shift(days=10)
        new, after = actions.rotate_token(old, by=mara, overlap=timedelta(days=2))
        assert set(queries.kept_tokens(mara)) == {old, new}
        assert (works(before), works(after)) == (True, True)
        clock.shift(days=2)
        assert (works(before), works(after)) == (False, True)
        assert new.expires_at == clock.now - timedelta(days=2) + MONTH

    def test_it_is_what_the_old_one_was(self, mara, team):
        old, _ = issue(mara, mara, scope=Scope.READ, teams=[team])
        new, _ = actions.rotate_token(old, by=mara, overlap=WEEK)
        assert (new.name, new.scope, new.team_ids, new.person, new.replaces) == ("ci", "read", [team.pk], mara, old)

    def test_no_overlap_makes_the_old_one_longer(self, mara, clock):
        old, before = issue(mara, mara, lives=timedelta(days=1))
        actions.rotate_token(old, by=mara, overlap=WEEK)
        clock.shift(days=1)
        assert not works(before)

    @pytest.mark.parametrize("overlap", [timedelta(days=7, seconds=1), timedelta(seconds=-1)])
    def test_the_old_one_goes_on_for_a_week_at_most(self, mara, overlap):
        old, _ = issue(mara, mara)
        with pytest.raises(Invalid):
            actions.rotate_token(old, by=mara, overlap=overlap)

    def test_one_is_rotated_once_and_only_while_it_works(self, mara):
        old, _ = issue(mara, mara)
        new, _ = actions.rotate_token(old, by=mara, overlap=WEEK)
        actions.revoke_token(new, by=mara)
        for done_with in (old, new):
            with pytest.raises(RuleViolation):
                actions.rotate_token(done_with, by=mara, overlap=WEEK)

    def test_a_token_that_rotates_itself_lives_no_longer_for_it(self, mara, clock):
        old, _ = issue(mara, mara)
        clock.shift(days=29)
        new, after = actions.rotate_token(old, by=mara, overlap=timedelta(), by_itself=True)
        assert works(after)
        clock.shift(days=1)
        assert not works(after)
        assert new.expires_at == clock.now

    def test_somebody_else_does_not(self, mara, team):
        old, _ = issue(mara, mara)
        with pytest.raises(NotAllowed):
            actions.rotate_token(old, by=make_person("Ben", team, TeamRole.MANAGER), overlap=WEEK)


def test_a_revoked_token_is_refused_at_once_and_that_is_told_once(mara, robot):
    token, secret = issue(robot, mara)
    for _ in range(2):
        actions.revoke_token(token, by=mara)
    assert not works(secret)
    assert Entry.objects.filter(act=Act.TOKEN_REVOKED).count() == 1
    with pytest.raises(NotAllowed):
        actions.revoke_token(issue(mara, mara)[0], by=robot)


class TestServiceAccounts:
    def test_one_never_signs_in(self, robot):
        robot.set_password("correct horse battery staple")
        with pytest.raises(IntegrityError), transaction.atomic():
            robot.save()
        User.objects.filter(pk=robot.pk).update(is_active=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=robot.pk).update(is_staff=True)

    def test_no_person_is_kept(self, mara, team):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=mara.pk).update(kept_by=team)

    def test_one_is_never_on_call_nor_chosen_nor_told(self, robot, mara, root):
        actions.add_member(robot, None, TeamRole.ADMIN)
        assert robot not in queries.responders()
        assert robot not in User.objects.filter(queries.is_a_person())
        assert robot not in access.administrators()
        assert mara in User.objects.filter(queries.is_a_person())

    def test_its_tokens_end_with_it(self, robot, mara):
        _, secret = issue(robot, mara)
        actions.deactivate_service_account(robot, by=mara)
        assert not works(secret)
        assert not queries.kept_accounts(mara).exists()

    def test_who_keeps_it_is_who_manages_the_team(self, team, robot, mara):
        with pytest.raises(NotAllowed):
            actions.create_service_account(name="CI", team=team, role=TeamRole.RESPONDER, by=robot)
        with pytest.raises(NotAllowed):
            actions.create_service_account(name="CI", team=None, role=TeamRole.AUDITOR, by=mara)
        with pytest.raises(Invalid):
            actions.create_service_account(name="CI", team=team, role=TeamRole.COMMANDER, by=mara)
        with pytest.raises(Invalid):
            actions.create_service_account(name="deploys!", team=team, role=TeamRole.RESPONDER, by=mara)
        root = make_person("Root", None, TeamRole.ADMIN)
        with pytest.raises(Invalid, match="one of a team"):
            actions.create_service_account(name="CI", team=None, role=TeamRole.RESPONDER, by=root)
        assert list(queries.kept_accounts(mara)) == [robot]
        assert not queries.kept_accounts(make_person("Zoe", make_team("zebra"), TeamRole.MANAGER)).exists()


class TestReminding:
    def test_the_owner_is_told_once_a_week_before(self, mara, clock):
        issue(mara, mara, name="deploys")
        clock.shift(days=22)
        actions.remind_of_ends()
        assert not Notification.objects.exists()
        clock.shift(days=1)
        for _ in range(2):
            actions.remind_of_ends()
        told = Notification.objects.get()
        assert (told.person, "deploys" in told.subject, "1 Apr" in told.text) == (mara, True, True)

    def test_of_an_account_its_managers_are(self, robot, mara, clock):
        issue(robot, mara)
        clock.shift(days=24)
        actions.remind_of_ends()
        assert Notification.objects.get().person == mara

    def test_nobody_is_of_what_is_replaced_or_revoked_or_lives_no_longer(self, mara, clock):
        rotated, _ = issue(mara, mara)
        actions.revoke_token(issue(mara, mara)[0], by=mara)
        clock.shift(days=24)
        actions.rotate_token(rotated, by=mara, overlap=WEEK)
        issue(mara, mara, lives=WEEK)
        actions.remind_of_ends()
        assert not Notification.objects.exists()
        assert ApiToken.objects.filter(revoked_at=None).count() == 3


def test_an_account_that_is_switched_off_has_no_tokens_left_for_when_it_comes_back(db):
    team = make_team("owls")
    mona = make_person("Mona", team, TeamRole.MANAGER)
    robot = actions.create_service_account(name="Robot", team=team, role=TeamRole.RESPONDER, by=mona)
    token, _ = actions.create_token(robot, name="ci")
    actions.deactivate_service_account(robot, by=mona)
    token.refresh_from_db()
    assert token.revoked_at is not None
    told = Entry.objects.get(act=Act.TOKEN_REVOKED)
    assert (told.by, told.teams) == (mona, [team.pk])
    actions.reactivate(robot)
    assert not robot.tokens.filter(revoked_at=None).exists()
