"""Policies are edited in one place: their levels and targets stand on the policy's page, and are saved with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.catalog.models import Service
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind
from apps.teams.models import TeamRole
from tests.escalation.building import chain
from tests.factories.teams import make_person


@pytest.fixture
def policy(house, client) -> Policy:
    """One level that pages Olga, and an administrator who is signed in."""
    person = make_person("Ada", None, TeamRole.ADMIN)
    person.is_staff = True
    person.save()
    client.force_login(person)
    return chain("P0", house.olga)


def filled(client, policy) -> dict[str, str]:
    """The form of the policy's page as the browser would send it."""
    page = client.get(reverse("admin:escalation_policy_change", args=[policy.pk]))
    assert page.status_code == 200
    data: dict[str, str] = {}

    def take(form) -> None:
        for bound in form:
            value = bound.value()
            if bound.name == "repeat_every" or not isinstance(value, bool):
                data[bound.html_name] = "" if value is None else str(value)
            elif value:
                data[bound.html_name] = "on"

    def take_set(formset) -> None:
        take(formset.management_form)
        for form in formset.forms:
            take(form)
            for nested in getattr(form, "nested_formsets", []):
                take_set(nested.formset)

    take(page.context["adminform"].form)
    for inline in page.context["inline_admin_formsets"]:
        take_set(inline.formset)
    return data


def save(client, policy, data):
    return client.post(reverse("admin:escalation_policy_change", args=[policy.pk]), data)


def key_of(data: dict[str, str], ending: str) -> str:
    [key] = [key for key in data if key.endswith(ending)]
    return key


def test_the_page_has_the_targets_of_each_level_where_the_policy_is_used_and_a_way_to_its_picture(
    client, policy, house
):
    Service.objects.create(slug="api", name="Public API", team=house.team)
    data = filled(client, policy)
    assert data[key_of(data, "-kind")] == "person"
    page = client.get(reverse("admin:escalation_policy_change", args=[policy.pk])).content.decode()
    assert "Services: Public API" in page
    assert f'href="{policy.get_absolute_url()}"' in page


def test_a_target_is_changed_on_the_policy_s_page(client, policy, house):
    data = filled(client, policy)
    data[key_of(data, "-person")] = str(house.tom.pk)
    assert save(client, policy, data).status_code == 302
    assert LevelTarget.objects.get(level__policy=policy).person == house.tom
    assert LevelTarget.history.latest("pk").person == house.tom


def test_a_target_is_added_on_the_policy_s_page(client, policy, house):
    data = filled(client, policy)
    prefix = key_of(data, "-kind").removesuffix("0-kind")
    data[f"{prefix}TOTAL_FORMS"] = "2"
    data |= {f"{prefix}1-position": "1", f"{prefix}1-kind": "team", f"{prefix}1-team": str(house.team.pk)}
    data[f"{prefix}1-level"] = str(policy.levels.get().pk)
    assert save(client, policy, data).status_code == 302
    assert [target.kind for target in policy.levels.get().targets.all()] == ["person", "team"]


def test_repeats_hours_and_turns_are_edited_there(client, policy):
    data = filled(client, policy)
    data |= {"repeats": "2", "repeat_every": "01:00:00", "levels-0-round_robin": "on", "levels-0-outside_hours": "wait"}
    assert save(client, policy, data).status_code == 302
    policy.refresh_from_db()
    level = policy.levels.get()
    assert (policy.repeats, policy.repeat_every) == (2, timedelta(hours=1))
    assert (level.round_robin, level.outside_hours) == (True, "wait")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"repeats": "2"}, "A chain that repeats says after how long"),
        (
            {"repeats": "1", "repeat_every": "00:10:00", "levels-0-after": "00:10:00"},
            "The next round would begin before the last level is due.",
        ),
        ({"repeats": "11", "repeat_every": "10:00:00"}, "less than or equal to 10"),
        ({"levels-0-outside_hours": "other"}, "Name somebody for working hours, and somebody marked for outside them."),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(client, policy, changed, said):
    data = filled(client, policy) | changed
    page = save(client, policy, data)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert Level.objects.get().outside_hours == "page"


def test_a_target_that_names_something_else_than_its_kind_says_is_refused(client, policy):
    data = filled(client, policy)
    data[key_of(data, "-kind")] = "roster"
    page = save(client, policy, data)
    assert page.status_code == 200
    assert "Name exactly what the kind says" in page.content.decode()
    assert LevelTarget.objects.get().kind == TargetKind.PERSON


def test_the_chain_of_every_team_is_never_deleted_and_a_service_s_is(client, policy, house):
    api = Service.objects.create(slug="api", name="API", team=house.team)
    own = chain("P0", house.tom, service=api)
    assert client.post(reverse("admin:escalation_policy_delete", args=[policy.pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse("admin:escalation_policy_delete", args=[own.pk]), {"post": "yes"}).status_code == 302
    assert list(Policy.objects.all()) == [policy]
