"""What became of a message is looked up by whom it may concern: of a private incident, by whoever sees that."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.incidents import actions as incidents
from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, NotificationKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare
from tests.factories.teams import make_person

LIST = "admin:notifications_delivery_changelist"
SECRET, SHARED = "A token was published", "The pipeline is down"


@pytest.fixture
def told(team, olga) -> dict[str, Delivery]:
    """Olga was told of a private incident and of one that is not."""
    return {title: tell(olga, declare(team, title=title, private=title == SECRET)) for title in (SECRET, SHARED)}


def tell(person, incident) -> Delivery:
    notification = actions.notify(
        person, incident=incident, kind=NotificationKind.NOTICE, step="told", subject=incident.title, text="It is down."
    )
    return notification.deliveries.get(channel=Channel.EMAIL)


def let_in(client, person):
    person.is_staff = True
    person.save()
    client.force_login(person)
    return client


@pytest.fixture(params=[TeamRole.ADMIN, TeamRole.AUDITOR])
def reader(request, team):
    """Somebody who looks at everybody's deliveries."""
    return make_person("Ada", None, request.param)


def shown(client, **asked) -> set[str]:
    """Which of the two titles the list shows."""
    page = client.get(reverse(LIST), asked)
    assert page.status_code == 200
    return {title for title in (SECRET, SHARED) if title in page.content.decode()}


def opens(client, delivery: Delivery) -> bool:
    page = client.get(reverse("admin:notifications_delivery_change", args=[delivery.pk]))
    return page.status_code == 200


def test_deliveries_of_a_private_incident_are_hidden_from_administrators_and_auditors(client, reader, told):
    let_in(client, reader)
    assert shown(client) == {SHARED}
    assert shown(client, q="olga@example.com") == {SHARED}
    assert shown(client, channel__exact="email") == {SHARED}
    assert [opens(client, told[title]) for title in (SECRET, SHARED)] == [False, True]


def test_searching_for_a_private_one_does_not_even_count_it(client, reader, told):
    let_in(client, reader)
    page = client.get(reverse(LIST), {"q": SECRET})
    assert page.context["cl"].result_count == 0
    assert page.context["cl"].full_result_count == Delivery.objects.filter(
        notification__incident__private=False
    ).count()  # fmt: skip


def test_whoever_is_involved_in_it_sees_them(client, reader, told):
    incidents.involve(told[SECRET].notification.incident, reader, reason="paged as level 3")
    let_in(client, reader)
    assert shown(client) == {SECRET, SHARED}
    assert opens(client, told[SECRET])


def test_they_are_not_in_its_history_either(client, reader, told):
    let_in(client, reader)
    page = client.get(reverse("admin:notifications_delivery_history", args=[told[SECRET].pk]))
    assert page.status_code in (302, 403, 404)
    assert SECRET not in page.content.decode()


def test_a_commander_of_the_team_has_no_business_in_the_list(client, team, told):
    let_in(client, make_person("Cora", team, TeamRole.COMMANDER))
    assert client.get(reverse(LIST)).status_code == 403


def test_nothing_is_edited_here(client, told, team):
    let_in(client, make_person("Ada", None, TeamRole.ADMIN))
    delivery = told[SHARED]
    before = Delivery.objects.filter(pk=delivery.pk).values().get()
    assert client.get(reverse("admin:notifications_delivery_add")).status_code == 403
    for verb in ("change", "delete"):
        form = {"address": "else@example.com", "state": "sent", "post": "yes"}
        assert client.post(reverse(f"admin:notifications_delivery_{verb}", args=[delivery.pk]), form).status_code == 403
    assert Delivery.objects.filter(pk=delivery.pk).values().get() == before
