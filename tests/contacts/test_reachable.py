"""Who can be paged: a way counts once verified, while enabled, if this house serves it; a number if it is dialable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.contacts import actions, queries
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.notifications import queries as notifications
from apps.notifications.models import Delivery, Notification, NotificationRule
from apps.teams import actions as teams
from apps.teams.models import User

pytestmark = pytest.mark.django_db

DIALABLE, NOT_DIALABLE = "+1-877-448-4820", "+1-555-ONCALL"


@pytest.fixture
def anna(clock) -> User:
    return User.objects.create_user("anna@example.com", name="Anna")


def add(person, kind, value, *, verified=True, disabled=False) -> ContactMethod:
    return ContactMethod.objects.create(
        person=person,
        kind=kind,
        value=value,
        position=person.contact_methods.count(),
        verified_at=house_clock.now() if verified else None,
        disabled_at=house_clock.now() if disabled else None,
    )


#: Kind, value, verified, disabled; whether it may be chosen at all, and whether this house sends by it today.
WAYS = [
    (MethodKind.EMAIL, "anna@example.com", True, False, True, True),
    (MethodKind.PAGER, "anna@pager.example.com", True, False, True, True),
    (MethodKind.EMAIL, "anna@example.com", False, False, False, False),
    (MethodKind.PAGER, "anna@pager.example.com", False, False, False, False),
    (MethodKind.EMAIL, "anna@example.com", True, True, False, False),
    (MethodKind.EMAIL, "anna@example.com", False, True, False, False),
    (MethodKind.SMS, DIALABLE, True, False, True, False),
    (MethodKind.SMS, DIALABLE, False, False, False, False),
    (MethodKind.VOICE, DIALABLE, True, True, False, False),
    (MethodKind.SMS, NOT_DIALABLE, True, False, False, False),
    (MethodKind.VOICE, NOT_DIALABLE, True, False, False, False),
    (MethodKind.SLACK, "@anna", True, False, True, False),
]


@pytest.mark.parametrize(("kind", "value", "verified", "disabled", "usable", "served"), WAYS)
def test_which_way_counts(anna, kind, value, verified, disabled, usable, served):
    method = add(anna, kind, value, verified=verified, disabled=disabled)
    assert method.is_usable is usable
    assert queries.reachable_methods(anna) == ([method] if usable else [])
    assert notifications.usable_methods(anna) == ([method] if served else [])
    assert queries.can_be_paged([anna]) == ([anna] if served else [])
    assert notifications.reachable([anna]) == ([anna] if served else [])


def test_who_has_no_way_at_all_cannot_be_paged(anna):
    assert queries.can_be_paged([anna]) == []


def test_one_way_that_counts_among_many_that_do_not_is_enough(anna):
    add(anna, MethodKind.VOICE, NOT_DIALABLE)
    add(anna, MethodKind.EMAIL, "old@example.com", disabled=True)
    add(anna, MethodKind.EMAIL, "new@example.com", verified=False)
    assert queries.can_be_paged([anna]) == []
    method = add(anna, MethodKind.EMAIL, "anna@example.com")
    assert queries.can_be_paged([anna]) == [anna]
    assert queries.reachable_methods(anna) == [method]


def test_who_left_cannot_be_paged_by_any_way(anna):
    add(anna, MethodKind.EMAIL, "anna@example.com")
    anna.is_active = False
    assert queries.can_be_paged([anna]) == notifications.reachable([anna]) == []
    assert queries.reachable_methods(anna) == notifications.usable_methods(anna) == []


def test_each_is_judged_by_their_own_ways_in_the_order_asked_and_by_one_query(anna, django_assert_num_queries):
    people = [User.objects.create_user(f"{name}@example.com", name=name) for name in ("zoe", "max", "eva")]
    zoe, _, eva = people
    for person in (anna, eva, zoe):
        add(person, MethodKind.EMAIL, person.email, verified=person != eva)
    with django_assert_num_queries(1):
        assert queries.can_be_paged([*people, anna]) == [zoe, anna]


def test_who_gets_another_address_is_reached_by_it(anna):
    method = actions.ensure_login_email(anna)
    anna.email = "anna@new.example.com"
    anna.save()
    teams.tell_of_address(anna, was="anna@example.com", by=anna)
    method.refresh_from_db()
    assert (method.value, method.verified_at is not None) == ("anna@new.example.com", True)
    assert queries.reachable_methods(anna) == [method]


def test_a_new_address_that_they_added_before_takes_the_place_of_the_old_one(anna):
    old = actions.ensure_login_email(anna)
    add(anna, MethodKind.EMAIL, "anna@new.example.com", verified=False)
    anna.email = "anna@new.example.com"
    anna.save()
    teams.tell_of_address(anna, was="anna@example.com", by=anna)
    assert [(each.pk, each.value) for each in queries.reachable_methods(anna)] == [(old.pk, "anna@new.example.com")]


def test_what_is_on_its_way_to_the_one_that_goes_is_sent_all_the_same(anna, clock):
    actions.ensure_login_email(anna)
    new = add(anna, MethodKind.EMAIL, "anna@new.example.com")
    told = Notification.objects.create(person=anna, kind="notice", step="1", urgency="low", subject="x", text="x")
    delivery = Delivery.objects.create(
        notification=told, method=new, channel="email", address=new.value, position=1, planned_at=clock.now
    )
    anna.email = "anna@new.example.com"
    anna.save()
    teams.tell_of_address(anna, was="anna@example.com", by=anna)
    delivery.refresh_from_db()
    assert delivery.method == queries.reachable_methods(anna)[0]


@pytest.mark.parametrize("disabled", [False, True], ids=["used", "out of use"])
def test_where_the_new_one_is_there_already_both_become_one_with_the_steps_of_both(anna, clock, disabled):
    """Whoever gave the new address vouches for it: it is used again, even where it was taken out of use."""
    old = actions.ensure_login_email(anna)
    new = add(anna, MethodKind.EMAIL, "anna@new.example.com")
    new.disabled_at = clock.now if disabled else None
    new.save()
    for method, after in ((old, 0), (new, 0), (new, 5)):
        NotificationRule.objects.create(person=anna, urgency="high", method=method, after=timedelta(minutes=after))
    anna.email = "anna@new.example.com"
    anna.save()
    teams.tell_of_address(anna, was="anna@example.com", by=anna)
    (left,) = queries.reachable_methods(anna)
    assert (left.pk, left.value) == (old.pk, "anna@new.example.com")
    assert list(anna.notification_rules.values_list("method", "after")) == [
        (old.pk, timedelta()), (old.pk, timedelta(minutes=5)),
    ]  # fmt: skip
