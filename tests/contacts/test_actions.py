from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from apps.contacts import actions, queries
from apps.contacts.actions import Point
from apps.contacts.models import (
    ContactGroup,
    ContactMethod,
    EmergencyContact,
    ExternalContact,
    MethodKind,
    MethodSource,
    PointKind,
    StoppedNumber,
)
from apps.core.errors import NotAllowed, RuleViolation
from apps.teams.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(clock) -> User:
    return User.objects.create_user("anna@example.com", name="Anna")


def methods(person) -> list[tuple[str, str]]:
    return [(method.kind, method.value) for method in queries.methods_of([person])[person.pk]]


def cto(**fields) -> EmergencyContact:
    return actions.upsert_emergency_contact(
        **{"group": ContactGroup.ESCALATION, "key": "cto", "name": "CTO", "email": "cto@example.com", **fields}
    )


def test_a_contact_is_backed_by_a_person_who_can_be_paged_and_not_sign_in(clock):
    person = cto(phone="+1-877-448-4820", slack="@cto").person
    assert (person.email, person.name, person.has_usable_password()) == ("cto@example.com", "CTO", False)
    assert methods(person) == [
        ("email", "cto@example.com"),
        ("sms", "+1-877-448-4820"),
        ("voice", "+1-877-448-4820"),
        ("slack", "@cto"),
    ]
    assert queries.methods_of([person])[person.pk] == queries.reachable_methods(person)


def test_somebody_who_is_here_already_stands_behind_the_contact(anna):
    contact = cto(email="Anna@Example.com")
    assert contact.person == anna
    assert anna.name == "Anna"


def test_a_contact_without_an_email_address_is_backed_by_its_pager(clock):
    person = cto(email="", pager="oncall@pager.example.com", phone="+1-555-ONCALL").person
    assert person.email == "oncall@pager.example.com"
    assert [method.kind for method in queries.reachable_methods(person)] == ["pager"]


def test_a_contact_without_any_address_has_nobody_behind_it(clock):
    assert cto(email="", phone="+1-877-448-4820").person is None


def test_a_number_that_cannot_be_dialled_is_kept_and_never_chosen(clock):
    person = cto(phone="+1-555-ONCALL").person
    assert ("voice", "+1-555-ONCALL") in methods(person)
    assert [method.kind for method in queries.reachable_methods(person)] == ["email"]


def test_saying_the_same_again_writes_nothing(clock):
    cto(phone="+1-877-448-4820")
    before = (EmergencyContact.history.count(), ContactMethod.history.count(), User.history.count())
    cto(phone="+1-877-448-4820")
    assert (EmergencyContact.history.count(), ContactMethod.history.count(), User.history.count()) == before


def test_a_new_number_replaces_the_old_one_and_leaves_what_the_person_entered(clock):
    person = cto(phone="+1-877-448-4820").person
    actions.add_method(person, kind=MethodKind.SMS, value="+49 30 901820", by=person)
    cto(phone="+1-206-266-4064")
    assert set(methods(person)) == {
        ("email", "cto@example.com"),
        ("sms", "+1-206-266-4064"),
        ("voice", "+1-206-266-4064"),
        ("sms", "+49 30 901820"),
    }


def test_another_address_means_another_person_and_the_first_is_no_longer_reached_by_it(clock):
    first = cto().person
    second = cto(email="chief@example.com").person
    assert second != first
    assert methods(first) == []
    assert methods(second) == [("email", "chief@example.com")]


def test_two_contacts_of_one_person_share_their_methods(clock):
    first = cto()
    second = actions.upsert_emergency_contact(
        group=ContactGroup.EMERGENCY, key="cto", name="Alex", email="cto@example.com", phone="+1-206-266-4064"
    )
    assert second.person == first.person
    actions.retire_emergency_contact(second)
    assert methods(first.person) == [("email", "cto@example.com")]


def test_a_disabled_method_is_not_brought_back_by_the_procedures(clock):
    person = cto().person
    method = person.contact_methods.get()
    method.disabled_at, method.disabled_reason = clock.now, "Bounced"
    method.save()
    cto(title="Chief")
    assert queries.reachable_methods(person) == []


def test_a_retired_contact_is_off_the_sheet_until_it_is_named_again(clock):
    contact = cto()
    actions.retire_emergency_contact(contact)
    actions.retire_emergency_contact(contact)
    assert not queries.emergency_contacts().exists()
    assert contact.history.count() == 2
    assert cto() == contact
    assert queries.emergency_contacts().get() == contact
    assert methods(contact.person) == [("email", "cto@example.com")]


def test_an_external_contact_says_exactly_its_points_in_order(clock):
    status = Point("status_page", PointKind.URL, "https://status.example.com/")
    phone = Point("phone", PointKind.PHONE, "+1-877-448-4820")
    contact = actions.upsert_external_contact(key="vendor", name="Vendor", points=[status, phone])
    before = ExternalContact.history.count()
    actions.upsert_external_contact(key="vendor", name="Vendor", points=[status, phone])
    assert ExternalContact.history.count() == before
    actions.upsert_external_contact(key="vendor", name="Vendor", points=[phone])
    assert [(point.label, point.title, point.value) for point in contact.points.all()] == [
        ("phone", "Phone", "+1-877-448-4820")
    ]


def test_a_method_counts_once_it_is_verified(anna):
    method = actions.add_method(anna, kind=MethodKind.EMAIL, value="anna@home.example", by=anna)
    assert queries.reachable_methods(anna) == []
    actions.verify_method(method)
    assert queries.reachable_methods(anna) == [method]


def test_methods_are_tried_in_the_order_in_which_they_were_added(anna):
    for value in ("one@example.com", "two@example.com", "three@example.com"):
        actions.verify_method(actions.add_method(anna, kind=MethodKind.EMAIL, value=value, by=anna))
    assert [method.value for method in queries.reachable_methods(anna)] == [
        "one@example.com", "two@example.com", "three@example.com",
    ]  # fmt: skip


def test_who_left_is_not_reached(anna):
    actions.ensure_login_email(anna)
    anna.is_active = False
    assert queries.reachable_methods(anna) == []


def test_the_login_address_is_one_verified_method_however_often_it_is_ensured(anna):
    actions.ensure_login_email(anna)
    method = actions.ensure_login_email(anna)
    assert queries.reachable_methods(anna) == [method]
    assert method.source == MethodSource.PROFILE


@pytest.mark.parametrize(
    ("kind", "value"), [(MethodKind.EMAIL, "anna"), (MethodKind.PAGER, "+1-555-0101"), (MethodKind.SMS, "")]
)
def test_a_method_that_makes_no_sense_is_refused(anna, kind, value):
    with pytest.raises(ValidationError):
        actions.add_method(anna, kind=kind, value=value, by=anna)


def test_a_number_that_is_only_written_otherwise_is_there_already(anna):
    actions.add_method(anna, kind=MethodKind.SMS, value="+49 170 5550001", by=anna)
    with pytest.raises(ValidationError, match="there already"):
        actions.add_method(anna, kind=MethodKind.SMS, value="+491705550001", by=anna)
    actions.add_method(anna, kind=MethodKind.VOICE, value="+491705550001", by=anna)
    assert len(methods(anna)) == 2


def test_nobody_changes_how_somebody_else_is_reached(anna):
    stranger = User.objects.create_user("sam@example.com")
    method = actions.add_method(anna, kind=MethodKind.SLACK, value="@anna", by=anna)
    with pytest.raises(NotAllowed):
        actions.add_method(anna, kind=MethodKind.EMAIL, value="sam@example.com", by=stranger)
    with pytest.raises(NotAllowed):
        actions.remove_method(method, by=stranger)
    actions.remove_method(method, by=User.objects.create_superuser("root@example.com"))
    assert methods(anna) == []


def test_methods_of_many_people_are_one_query(clock, django_assert_num_queries):
    people = [User.objects.create_user(f"{number}@example.com") for number in range(10)]
    for person in people:
        actions.ensure_login_email(person)
    with django_assert_num_queries(1):
        found = queries.methods_of(people)
    assert {person.pk: [method.value for method in found[person.pk]] for person in people} == {
        person.pk: [person.email] for person in people
    }


NUMBER = "+49 30 901820"


def stop(number: str = NUMBER) -> None:
    actions.opt_out(number)


def test_stop_holds_for_whoever_enters_the_number_later(anna, clock):
    method = actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna)
    stop()
    actions.remove_method(method, by=anna)
    again = actions.add_method(anna, kind=MethodKind.SMS, value="+4930901820", by=anna)
    bob = User.objects.create_user("bob@example.com", name="Bob")
    his = actions.add_method(bob, kind=MethodKind.SMS, value="+49 (30) 901820", by=bob)
    by_phone = actions.add_method(bob, kind=MethodKind.VOICE, value=NUMBER, by=bob)
    for method in (again, his, by_phone):
        actions.verify_method(method)
    assert not again.is_usable
    assert not his.is_usable
    assert by_phone.is_usable
    actions.opt_in(NUMBER)
    for method in (again, his):
        method.refresh_from_db()
        assert method.is_usable
    assert not StoppedNumber.objects.exists()


def test_stop_is_known_of_a_number_that_nobody_has(anna, clock):
    stop()
    stop("+4930901820")
    assert StoppedNumber.objects.get().at == clock.now
    assert actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna).opted_out_at == clock.now
    actions.upsert_emergency_contact(
        group=ContactGroup.ESCALATION, key="anna", name="Anna", email="anna@example.com", phone=NUMBER
    )
    assert not [each for each in queries.reachable_methods(anna) if each.kind == MethodKind.SMS]


def test_no_code_goes_to_a_number_that_answered_stop(anna, clock):
    method = actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna)
    stop()
    with pytest.raises(RuleViolation, match="answered STOP"):
        actions.request_code(method, by=anna)
    actions.opt_in(NUMBER)
    actions.request_code(method, by=anna)


def test_another_address_is_verified_anew_and_another_way_of_writing_is_not(anna, clock):
    method = actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna)
    actions.verify_method(method)
    method.value = "+4930901820"
    method.save()
    assert method.is_usable
    stop("+49 30 901821")
    method.value = "+49 30 901821"
    method.save()
    method.refresh_from_db()
    assert (method.verified_at, method.opted_out_at) == (None, clock.now)
    method.value = NUMBER
    method.save(update_fields=["value"])
    method.refresh_from_db()
    assert (method.normalised, method.verified_at, method.opted_out_at) == ("+4930901820", None, None)


def test_a_number_that_was_texted_is_not_verified_for_calls(anna, clock):
    method = actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna)
    actions.verify_method(method)
    method.kind = MethodKind.VOICE
    method.save()
    method.refresh_from_db()
    assert method.verified_at is None


def test_a_method_that_is_disabled_by_hand_is_used_no_more_until_it_is_verified(anna, clock):
    method = actions.add_method(anna, kind=MethodKind.SMS, value=NUMBER, by=anna)
    actions.verify_method(method)
    stranger = User.objects.create_user("bob@example.com", name="Bob")
    with pytest.raises(NotAllowed):
        actions.disable_method(method, by=stranger)
    actions.disable_method(method, by=anna)
    actions.disable_method(method, by=anna)
    method.refresh_from_db()
    assert (method.is_usable, method.disabled_reason) == (False, "It was switched off by hand.")
    actions.verify_method(method)
    assert method.is_usable
