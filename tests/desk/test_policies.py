"""The chains as pages: who would be woken by whose incidents, by name, before anybody is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.incidents.models import EventKind
from apps.notifications.models import Channel, Notification
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person
from tests.factories.transports import served


@pytest.fixture
def policy(house) -> Policy:
    """The chain of a P0 for every team: Rita, Cora, Ella."""
    return Policy.objects.get(severity__code="P0")


def shown(client, person, policy, **query) -> str:
    client.force_login(person)
    page = client.get(policy.get_absolute_url(), query)
    assert page.status_code == 200
    return page.content.decode()


def test_the_list_names_every_chain_one_may_see_and_no_other(house, client, policy):
    own = make_chain("P0", [house.rita], minutes=(0,), team=house.platform)
    others = make_chain("P0", [house.ella], minutes=(0,), team=house.ai)
    client.force_login(house.rita)
    page = client.get(reverse("policies")).content.decode()
    assert policy.get_absolute_url() in page
    assert own.get_absolute_url() in page
    assert others.get_absolute_url() not in page
    assert client.get(others.get_absolute_url()).status_code == 404


def test_a_chain_shows_who_is_behind_each_level_now_and_when(house, client, policy):
    page = shown(client, house.rita, policy)
    assert [page.index(name) for name in ("Level 1: ", "Level 2: ", "Level 3: ")] == sorted(
        page.index(name) for name in ("Level 1: ", "Level 2: ", "Level 3: ")
    )
    assert all(f'<span class="truncate">{name}</span>' in page for name in ("Rita", "Cora", "Ella"))
    assert "After 15 min, unless acknowledged." in " ".join(page.split())


def test_on_call_is_shown_for_the_team_that_is_asked_about(house, client, policy):
    put_on_call(house.platform, house.cora)
    LevelTarget.objects.filter(level__policy=policy, level__number=1).update(kind=TargetKind.ON_CALL, person=None)
    page = shown(client, house.rita, policy, team="platform")
    assert "Now, for Platform" in page
    assert page.count('<span class="truncate">Cora</span>') == 2


def test_a_level_with_nobody_behind_it_is_shown_as_that(house, client, policy):
    house.cora.contact_methods.all().delete()
    page = shown(client, house.rita, policy)
    assert "Nobody right now: goes on at once" in page
    assert "Not reached: Cora" in page


def test_who_is_reached_and_not_woken_is_marked(house, client, policy):
    with served(Channel.EMAIL, Channel.SMS):
        assert shown(client, house.rita, policy).count("nothing rings") == 3
        reach = {"kind": MethodKind.SMS, "value": "+4930901820", "position": 9, "verified_at": house_clock.now()}
        ContactMethod.objects.create(person=house.cora, **reach)
        assert shown(client, house.rita, policy).count("nothing rings") == 2


def test_rounds_hours_and_turns_are_told(house, client, policy):
    Policy.objects.filter(pk=policy.pk).update(repeats=2, repeat_every=timedelta(hours=2))
    policy.levels.filter(number=1).update(round_robin=True)
    policy.levels.filter(number=2).update(outside_hours="wait")
    policy.levels.filter(number=3).update(outside_hours="other")
    night = make_person("Nina")
    LevelTarget.objects.create(
        level=policy.levels.get(number=3), kind=TargetKind.PERSON, person=night, outside_hours=True
    )
    page = " ".join(shown(client, house.rita, policy).split())
    assert "Climbed 3 times, a round every 2 h." in page
    assert "Round 3 begins after 4 h" in page
    assert "the next is <strong>Rita</strong>" in page
    assert "Outside working hours it waits until they begin." in page
    assert "Outside working hours instead:" in page
    assert "Nina" in page


def test_it_says_where_it_is_used_and_hides_incidents_that_one_may_not_see(house, client, policy):
    seen, hidden = declare(house.platform, house.rita), declare(house.ai, house.ella)
    page = shown(client, house.stella, policy)
    assert seen.reference in page
    assert hidden.reference not in page
    assert "Public API" in page


def test_a_chain_costs_the_same_however_many_people_and_rounds_there_are(
    house, client, policy, django_assert_num_queries
):
    LevelTarget.objects.filter(level__policy=policy, level__number=1).update(
        kind=TargetKind.TEAM, person=None, team=house.platform
    )
    shown(client, house.rita, policy)
    with CaptureQueriesContext(connection) as captured:
        shown(client, house.rita, policy)
    few = len(captured)
    for name in ("Ann", "Ben", "Cem", "Dan"):
        make_person(name, house.platform, TeamRole.RESPONDER)
    Policy.objects.filter(pk=policy.pk).update(repeats=9, repeat_every=timedelta(hours=2))
    with django_assert_num_queries(few):
        shown(client, house.rita, policy)


def test_the_services_page_leads_to_the_chains_that_each_climbs(house, client, policy):
    own = make_chain("P1", [house.rita], minutes=(0,), service=house.api)
    Service.objects.create(slug="web", name="Web", team=house.platform)
    client.force_login(house.rita)
    rows = client.get(reverse("services")).content.decode().split("<tr>")
    api, web = (next(row for row in rows if name in row) for name in ("Public API", "Web"))
    assert policy.get_absolute_url() in api
    assert own.get_absolute_url() in api
    assert policy.get_absolute_url() in web
    assert own.get_absolute_url() not in web


# ------------------------------------------------------------------------------------------------ raising by hand


def confirm(client, incident, person, **asked):
    client.force_login(person)
    return client.get(reverse("incident_escalate_confirm", args=[incident.reference]), asked)


def test_before_anybody_is_woken_the_page_names_who_would_be(house, client):
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita, level=3).content.decode()
    assert "This wakes Ella" in page
    assert not Notification.objects.filter(person=house.ella).exists()
    assert not incident.timeline.filter(kind="escalated").exists()


def test_a_trigger_names_who_its_level_wakes(house, client):
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita, trigger="security").content.decode()
    assert "This wakes Ella" in page
    assert "Security" in page


def test_the_next_level_is_confirmed_by_its_number(house, client):
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita).content.decode()
    assert "Escalate to level 1" in page
    assert '<input type="hidden" name="level" value="1"' in page


def test_an_empty_level_says_who_is_woken_instead(house, client):
    house.cora.contact_methods.all().delete()
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita, level=2).content.decode()
    assert "This wakes Ella" in page
    assert "level 3 is paged instead" in page


def test_where_nobody_could_be_woken_the_page_says_so(house, client):
    house.ella.contact_methods.all().delete()
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita, level=3).content.decode()
    assert "This wakes nobody" in page
    assert "Call somebody" in page


def test_what_is_confirmed_is_what_happens(house, client):
    incident = declare(house.platform, house.rita)
    confirm(client, incident, house.rita, level=3)
    client.post(reverse("incident_escalate", args=[incident.reference]), {"level": 3, "reason": "Stuck"})
    assert list(incident.escalation_runs.get().levels.get(number=3).people.all()) == [house.ella]


def test_whoever_stands_there_by_now_is_not_woken_by_what_was_confirmed_of_somebody_else(house, client):
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.rita, level=3).content.decode()
    assert f'<input type="hidden" name="agreed" value="{house.ella.pk}"' in page
    said = {"level": 3, "reason": "Stuck", "agreed": str(house.cora.pk)}
    answer = client.post(reverse("incident_escalate", args=[incident.reference]), said, follow=True)
    assert "Meanwhile somebody else would be woken." in answer.content.decode()
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()
    client.post(reverse("incident_escalate", args=[incident.reference]), said | {"agreed": str(house.ella.pk)})
    assert list(incident.escalation_runs.get().levels.get(number=3).people.all()) == [house.ella]


def test_who_may_not_respond_is_shown_nobody(house, client):
    incident = declare(house.platform, house.rita)
    page = confirm(client, incident, house.stella, level=3)
    assert page.status_code == 302
    assert confirm(client, incident, house.ella, level=3).status_code == 404


def test_a_level_that_was_paged_already_is_refused_with_the_reason(house, client):
    incident = declare(house.platform, house.rita)
    client.force_login(house.rita)
    client.post(reverse("incident_escalate", args=[incident.reference]), {"level": 3, "reason": "Stuck"})
    page = client.get(reverse("incident_escalate_confirm", args=[incident.reference]), {"level": 3}, follow=True)
    assert "Level 3 was already paged." in page.content.decode()


def test_the_chain_of_an_incident_is_linked_from_its_escalation(house, client, policy):
    incident = declare(house.platform, house.rita)
    client.force_login(house.rita)
    page = client.get(reverse("incident_part", args=[incident.reference, "escalation"])).content.decode()
    assert f'href="{policy.get_absolute_url()}"' in page


def test_the_escalation_of_an_incident_costs_the_same_with_many_rounds_and_people(
    house, client, policy, django_assert_num_queries
):
    def part(incident):
        assert client.get(reverse("incident_part", args=[incident.reference, "escalation"])).status_code == 200

    LevelTarget.objects.filter(level__policy=policy).update(kind=TargetKind.TEAM, person=None, team=house.platform)
    client.force_login(house.rita)
    few = declare(house.platform, house.rita)
    part(few)
    with CaptureQueriesContext(connection) as captured:
        part(few)
    cost = len(captured)
    for name in ("Ann", "Ben", "Cem", "Dan"):
        make_person(name, house.platform, TeamRole.RESPONDER)
    Policy.objects.filter(pk=policy.pk).update(repeats=9, repeat_every=timedelta(hours=2))
    many = declare(house.platform, house.rita)
    part(many)
    with django_assert_num_queries(cost):
        part(many)
