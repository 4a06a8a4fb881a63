"""Roles come with the groups of an identity provider and go with them; what was given by hand stays."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.audited import Act
from apps.engine.models import Timer
from apps.identity import handlers
from apps.identity.groups import actions, queries
from apps.identity.groups.models import GroupMapping, ProviderGroup
from apps.identity.oidc.configuration import SCIM
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


def apply(person: User, *groups: ProviderGroup, provider: str = SCIM, by: User | None = None) -> None:
    actions.hear(person, groups, provider=provider)
    actions.follow_groups(person, by=by)


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
    crew, labs = make_group("crew", (platform, RESPONDER)), make_group("labs", (ai, RESPONDER), provider="entra")
    apply(anna, crew)
    apply(anna, labs, provider="entra")
    apply(anna, provider="entra")
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
        "Stays administrator of the organisation, though no group gives it: nobody else is one"
    ]
    ben = make_person("Ben", None, ADMIN)
    apply(anna)
    assert not access.is_administrator(User.objects.get(pk=anna.pk))
    assert list(access.administrators()) == [ben]


def test_two_administrators_who_lose_their_group_at_once_leave_one(anna):
    ben, admins = make_person("Ben"), make_group("admins", (None, ADMIN))
    actions.set_members(admins, [anna, ben], by=None)
    actions.set_members(admins, [], by=None)
    assert access.administrators().count() == 1


def test_an_administrator_who_left_is_not_the_last(anna, root):
    admins = make_group("admins", (None, ADMIN))
    apply(anna, admins)
    anna.is_active = False
    anna.save()
    apply(anna)
    assert roles_of(anna) == set()


def enters_admin(client: Client) -> bool:
    return client.get("/admin/", follow=True).request["PATH_INFO"] == "/admin/"


@pytest.mark.parametrize("role", list(TeamRole))
def test_who_gets_a_role_with_the_admin_enters_it_until_they_lose_the_last_such(client, platform, ai, anna, role):
    """However the role came; the flag that Django asks for is nobody's to set."""
    enters = role in (ADMIN, MANAGER, AUDITOR)
    client.force_login(anna)
    assert not enters_admin(client)
    apply(anna, make_group("one", (platform, role)), make_group("two", (ai, role)))
    assert enters_admin(client) is enters
    apply(anna, ProviderGroup.objects.get(name="two"))
    assert enters_admin(client) is enters
    apply(anna)
    assert not enters_admin(client)
    membership = teams.add_member(anna, platform, role)
    assert enters_admin(client) is enters
    teams.remove_member(membership)
    assert not enters_admin(client)


def test_each_change_of_a_role_is_told_with_its_team(platform, anna, root, told):
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew, by=root)
    apply(anna, crew, by=root)
    apply(anna, by=root)
    assert [(each.act, each.by, each.about, each.teams, each.text) for each in told] == [
        (Act.ROLE_CHANGED, root, anna, (platform.pk,), "Became responder of Platform by their groups"),
        (Act.ROLE_CHANGED, root, anna, (platform.pk,),
         "Is no longer responder of Platform: their groups do not give it"),
    ]  # fmt: skip


def test_the_members_of_a_group_are_set_as_a_whole(platform, anna):
    ben, crew = make_person("Ben"), make_group("crew", (platform, RESPONDER))
    actions.set_members(crew, [anna], by=None)
    actions.set_members(crew, [ben], by=None)
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


def test_groups_are_known_by_their_number_or_where_they_have_none_by_name_in_any_case():
    crew, labs = make_group("Crew"), make_group("labs", external_id="9b1-e")
    make_group("crew", provider="other")
    make_group("labs", external_id="9b1-e", provider="other")
    assert set(queries.named(["crew", "9b1-e", "", "nothing"], provider=SCIM)) == {crew, labs}
    assert not queries.named(["9B1-E", "labs"], provider=SCIM).exists()


@pytest.mark.parametrize("made", [{"name": "CREW"}, {"name": "other", "external_id": "7"}])
def test_a_name_and_a_number_are_those_of_one_group_of_a_provider(made):
    make_group("crew", external_id="7")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProviderGroup.objects.create(**made)
    ProviderGroup.objects.create(**made, provider="entra")


def test_what_a_sign_in_said_ends_unless_another_says_it_again(clock, settings, platform, ai, anna):
    """So a removal at the provider takes effect without the person; what is provisioned needs no repeating."""
    settings.OIDC_GROUPS_HOLD = timedelta(hours=24)
    by_sign_in = make_group("crew", (platform, RESPONDER), provider="entra")
    apply(anna, by_sign_in, provider="entra")
    apply(anna, make_group("labs", (ai, RESPONDER)))
    clock.shift(hours=23)
    actions.end_old_sayings()
    assert roles_of(anna) == {("platform", RESPONDER, "mapping"), ("ai", RESPONDER, "mapping")}
    apply(anna, by_sign_in, provider="entra")
    clock.shift(hours=23)
    actions.end_old_sayings()
    assert len(roles_of(anna)) == 2, "said again"
    clock.shift(hours=1)
    actions.end_old_sayings()
    assert roles_of(anna) == {("ai", RESPONDER, "mapping")}


def test_where_nothing_changes_nobody_is_waited_for(platform, anna, monkeypatch):
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    monkeypatch.setattr(teams, "lock_administrators", lambda: pytest.fail("waits"))
    apply(anna, crew)


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_while_others_change_roles_goes_on_and_the_roles_follow(
    platform, anna, monkeypatch, others_change_roles
):
    monkeypatch.setattr(actions, "PATIENCE", 0.1)
    actions.hear(anna, [make_group("crew", (platform, RESPONDER))], provider=SCIM)
    with others_change_roles():
        actions.follow_soon(anna)
    assert roles_of(anna) == set()
    (timer,) = Timer.objects.filter(kind=actions.FOLLOW)
    handlers.follow_groups(timer)
    assert roles_of(anna) == {("platform", RESPONDER, "mapping")}


def test_a_group_that_another_provider_says_from_now_on_begins_empty(client, root, platform, anna, settings):
    settings.OIDC_PROVIDERS = {"entra": SimpleNamespace(name="Entra")}
    client.force_login(root)
    crew = make_group("crew", (platform, RESPONDER))
    apply(anna, crew)
    page = f"/admin/identity/providergroup/{crew.pk}/change/"
    assert "Provisioning (SCIM)" in client.get(page).content.decode()
    form = {"name": "crew", "provider": "entra", "external_id": ""}
    for rows in ("mappings", "members"):
        form |= {f"{rows}-TOTAL_FORMS": 0, f"{rows}-INITIAL_FORMS": 0}
    assert client.post(page, form | {"provider": "nobody"}).status_code == 200
    assert client.post(page, form).status_code == 302
    assert roles_of(anna) == set()
    assert not crew.members.exists()


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
        "name": "crew", "provider": SCIM, "external_id": "", "mappings-TOTAL_FORMS": 1, "mappings-INITIAL_FORMS": 0,
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
        "name": "crew", "provider": SCIM, "external_id": "", "mappings-TOTAL_FORMS": 1, "mappings-INITIAL_FORMS": 0,
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
