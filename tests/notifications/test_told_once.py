"""Whoever is told of one thing by two at once is told once."""

from __future__ import annotations

import pytest

from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind
from tests.factories.teams import make_person
from tests.incidents.test_locking import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_is_told_by_two_at_once_is_told_once_and_both_know_the_notification(team):
    people = [make_person(name) for name in ("Olga", "Tom", "Emma")]
    told: list[list[int]] = []

    def tell() -> None:
        found = actions.notify_all(
            dict.fromkeys(people, "It is down."),
            incident=None,
            kind=NotificationKind.OTHER,
            step="once",
            subject="Down",
        )
        told.append([each.pk for each in found])

    assert at_once(*[tell] * 4) == []
    assert Notification.objects.count() == len(people)
    assert Delivery.objects.filter(channel=Channel.IN_APP).count() == len(people)
    assert len({tuple(keys) for keys in told}) == 1


def test_who_was_told_before_is_sent_nothing_and_the_others_are(team):
    olga, tom = make_person("Olga"), make_person("Tom")
    first = actions.notify(olga, incident=None, kind=NotificationKind.OTHER, step="once", subject="Down", text="Down")
    found = actions.notify_all(
        {tom: "Down", olga: "Down"}, incident=None, kind=NotificationKind.OTHER, step="once", subject="Down"
    )
    assert [each.person for each in found] == [tom, olga]
    assert found[1].pk == first.pk
    assert Delivery.objects.filter(channel=Channel.EMAIL, notification__person=olga).count() == 1
