"""Teams below teams: whose managers reach down, how deep, and never in a circle."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.core.errors import NotAllowed
from apps.teams import access, actions
from apps.teams.access import Permission
from apps.teams.models import MOST_LEVELS, Team, TeamRole, User
from tests.api.clients import client_of
from tests.factories.teams import make_person, make_team

VIEW, RESPOND, COMMAND, MANAGE = Permission


@pytest.fixture
def root(db, clock) -> User:
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def chain(root) -> list[Team]:
    """Three teams, each below the one before."""
    teams = [make_team(slug) for slug in ("engineering", "platform", "storage")]
    for above, below in pairwise(teams):
        actions.change_team(below, parent=above, by=root)
    return teams


def rights(person: User, team: Team) -> set[Permission]:
    again = User.objects.get(pk=person.pk)
    return {permission for permission in Permission if team.pk in access.team_ids(again, permission)}


def test_managers_reach_down_to_keep_and_not_to_respond(chain):
    top, middle, bottom = chain
    manager = make_person("Mona", top, TeamRole.MANAGER)
    assert rights(manager, top) == {VIEW, RESPOND, MANAGE}
    assert rights(manager, middle) == rights(manager, bottom) == {VIEW, MANAGE}


@pytest.mark.parametrize("role", sorted(set(TeamRole) - {TeamRole.MANAGER}))
def test_nobody_else_reaches_down(chain, role):
    top, middle, bottom = chain
    person = make_person("Pat", top, role)
    assert rights(person, middle) == rights(person, bottom) == set()


def test_nobody_reaches_up_or_sideways(chain, root):
    top, middle, bottom = chain
    beside = make_team("web")
    actions.change_team(beside, parent=top, by=root)
    manager = make_person("Mona", middle, TeamRole.MANAGER)
    assert rights(manager, top) == rights(manager, beside) == set()
    assert rights(manager, bottom) == {VIEW, MANAGE}


def test_another_parent_takes_from_the_old_one_what_it_gives_to_the_new_one_below_too(chain, root):
    _, middle, bottom = chain
    elsewhere = make_team("security")
    old, new = make_person("Otis", chain[0], TeamRole.MANAGER), make_person("Nina", elsewhere, TeamRole.MANAGER)
    own = make_person("Olga", middle, TeamRole.RESPONDER)
    actions.change_team(middle, parent=elsewhere, by=root)
    for team in (middle, bottom):
        assert (rights(old, team), rights(new, team)) == (set(), {VIEW, MANAGE})
    assert rights(own, middle) == {VIEW, RESPOND}
    actions.change_team(middle, parent=None, by=root)
    assert rights(new, middle) == rights(new, bottom) == set()


def test_everything_is_derived_anew_from_memberships_and_parents(chain):
    top, middle, bottom = chain
    manager, stranger = (
        make_person("Mona", top, TeamRole.MANAGER),
        make_person("Sam", make_team("web"), TeamRole.MANAGER),
    )
    Team.objects.filter(pk=bottom.pk).update(parent=stranger.memberships.get().team)
    access.rebuild_grants()
    assert (rights(manager, middle), rights(manager, bottom)) == ({VIEW, MANAGE}, set())
    assert rights(stranger, bottom) == {VIEW, MANAGE}


def test_a_team_that_is_made_below_another_is_kept_from_above_at_once(chain, root):
    manager = make_person("Mona", chain[0], TeamRole.MANAGER)
    made = actions.create_team(by=root, slug="web", name="Web", parent=chain[1])
    assert rights(manager, made) == {VIEW, MANAGE}


def test_the_teams_one_may_see_are_one_query_however_deep(chain, django_assert_num_queries):
    manager = User.objects.get(pk=make_person("Mona", chain[0], TeamRole.MANAGER).pk)
    access.is_administrator(manager)
    access.is_auditor(manager)
    with django_assert_num_queries(1):
        assert access.team_ids(manager, MANAGE) == {team.pk for team in chain}


def test_a_circle_is_refused_beside_the_field_and_by_the_database(chain, root):
    top, middle, bottom = chain
    for parent in (top, middle, bottom):
        with pytest.raises(ValidationError) as refused:
            actions.change_team(Team.objects.get(pk=top.pk), parent=parent, by=root)
        assert set(refused.value.message_dict) == {"parent"}
        with pytest.raises(IntegrityError, match="in a circle"), transaction.atomic():
            Team.objects.filter(pk=top.pk).update(parent=parent)


def test_depth_is_bounded_from_above_and_from_below(root):
    deep = [make_team(f"deep-{number}") for number in range(MOST_LEVELS)]
    for above, below in pairwise(deep):
        actions.change_team(below, parent=above, by=root)
    for team, parent in ((make_team("more"), deep[-1]), (deep[0], make_team("top"))):
        with pytest.raises(ValidationError, match=f"At most {MOST_LEVELS} teams"):
            actions.change_team(team, parent=parent, by=root)
        with pytest.raises(IntegrityError, match=f"More than {MOST_LEVELS} teams"), transaction.atomic():
            Team.objects.filter(pk=team.pk).update(parent=parent)


def test_administrators_alone_put_a_team_below_another(chain):
    top, middle, _ = chain
    manager = make_person("Mona", top, TeamRole.MANAGER)
    with pytest.raises(NotAllowed, match="below another"):
        actions.change_team(middle, parent=None, by=manager)
    actions.change_team(middle, parent=top, name="Platforms", by=manager)  # says what is so


def test_the_api_shows_and_sets_the_parent(chain, root):
    api = client_of(root, scope="manage")
    assert api.get("/api/v1/teams/platform/").json()["parent"] == "engineering"
    assert api.patch("/api/v1/teams/platform/", {"parent": None}).json()["parent"] is None
    assert api.patch("/api/v1/teams/platform/", {"parent": "storage"}).status_code == 400
    refused = client_of(make_person("Mona", chain[1], TeamRole.MANAGER), scope="manage")
    assert refused.patch("/api/v1/teams/platform/", {"parent": "engineering"}).status_code in (400, 403)


def test_the_admin_shows_a_circle_beside_the_field_and_carries_the_grants(chain, root, client):
    top, middle, bottom = chain
    manager = make_person("Mona", top, TeamRole.MANAGER)
    root.is_staff = True
    root.save()
    client.force_login(root, backend="apps.teams.backends.PeopleBackend")
    fields = {"time_zone": "UTC", "is_active": "on", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    form = {**fields, "slug": middle.slug, "name": middle.name, "parent": bottom.pk}
    page = client.post(reverse("admin:teams_team_change", args=[middle.pk]), form)
    assert set(page.context["adminform"].form.errors) == {"parent"}
    assert client.post(reverse("admin:teams_team_change", args=[middle.pk]), {**form, "parent": ""}).status_code == 302
    assert rights(manager, middle) == rights(manager, bottom) == set()


@pytest.mark.django_db(transaction=True)
def test_two_teams_that_get_one_another_as_parent_at_once_do_not_both(clock):
    one, two = make_team("one"), make_team("two")
    both_ready, failed = threading.Barrier(2, timeout=20), []

    def move(team: Team, parent: Team) -> None:
        try:
            with transaction.atomic():
                both_ready.wait()
                Team.objects.filter(pk=team.pk).update(parent=parent)
        except IntegrityError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1
    assert Team.objects.filter(parent=None).count() == 1
