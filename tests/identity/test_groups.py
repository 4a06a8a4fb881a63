"""Roles come with the groups of an identity provider and go with them; what was given by hand stays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.audited import Act
from apps.identity.groups import actions, queries
from apps.identity.groups.models import GroupMapping, ProviderGroup
from apps.rosters import actions as rosters
from apps.rosters.models import Roster, Shift
from apps.teams import access
from apps.teams import actions as teams
from apps.teams.access import Permission
from apps.teams.models import Membership, MembershipSource, TeamRole, User
from tests.factories.identity import make_group
from tests.factories.teams import make_person, make_team
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db

RESPONDER, MANAGER, ADMIN, AUDITOR = TeamRole.RESPONDER, TeamRole.MANAGER, TeamRole.ADMIN, TeamRole.AUDITOR


@pytest.fixture
def platform():
    return make_team("platform")


@pytest.fixture
def ai():
    return make_team("ai")


@pytest.fixture
def anna():
    return make_person("Anna")


def roles_of(person: User) -> set[tuple[str | None, str, str]]:
    return set(person.memberships.values_list("team__slug", "role", "source"))


def apply(person: User, *groups: ProviderGroup, told_by: str = "scim") -> None:
    actions.apply_groups(person, groups, told_by=told_by, by=None)


def test_a_group_gives_a_role_with_all_that_it_grants_and_takes_it_back(platform, anna):
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    assert roles_of(anna) == {("platform", RESPONDER, "mapping")}
    assert access.team_ids(anna, Permission.RESPOND) == {platform.pk}
    apply(anna)
    assert roles_of(anna) == set()
    assert access.team_ids(anna, Permission.RESPOND) == set()


def test_a_group_may_give_several_roles_and_one_for_the_whole_organisation(platform, ai, anna):
    apply(anna, make_group("sre", (platform, RESPONDER), (ai, MANAGER)), make_group("audit", (None, AUDITOR)))
    assert roles_of(anna) == {
        ("platform", RESPONDER, "mapping"), ("ai", MANAGER, "mapping"), (None, AUDITOR, "mapping"),
    }  # fmt: skip
    assert access.is_auditor(anna)


def test_what_was_given_by_hand_stays_whether_a_group_gives_it_too_or_not(platform, ai, anna):
    teams.add_member(anna, platform, RESPONDER)
    teams.add_member(anna, ai, RESPONDER)
    apply(anna, make_group("crew", (platform, RESPONDER)))
    apply(anna)
    assert roles_of(anna) == {("platform", RESPONDER, "hand"), ("ai", RESPONDER, "hand")}


def test_what_a_group_gave_and_somebody_then_gives_by_hand_stays_when_the_group_goes(platform, anna):
    apply(anna, make_group("crew", (platform, RESPONDER)))
    teams.add_member(anna, platform, RESPONDER)
    apply(anna)
    assert roles_of(anna) == {("platform", RESPONDER, "hand")}


def test_a_role_that_two_groups_give_stays_until_both_are_gone(platform, anna):
    one, two = make_group("one", (platform, RESPONDER)), make_group("two", (platform, RESPONDER))
    apply(anna, one, two)
    apply(anna, two)
    assert roles_of(anna) == {("platform", RESPONDER, "mapping")}
    apply(anna)
    assert roles_of(anna) == set()


def test_a_provider_takes_back_only_what_it_said_itself(platform, ai, anna):
    crew, labs = make_group("crew", (platform, RESPONDER)), make_group("labs", (ai, RESPONDER))
    apply(anna, crew, told_by="scim")
    apply(anna, labs, told_by="entra")
    apply(anna, told_by="entra")
    assert roles_of(anna) == {("platform", RESPONDER, "mapping")}


def test_who_loses_a_role_by_a_group_is_on_call_no_more(clock, platform, anna):
    roster = Roster.objects.create(slug="p", name="P", team=platform, time_zone="UTC", is_primary=True)
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    layer_of(roster, [anna])
    rosters.materialise(roster, now=clock.now)
    coming = Shift.objects.filter(person=anna, during__endswith__gt=clock.now)
    assert coming.exists()
    apply(anna)
    assert not coming.exists()


def test_changing_a_role_never_leaves_somebody_without_any_in_between(clock, platform, anna):
    """Their shifts would end and begin again."""
    roster = Roster.objects.create(slug="p", name="P", team=platform, time_zone="UTC", is_primary=True)
    apply(anna, make_group("crew", (platform, RESPONDER)))
    layer_of(roster, [anna])
    rosters.materialise(roster, now=clock.now)
    clock.shift(hours=1)
    before = set(Shift.objects.values_list("pk", flat=True))
    apply(anna, make_group("leads", (platform, TeamRole.COMMANDER)))
    assert roles_of(anna) == {("platform", TeamRole.COMMANDER, "mapping")}
    assert set(Shift.objects.values_list("pk", flat=True)) == before


def test_the_last_administrator_stays_one_and_the_stream_says_so(anna, told):
    admins = make_group("admins", (None, ADMIN))
    apply(anna, admins)
    del told[:]
    apply(anna)
    assert access.is_administrator(anna)
    assert [each.text for each in told] == [
        "Anna stays administrator of the organisation, though no group gives it: nobody else is one"
    ]
    ben = make_person("Ben", None, ADMIN)
    apply(anna)
    assert not access.is_administrator(User.objects.get(pk=anna.pk))
    assert list(access.administrators()) == [ben]


def test_two_administrators_who_lose_their_group_at_once_leave_one(anna):
    ben, admins = make_person("Ben"), make_group("admins", (None, ADMIN))
    actions.set_members(admins, [anna, ben], told_by="scim", by=None)
    actions.set_members(admins, [], told_by="scim", by=None)
    assert access.administrators().count() == 1


def test_an_administrator_who_left_is_not_the_last(anna):
    admins = make_group("admins", (None, ADMIN))
    apply(anna, admins)
    anna.is_active = False
    anna.save()
    apply(anna)
    assert roles_of(anna) == set()


def test_each_change_of_a_role_is_told_with_its_team(platform, anna, root, told):
    crew = make_group("crew", (platform, RESPONDER))
    actions.apply_groups(anna, [crew], told_by="scim", by=root)
    actions.apply_groups(anna, [crew], told_by="scim", by=root)
    actions.apply_groups(anna, [], told_by="scim", by=root)
    assert [(each.act, each.by, each.about, each.teams, each.text) for each in told] == [
        (Act.ROLE_CHANGED, root, anna, (platform.pk,), "Anna became responder of Platform by their groups"),
        (Act.ROLE_CHANGED, root, anna, (platform.pk,),
         "Anna is no longer responder of Platform: their groups do not give it"),
    ]  # fmt: skip


def test_the_members_of_a_group_are_set_as_a_whole(platform, anna):
    ben, crew = make_person("Ben"), make_group("crew", (platform, RESPONDER))
    actions.set_members(crew, [anna], told_by="scim", by=None)
    actions.set_members(crew, [ben], told_by="scim", by=None)
    assert (roles_of(anna), roles_of(ben)) == (set(), {("platform", RESPONDER, "mapping")})


def test_what_a_group_gives_may_change_and_a_group_may_go(platform, ai, anna):
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    crew.mappings.all().delete()
    crew.mappings.create(team=ai, role=RESPONDER)
    actions.follow_mappings(crew, by=None)
    assert roles_of(anna) == {("ai", RESPONDER, "mapping")}
    actions.delete_group(crew, by=None)
    assert roles_of(anna) == set()


def test_groups_are_known_by_name_in_any_case_and_by_their_number():
    crew, labs = make_group("Crew"), make_group("labs", external_id="9b1-e")
    assert set(queries.named(["crew", "9b1-e", "", "9B1-E", "nothing"])) == {crew, labs}
    assert not set(queries.named(["9B1-E"]))


@pytest.mark.parametrize("made", [{"name": "CREW"}, {"name": "other", "external_id": "7"}])
def test_a_name_and_a_number_are_those_of_one_group(made):
    make_group("crew", external_id="7")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProviderGroup.objects.create(**made)


def test_no_group_makes_a_responder_of_the_whole_organisation():
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupMapping.objects.create(group=make_group("crew"), team=None, role=RESPONDER)


def test_who_changes_nothing_costs_little_and_writes_no_history(platform, anna):
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    written = Membership.history.count()
    with CaptureQueriesContext(connection) as asked:
        apply(anna, crew)
    assert len(asked) <= 12
    assert Membership.history.count() == written


def test_an_administrator_maps_a_group_in_the_admin_and_its_members_follow(client, root, platform, anna):
    client.force_login(root)
    crew = make_group("crew")
    apply(anna, crew)
    page = f"/admin/identity/providergroup/{crew.pk}/change/"
    form = {
        "name": "crew", "external_id": "", "mappings-TOTAL_FORMS": 1, "mappings-INITIAL_FORMS": 0,
        "mappings-0-team": platform.pk, "mappings-0-role": RESPONDER, "mappings-0-group": crew.pk,
        "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert client.post(page, form).status_code == 302
    assert roles_of(anna) == {("platform", RESPONDER, "mapping")}
    assert "Responder of Platform" in client.get("/admin/identity/providergroup/").content.decode()
    assert "Anna" in client.get(page).content.decode()
    assert client.post(f"/admin/identity/providergroup/{crew.pk}/delete/", {"post": "yes"}).status_code == 302
    assert roles_of(anna) == set()


def test_the_admin_refuses_a_role_without_its_team_beside_the_field(client, root):
    client.force_login(root)
    form = {
        "name": "crew", "external_id": "", "mappings-TOTAL_FORMS": 1, "mappings-INITIAL_FORMS": 0,
        "mappings-0-team": "", "mappings-0-role": RESPONDER, "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = client.post("/admin/identity/providergroup/add/", form)
    assert "A responder is one of a team: name it." in answer.content.decode()


def test_what_is_changed_on_a_persons_page_was_given_by_hand(client, root, platform, ai, anna):
    client.force_login(root)
    apply(anna, make_group("crew", (platform, RESPONDER), (ai, RESPONDER)))
    rows = list(anna.memberships.order_by("team__name"))
    form = {
        "email": anna.email, "name": "Anna", "time_zone": "UTC", "holidays_of": "", "is_active": "on",
        "memberships-TOTAL_FORMS": 2, "memberships-INITIAL_FORMS": 2,
    }  # fmt: skip
    for other in ("contact_methods", "notification_rules", "notification_preferences"):
        form |= {f"{other}-TOTAL_FORMS": 0, f"{other}-INITIAL_FORMS": 0}
    for number, (row, role) in enumerate(zip(rows, (MANAGER, RESPONDER), strict=True)):
        form |= {f"memberships-{number}-{name}": value for name, value in
                 {"id": row.pk, "person": anna.pk, "team": row.team_id, "role": role}.items()}  # fmt: skip
    assert client.post(f"/admin/teams/user/{anna.pk}/change/", form).status_code == 302
    assert roles_of(anna) == {
        ("ai", MANAGER, MembershipSource.HAND), ("platform", RESPONDER, MembershipSource.MAPPING),
    }  # fmt: skip
