"""Who may do what for a team, who sees what is private, and how memberships become grants (design, "Access")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.urls import reverse
from guardian.shortcuts import assign_perm

from apps.core.errors import NotAllowed
from apps.incidents import actions as incidents
from apps.incidents import queries
from apps.teams import access, actions
from apps.teams.access import Permission
from apps.teams.models import Membership, Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db

VIEW, RESPOND, COMMAND, MANAGE = Permission.VIEW, Permission.RESPOND, Permission.COMMAND, Permission.MANAGE
#: What each role may do for its team. For the team beside it, it may do nothing.
OF_A_TEAM = {
    TeamRole.ADMIN: {VIEW, RESPOND, COMMAND, MANAGE},
    TeamRole.MANAGER: {VIEW, RESPOND, MANAGE},
    TeamRole.COMMANDER: {VIEW, RESPOND, COMMAND},
    TeamRole.RESPONDER: {VIEW, RESPOND},
    TeamRole.STAKEHOLDER: {VIEW},
    TeamRole.AUDITOR: {VIEW},
}
#: What who holds a role for the whole organisation may do for every team.
OF_THE_ORGANISATION = {TeamRole.ADMIN: {VIEW, RESPOND, COMMAND, MANAGE}, TeamRole.AUDITOR: {VIEW}}


@dataclass
class Thing:
    """Something that belongs to teams, private or not, with those who are involved in it."""

    teams: Iterable[Team]
    private: bool = False
    involved: list[User] = field(default_factory=list)

    def guarding_team_ids(self) -> Iterable[int]:
        return [team.pk for team in self.teams]

    def is_guarded_private(self) -> bool:
        return self.private

    def involves(self, person: User) -> bool:
        return person in self.involved


@pytest.fixture
def platform(clock) -> Team:
    return make_team("platform")


@pytest.fixture
def ai(clock) -> Team:
    return make_team("ai")


def left(person: User) -> User:
    person.is_active = False
    person.save()
    return person


def everything_for(person, team: Team) -> set[Permission]:
    """What ``person`` may do for the team, by every way of asking, which all agree."""
    found = {permission for permission in Permission if access.may(person, permission, Thing([team]))}
    assert found == {permission for permission in Permission if team.pk in access.team_ids(person, permission)}
    for permission in Permission:
        if permission in found:
            access.require(person, permission, Thing([team]))
            access.require_for_team(person, permission, team)
        else:
            with pytest.raises(NotAllowed):
                access.require(person, permission, Thing([team]))
            with pytest.raises(NotAllowed):
                access.require_for_team(person, permission, team)
    return found


@pytest.mark.parametrize("role", TeamRole)
def test_a_role_of_a_team_is_for_that_team_alone(platform, ai, role):
    person = make_person("Pat", platform, role)
    assert everything_for(person, platform) == OF_A_TEAM[role]
    assert everything_for(person, ai) == set()


@pytest.mark.parametrize("role", OF_THE_ORGANISATION)
def test_a_role_of_the_organisation_is_for_every_team(platform, ai, role):
    person = make_person("Pat", None, role)
    assert everything_for(person, platform) == everything_for(person, ai) == OF_THE_ORGANISATION[role]


def test_roles_add_up_and_stay_with_their_teams(platform, ai):
    person = make_person("Pat", platform, TeamRole.STAKEHOLDER)
    actions.add_member(person, platform, TeamRole.MANAGER)
    actions.add_member(person, ai, TeamRole.COMMANDER)
    assert everything_for(person, platform) == {VIEW, RESPOND, MANAGE}
    assert everything_for(person, ai) == {VIEW, RESPOND, COMMAND}


def test_what_belongs_to_two_teams_is_open_to_either(platform, ai):
    thing = Thing([platform, ai])
    assert access.may(make_person("Ella", ai, TeamRole.RESPONDER), RESPOND, thing)
    assert access.may(make_person("Rita", platform, TeamRole.RESPONDER), RESPOND, thing)
    assert not access.may(make_person("Dora", make_team("data"), TeamRole.RESPONDER), RESPOND, thing)


def test_who_has_no_role_who_left_and_who_is_not_signed_in_may_nothing(platform):
    for person in (make_person("Otto"), left(make_person("Lou", platform, TeamRole.ADMIN)), AnonymousUser()):
        assert not any(access.may(person, permission, Thing([platform])) for permission in Permission)
        assert not any(access.team_ids(person, permission) for permission in Permission)
        assert not access.is_administrator(person)
        assert not access.is_auditor(person)


def test_who_left_is_no_longer_let_in_by_having_been_involved_or_by_any_role_of_the_organisation(platform):
    make_person("Ada", None, TeamRole.ADMIN)
    lou = left(make_person("Lou", None, TeamRole.ADMIN))
    assert not any(access.may(lou, permission, Thing([platform], involved=[lou])) for permission in Permission)
    assert lou not in access.administrators()
    assert not access.is_administrator(lou)


def test_who_administrates_a_team_does_not_administrate_the_organisation(platform):
    tom, ada = make_person("Tom", platform, TeamRole.ADMIN), make_person("Ada", None, TeamRole.ADMIN)
    assert set(access.administrators()) == {ada}
    assert (access.is_administrator(tom), access.is_administrator(ada)) == (False, True)


def test_a_superuser_administrates_like_who_holds_the_role(platform):
    root = User.objects.create_superuser("root@example.com")
    assert everything_for(root, platform) == {VIEW, RESPOND, COMMAND, MANAGE}
    assert set(access.administrators()) == {root}


def test_a_refusal_says_who_has_no_right_to_what(platform):
    stella = make_person("Stella", platform, TeamRole.STAKEHOLDER)
    with pytest.raises(NotAllowed, match=r"^Stella has no right to respond here\.$"):
        access.require(stella, RESPOND, Thing([platform]))
    with pytest.raises(NotAllowed, match=r"^Stella has no right to manage for the team Platform\.$"):
        access.require_for_team(stella, MANAGE, platform)


@pytest.mark.parametrize("private", [False, True])
def test_who_is_involved_sees_and_responds_whichever_team_they_belong_to(platform, private):
    otto = make_person("Otto")
    thing = Thing([platform], private=private, involved=[otto])
    assert {permission for permission in Permission if access.may(otto, permission, thing)} == {VIEW, RESPOND}


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_who_only_reads_still_only_reads_once_involved(platform, role, private):
    reader = make_person("Ruth", platform, role)
    thing = Thing([platform], private=private, involved=[reader])
    assert {permission for permission in Permission if access.may(reader, permission, thing)} == {VIEW}


def test_who_reads_for_one_team_and_responds_for_another_does_not_only_read(platform, ai):
    reader = make_person("Ruth", platform, TeamRole.STAKEHOLDER)
    assert access.only_reads(reader)
    actions.add_member(reader, ai, TeamRole.RESPONDER)
    assert not access.only_reads(reader)
    assert access.may(reader, RESPOND, Thing([platform], involved=[reader]))
    assert not access.may(reader, RESPOND, Thing([platform]))


def test_commanded_are_the_teams_whose_commander_one_is_and_no_others(platform, ai):
    cora = make_person("Cora", platform, TeamRole.COMMANDER)
    actions.add_member(cora, ai, TeamRole.MANAGER)
    assert access.commanded_team_ids(cora) == {platform.pk}
    for role in set(TeamRole) - {TeamRole.COMMANDER}:
        assert access.commanded_team_ids(make_person(role.name, platform, role)) == set()
    assert access.commanded_team_ids(make_person("Ada", None, TeamRole.ADMIN)) == set()
    assert access.commanded_team_ids(AnonymousUser()) == set()


#: Who sees a private incident of the platform team that they neither declared nor were paged for.
SEES_WHAT_IS_PRIVATE = {
    ("platform", TeamRole.ADMIN): False,
    ("platform", TeamRole.MANAGER): False,
    ("platform", TeamRole.COMMANDER): True,
    ("platform", TeamRole.RESPONDER): False,
    ("platform", TeamRole.STAKEHOLDER): False,
    ("platform", TeamRole.AUDITOR): False,
    ("ai", TeamRole.COMMANDER): False,
    (None, TeamRole.ADMIN): False,
    (None, TeamRole.AUDITOR): False,
}


@pytest.mark.parametrize(("where", "role"), SEES_WHAT_IS_PRIVATE)
def test_who_sees_a_private_incident(platform, ai, where, role):
    make_procedures()
    secret = declare(platform, title="A token was published", private=True)
    person = make_person("Pat", {"platform": platform, "ai": ai}.get(where), role)
    sees = SEES_WHAT_IS_PRIVATE[where, role]
    assert access.may(person, VIEW, secret) is sees
    assert access.may(person, RESPOND, secret) is sees
    assert queries.visible_to(person).filter(pk=secret.pk).exists() is sees
    assert queries.open_incidents(person).filter(pk=secret.pk).exists() is sees


def test_a_superuser_sees_no_private_incident_either(platform):
    make_procedures()
    secret = declare(platform, private=True)
    root = User.objects.create_superuser("root@example.com")
    assert not access.may(root, VIEW, secret)
    assert not queries.visible_to(root).exists()


def test_whoever_becomes_involved_sees_a_private_incident(platform):
    make_procedures()
    secret = declare(platform, private=True)
    for person in (make_person("Otto"), make_person("Aurel", None, TeamRole.AUDITOR)):
        assert not queries.visible_to(person).exists()
        incidents.involve(secret, person, reason="paged as level 3")
        assert queries.visible_to(person).get() == secret
        assert access.may(person, VIEW, secret)


def test_what_is_not_private_is_listed_to_whom_access_opens_it(platform, ai):
    make_procedures()
    shared = declare(platform)
    people = [make_person(role.name, platform, role) for role in TeamRole]
    people += [make_person(f"All{role.name}", None, role) for role in OF_THE_ORGANISATION]
    people += [make_person(f"AI{role.name}", ai, role) for role in TeamRole]
    people += [make_person("Otto"), left(make_person("Lou", platform, TeamRole.COMMANDER)), AnonymousUser()]
    for person in people:
        assert queries.visible_to(person).filter(pk=shared.pk).exists() is access.may(person, VIEW, shared), person


def test_a_commander_who_left_sees_no_private_incident(platform):
    make_procedures()
    secret = declare(platform, private=True)
    lou = left(make_person("Lou", platform, TeamRole.COMMANDER))
    assert not access.may(lou, VIEW, secret)
    assert not queries.visible_to(lou).exists()


def groups_of(person: User) -> set[str]:
    return set(person.groups.values_list("name", flat=True))


def test_grants_are_given_and_taken_away_as_memberships_say(platform, ai):
    pat = make_person("Pat")
    Membership.objects.create(person=pat, team=platform, role=TeamRole.COMMANDER)
    Membership.objects.create(person=pat, team=ai, role=TeamRole.RESPONDER)
    access.rebuild_grants(pat)
    assert groups_of(pat) == {f"team:{platform.pk}:commander", f"team:{ai.pk}:responder"}
    assert access.team_ids(pat, RESPOND) == {platform.pk, ai.pk}
    pat.memberships.filter(team=platform).delete()
    access.rebuild_grants(pat)
    assert groups_of(pat) == {f"team:{ai.pk}:responder"}
    assert access.team_ids(pat, RESPOND) == {ai.pk}


def test_who_is_put_into_a_groups_by_hand_falls_out_of_it_and_other_groups_stay(platform, ai):
    make_person("Ella", ai, TeamRole.MANAGER)
    pat = make_person("Pat", platform, TeamRole.RESPONDER)
    pat.groups.add(Group.objects.get(name=f"team:{ai.pk}:manager"), Group.objects.create(name="choir"))
    assert access.team_ids(User.objects.get(pk=pat.pk), MANAGE) == {ai.pk}
    access.rebuild_grants()
    again = User.objects.get(pk=pat.pk)
    assert groups_of(again) == {f"team:{platform.pk}:responder", "choir"}
    assert access.team_ids(again, MANAGE) == set()


def test_what_a_role_grants_is_mended_for_everybody(platform):
    rita, cora = (make_person(name, platform, role) for name, role in (("Rita", "responder"), ("Cora", "commander")))
    for name, grants in (("responder", set(Permission)), ("commander", set())):
        group = Group.objects.get(name=f"team:{platform.pk}:{name}")
        group.teamgroupobjectpermission_set.all().delete()
        for permission in grants:
            assign_perm(permission.value, group, platform)
    rita, cora = (User.objects.get(pk=person.pk) for person in (rita, cora))
    assert everything_for(rita, platform) == set(Permission)
    assert everything_for(cora, platform) == set()
    access.rebuild_grants()
    rita, cora = (User.objects.get(pk=person.pk) for person in (rita, cora))
    assert everything_for(rita, platform) == OF_A_TEAM[TeamRole.RESPONDER]
    assert everything_for(cora, platform) == OF_A_TEAM[TeamRole.COMMANDER]


def test_rebuilding_twice_changes_nothing(platform):
    pat = make_person("Pat", platform, TeamRole.MANAGER)
    access.rebuild_grants()
    before = groups_of(pat), everything_for(pat, platform)
    access.rebuild_grants()
    assert (groups_of(pat), everything_for(User.objects.get(pk=pat.pk), platform)) == before


def test_a_role_that_is_given_or_taken_counts_at_once_for_the_same_person(platform):
    """What was remembered of their rights is forgotten with the change."""
    pat = make_person("Pat")
    assert everything_for(pat, platform) == set()
    assert not access.only_reads(pat)
    membership = actions.add_member(pat, platform, TeamRole.COMMANDER)
    assert everything_for(pat, platform) == OF_A_TEAM[TeamRole.COMMANDER]
    assert access.commanded_team_ids(pat) == {platform.pk}
    actions.remove_member(membership)
    assert everything_for(pat, platform) == set()
    assert access.commanded_team_ids(pat) == set()
    actions.add_member(pat, None, TeamRole.ADMIN)
    assert access.is_administrator(pat)


@pytest.fixture
def administration(client):
    """The admin's client, signed in as an administrator."""
    ada = make_person("Ada", None, TeamRole.ADMIN)
    ada.is_staff = True
    ada.save()
    client.force_login(ada)
    return client


def memberships(rows: list[dict[str, object]], *, initial: int) -> dict[str, object]:
    """The form's part for memberships."""
    management = {"memberships-TOTAL_FORMS": len(rows), "memberships-INITIAL_FORMS": initial}
    fields = {f"memberships-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    return management | fields


def save_person(client, person: User, rows: list[dict[str, object]], *, initial: int) -> None:
    form: dict[str, object] = {"email": person.email, "name": person.name, "time_zone": "UTC", "is_active": "on"}
    for beside in ("contact_methods", "notification_rules", "notification_preferences"):
        form |= {f"{beside}-TOTAL_FORMS": 0, f"{beside}-INITIAL_FORMS": 0}
    page = client.post(reverse("admin:teams_user_change", args=[person.pk]), form | memberships(rows, initial=initial))
    assert page.status_code == 302, page.context["adminform"].form.errors


def save_team(client, team: Team, rows: list[dict[str, object]], *, initial: int) -> None:
    form = {"slug": team.slug, "name": team.name, "time_zone": team.time_zone, "is_active": "on"}
    page = client.post(reverse("admin:teams_team_change", args=[team.pk]), form | memberships(rows, initial=initial))
    assert page.status_code == 302, page.context["adminform"].form.errors


def rights_of(person: User, team: Team) -> set[Permission]:
    return everything_for(User.objects.get(pk=person.pk), team)


def test_a_membership_on_a_persons_page_carries_its_grants_at_once_and_takes_them_along(administration, platform):
    pat = make_person("Pat")
    save_person(administration, pat, [{"team": platform.pk, "role": "commander"}], initial=0)
    assert rights_of(pat, platform) == OF_A_TEAM[TeamRole.COMMANDER]
    row = {"id": pat.memberships.get().pk, "person": pat.pk, "team": platform.pk, "role": "commander"}
    save_person(administration, pat, [row | {"role": "stakeholder"}], initial=1)
    assert rights_of(pat, platform) == OF_A_TEAM[TeamRole.STAKEHOLDER]
    save_person(administration, pat, [row | {"DELETE": "on"}], initial=1)
    assert rights_of(pat, platform) == set()


def test_a_membership_on_a_teams_page_carries_its_grants_at_once_and_takes_them_along(administration, platform):
    pat, kim = make_person("Pat"), make_person("Kim")
    save_team(administration, platform, [{"person": pat.pk, "role": "commander"}], initial=0)
    assert rights_of(pat, platform) == OF_A_TEAM[TeamRole.COMMANDER]
    row = {"id": platform.memberships.get().pk, "team": platform.pk, "person": kim.pk, "role": "responder"}
    save_team(administration, platform, [row], initial=1)
    assert (rights_of(pat, platform), rights_of(kim, platform)) == (set(), OF_A_TEAM[TeamRole.RESPONDER])
    save_team(administration, platform, [row | {"DELETE": "on"}], initial=1)
    assert rights_of(kim, platform) == set()
