"""Managers keep the chains of their teams and these teams' services in the admin; no door leads to those of others."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.catalog.models import Service
from apps.contacts.actions.endpoints import upsert_endpoint
from apps.escalation.models import Level, LevelTarget, Policy
from apps.incidents.models import Severity
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole, User
from tests.escalation.building import chain, cut_off
from tests.factories.teams import make_person, make_team

LIST = reverse("admin:escalation_policy_changelist")
ADD = reverse("admin:escalation_policy_add")


@pytest.fixture
def manager(house) -> User:
    return staff("Mia", house.team, TeamRole.MANAGER)


@pytest.fixture
def other(house) -> Team:
    return make_team("ai")


@pytest.fixture
def own(house) -> Policy:
    return chain("P0", house.olga, team=house.team)


@pytest.fixture
def strange(house, other) -> Policy:
    return chain("P0", house.tom, team=other)


@pytest.fixture
def general(house) -> Policy:
    return chain("P0", house.emma)


def staff(name: str, team: Team | None, role: TeamRole) -> User:
    person = make_person(name, team, role)
    person.is_staff = True
    person.save()
    return person


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def page_of(policy: Policy, name: str = "change") -> str:
    return reverse(f"admin:escalation_policy_{name}", args=[policy.pk])


def entered(severity: str = "P1", **scope: object) -> dict[str, object]:
    """The page of a new policy with one level that pages whoever is on call."""
    return {
        "severity": Severity.objects.get(code=severity).pk,
        "repeats": 0,
        "levels-TOTAL_FORMS": 1,
        "levels-INITIAL_FORMS": 0,
        "levels-0-number": 1,
        "levels-0-name": "On call",
        "levels-0-after": "0:00:00",
        "levels-0-unless": "acknowledged",
        "levels-0-outside_hours": "page",
        "levels-0-targets-TOTAL_FORMS": 1,
        "levels-0-targets-INITIAL_FORMS": 0,
        "levels-0-targets-0-position": 0,
        "levels-0-targets-0-kind": "on_call",
        **{name: getattr(row, "pk", row) for name, row in scope.items()},
    }


def as_stored(policy: Policy, **changed: object) -> dict[str, object]:
    """The page of a stored policy with one level and one target that is a person."""
    level = policy.levels.get()
    target = level.targets.get()
    return entered(policy.severity.code, team=policy.team_id or "", service=policy.service_id or "") | {
        "levels-INITIAL_FORMS": 1,
        "levels-0-id": level.pk,
        "levels-0-policy": policy.pk,
        "levels-0-name": level.name,
        "levels-0-targets-INITIAL_FORMS": 1,
        "levels-0-targets-0-id": target.pk,
        "levels-0-targets-0-level": level.pk,
        "levels-0-targets-0-kind": "person",
        "levels-0-targets-0-person": target.person_id,
        **changed,
    }


def test_a_manager_lists_the_chains_of_their_team_and_its_services_only(house, manager, own, strange, general):
    of_service = chain("P1", house.tom, service=Service.objects.create(slug="api", name="API", team=house.team))
    strange_service = Service.objects.create(slug="model", name="Model serving", team=strange.team)
    chain("P1", house.tom, service=strange_service)
    listed = signed_in(manager).get(LIST)
    assert set(listed.context["cl"].result_list) == {own, of_service}
    assert str(strange.team) not in listed.content.decode()
    assert str(strange_service) not in listed.content.decode()


@pytest.mark.parametrize("door", ["change", "history", "delete"])
def test_the_chains_of_others_and_of_every_team_are_closed(door, manager, strange, general):
    client, missing = signed_in(manager), 404 if door == "history" else 302
    for policy in (strange, general):
        assert client.get(page_of(policy, door)).status_code == missing
        assert client.post(page_of(policy, door), {"post": "yes"} | as_stored(policy)).status_code == missing
        version = policy.history.latest().pk
        old = reverse("admin:escalation_policy_simple_history", args=[policy.pk, version])
        assert client.get(old).status_code == 404
        assert client.post(old, as_stored(policy, repeats=0)).status_code == 404
    assert set(Policy.objects.all()) == {strange, general}
    assert LevelTarget.history.count() == 2


def test_what_was_theirs_once_is_neither_seen_nor_brought_back(manager, own, other):
    version = own.history.latest().pk
    own.team = other
    own.save()
    client = signed_in(manager)
    old = reverse("admin:escalation_policy_simple_history", args=[own.pk, version])
    assert client.get(old).status_code == 404
    assert client.post(old, as_stored(own)).status_code == 404
    assert client.get(page_of(own, "history")).status_code == 404
    own.refresh_from_db()
    assert own.team == other


def test_a_manager_adds_changes_and_deletes_and_the_history_names_them(house, manager):
    client = signed_in(manager)
    assert client.post(ADD, entered(team=house.team)).status_code == 302
    policy = Policy.objects.get()
    assert (policy.team, policy.history.get().history_user) == (house.team, manager)
    changed = as_stored(policy, **{"levels-0-name": "Whoever is on call", "levels-0-targets-0-kind": "on_call"})
    changed["levels-0-targets-0-person"] = ""
    assert client.post(page_of(policy), changed).status_code == 302
    assert policy.levels.get().name == "Whoever is on call"
    assert "Whoever is on call" in client.get(page_of(policy, "history")).content.decode()
    assert client.post(page_of(policy, "delete"), {"post": "yes"}).status_code == 302
    assert not Policy.objects.exists()


def test_a_manager_keeps_the_chain_of_a_service_of_their_team(house, manager):
    api = Service.objects.create(slug="api", name="API", team=house.team)
    assert signed_in(manager).post(ADD, entered(service=api)).status_code == 302
    policy = Policy.objects.get()
    assert signed_in(manager).get(page_of(policy)).status_code == 200


def test_only_own_teams_and_their_services_are_offered(house, manager, other):
    api = Service.objects.create(slug="api", name="API", team=house.team)
    strange = Service.objects.create(slug="model", name="Model serving", team=other)
    form = signed_in(manager).get(ADD).context["adminform"].form
    assert list(form.fields["team"].queryset) == [house.team]
    assert list(form.fields["service"].queryset) == [api]
    assert strange not in form.fields["service"].queryset


def test_a_foreign_team_or_service_and_none_at_all_are_refused_by_hand(house, manager, other, own):
    strange = Service.objects.create(slug="model", name="Model serving", team=other)
    client = signed_in(manager)
    for scope in ({"team": other}, {"service": strange}, {}):
        answer = client.post(ADD, entered(**scope))
        assert answer.status_code == 200
        assert answer.context["errors"]
        ids = {name: row.pk for name, row in scope.items()}
        moved = client.post(page_of(own), as_stored(own, **{"team": ""} | ids))
        assert moved.status_code == 200
    own.refresh_from_db()
    assert list(Policy.objects.all()) == [own]
    assert own.team == house.team


def test_a_level_pages_what_its_manager_may_see(house, manager, other, own):
    hidden = Roster.objects.create(slug="hidden", name="Hidden roster", team=other)
    shown = Roster.objects.create(slug="shown", name="Own roster", team=house.team)
    hook = upsert_endpoint(slug="hook", name="Hook of AI", url="https://ai.example/hook", team=other)
    page = signed_in(manager).get(page_of(own)).content.decode()
    assert f'<option value="{shown.pk}">{shown}' in page
    assert str(hidden) not in page
    assert str(hook) not in page
    for kind, row in (("roster", hidden), ("team", other), ("webhook", hook)):
        sent = as_stored(own, **{"levels-0-targets-0-kind": kind, "levels-0-targets-0-person": ""})
        sent[f"levels-0-targets-0-{kind}"] = row.pk
        assert signed_in(manager).post(page_of(own), sent).status_code == 200
    assert LevelTarget.objects.get().person == house.olga


def test_what_an_administrator_put_there_stays_when_a_manager_saves(house, manager, other, own):
    hidden = Roster.objects.create(slug="hidden", name="Hidden roster", team=other)
    LevelTarget.objects.update(kind="roster", person=None, roster=hidden)
    sent = as_stored(own, **{"levels-0-targets-0-kind": "roster", "levels-0-targets-0-roster": hidden.pk})
    sent |= {"levels-0-name": "Others", "levels-0-targets-0-person": ""}
    assert signed_in(manager).post(page_of(own), sent).status_code == 302
    assert (Level.objects.get().name, LevelTarget.objects.get().roster) == ("Others", hidden)


def test_saving_warns_where_nobody_stands_behind_a_level(house, manager, own):
    cut_off(house.olga)
    answer = signed_in(manager).post(page_of(own), as_stored(own))
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert "Level 1 has nobody right now for Platform: it goes on at once." in told


def test_what_was_changed_meanwhile_is_told_and_kept(house, manager, own):
    client = signed_in(manager)
    seen = client.get(page_of(own)).context["edited_version"]
    level = own.levels.get()
    level.name = "Of somebody else"
    level.save()
    answer = client.post(page_of(own), as_stored(own, edited_version=seen, **{"levels-0-name": "Mine"}))
    assert answer.status_code == 200
    assert "The policy was changed while you edited it" in answer.content.decode()
    told = " ".join(answer.content.decode().split())
    assert "level L1 Of somebody else changed" in told
    assert "from <del>Level 1</del> to <ins>Of somebody else</ins>" in told
    level.refresh_from_db()
    assert level.name == "Of somebody else"


def test_an_auditor_looks_at_all_of_them_and_writes_none(house, own, strange, general):
    client = signed_in(staff("Audrey", None, TeamRole.AUDITOR))
    assert set(client.get(LIST).context["cl"].result_list) == {own, strange, general}
    for policy in (own, general):
        assert client.get(page_of(policy)).status_code == 200
        assert client.get(page_of(policy, "history")).status_code == 200
        assert client.post(page_of(policy), as_stored(policy)).status_code == 403
        old = reverse("admin:escalation_policy_simple_history", args=[policy.pk, policy.history.latest().pk])
        assert client.get(old).status_code == 200
        assert client.post(old, as_stored(policy)).status_code == 403
    assert client.get(ADD).status_code == 403


def test_an_administrator_keeps_that_of_every_team(house, general):
    client = signed_in(staff("Ada", None, TeamRole.ADMIN))
    sent = as_stored(general, **{"levels-0-name": "Changed"})
    assert client.post(page_of(general), sent).status_code == 302
    assert general.levels.get().name == "Changed"


def test_who_only_responds_has_no_business_here(house, own):
    client = signed_in(staff("Rob", house.team, TeamRole.RESPONDER))
    assert client.get(LIST).status_code == 403
    assert client.get(page_of(own)).status_code in (302, 403)
    assert client.get(ADD).status_code == 403


def test_removing_several_at_once_leaves_those_of_others(manager, own, strange, general):
    sent = {"action": "delete_selected", "_selected_action": [own.pk, strange.pk, general.pk], "post": "yes"}
    signed_in(manager).post(LIST, sent)
    assert set(Policy.objects.all()) == {strange, general}


def test_a_level_that_names_nobody_is_refused_unless_it_goes(house, manager, own):
    client = signed_in(manager)
    sent = as_stored(own, **{"levels-0-targets-0-DELETE": "on"})
    answer = client.post(page_of(own), sent)
    assert answer.status_code == 200
    assert "Name whom the level pages." in answer.content.decode()
    more = chain("P1", house.olga, house.tom, team=house.team)
    first, second = more.levels.all()
    kept = {
        "levels-TOTAL_FORMS": 2,
        "levels-INITIAL_FORMS": 2,
        "levels-0-id": first.pk,
        "levels-0-policy": more.pk,
        "levels-0-targets-INITIAL_FORMS": 1,
        "levels-0-targets-0-id": first.targets.get().pk,
        "levels-0-targets-0-level": first.pk,
        "levels-1-id": second.pk,
        "levels-1-policy": more.pk,
        "levels-1-number": 2,
        "levels-1-name": "Second",
        "levels-1-after": "0:15:00",
        "levels-1-unless": "acknowledged",
        "levels-1-outside_hours": "page",
        "levels-1-DELETE": "on",
        "levels-1-targets-TOTAL_FORMS": 0,
        "levels-1-targets-INITIAL_FORMS": 0,
    }
    second.targets.all().delete()
    assert client.post(page_of(more), entered("P1", team=house.team) | kept).status_code == 302
    assert list(more.levels.all()) == [first]
