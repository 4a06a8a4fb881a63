"""Somebody always administrates the organisation and can sign in, whichever door the last one would leave by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse

from apps.core.errors import RuleViolation
from apps.teams import access, actions
from apps.teams.models import Membership, TeamRole, User
from tests.factories.teams import make_person, make_team

PASSWORD = "correct horse battery staple"


def administrator(name: str, *, signs_in: bool = True) -> User:
    person = make_person(name, None, TeamRole.ADMIN)
    person.is_staff = True
    person.set_password(PASSWORD if signs_in else None)
    person.save()
    return person


@pytest.fixture
def root(db):
    return administrator("Root")


@pytest.fixture
def admin(client, root):
    client.force_login(root, backend="apps.teams.backends.PeopleBackend")
    return client


def person_form(person: User, **changed: str) -> dict[str, str]:
    sent = {
        "email": person.email, "name": person.name, "time_zone": "UTC", "holidays_of": "", "is_active": "on",
        "is_staff": "on", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
    }  # fmt: skip
    for beside in ("contact_methods", "notification_rules", "notification_preferences"):
        sent |= {f"{beside}-TOTAL_FORMS": "0", f"{beside}-INITIAL_FORMS": "0"}
    if person.is_superuser:
        sent["is_superuser"] = "on"
    return {name: value for name, value in {**sent, **changed}.items() if value is not None}


def of(person: User) -> str:
    return reverse("admin:teams_user_change", args=[person.pk])


def refused(answer) -> bool:
    """By the form itself, or by the page to which it leads back."""
    page = answer if answer.status_code == 200 else answer.client.get(answer["Location"])
    return "make somebody else one first" in page.content.decode()


def is_one(person: User) -> bool:
    return access.administrators().filter(pk=person.pk).exists()


def test_the_membership_goes_not_by_the_page_of_the_last_one(admin, root):
    held = root.memberships.get()
    sent = person_form(root) | {
        "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1", "memberships-0-id": held.pk,
        "memberships-0-person": root.pk, "memberships-0-role": "admin", "memberships-0-DELETE": "on",
    }  # fmt: skip
    assert refused(admin.post(of(root), sent))
    assert is_one(root)


def test_the_last_superuser_stays_one(admin, root):
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    root.refresh_from_db()
    root.memberships.get().delete()
    assert refused(admin.post(of(root), person_form(root, is_superuser=None)))
    assert is_one(root)


def test_who_becomes_an_administrator_otherwise_in_the_same_breath_may(admin, root):
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    root.refresh_from_db()
    root.memberships.get().delete()
    sent = person_form(root, is_superuser=None) | {"memberships-TOTAL_FORMS": "1", "memberships-0-role": "admin"}
    sent |= {"memberships-0-person": root.pk}
    assert admin.post(of(root), sent).status_code == 302
    root.refresh_from_db()
    assert (root.is_superuser, is_one(root)) == (False, True)


def test_the_form_switches_the_last_one_not_off(admin, root):
    administrator("Nina", signs_in=False)  # who is one, and cannot sign in
    assert refused(admin.post(of(root), person_form(root, is_active=None)))
    assert is_one(root)


@pytest.fixture
def older(root):
    """A version of somebody from before they became an administrator, and one of whom they were switched off."""
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    root.memberships.get().delete()
    root.refresh_from_db()
    root.save()
    return root.history.latest().history_id


def test_no_older_version_takes_the_last_one_away(admin, root, older):
    path = reverse("admin:teams_user_simple_history", args=[root.pk, older])
    for missing in ("is_superuser", "is_active"):
        assert refused(admin.post(path, person_form(root, **{missing: None})))
        assert is_one(root)


def test_their_password_is_not_made_unusable(admin, root):
    sent = {"usable_password": "false", "unset-password": "yes", "password1": "", "password2": ""}
    assert refused(admin.post(reverse("admin:auth_user_password_change", args=[root.pk]), sent))
    root.refresh_from_db()
    assert root.has_usable_password()


@pytest.mark.parametrize("left", ["nobody", "who cannot sign in", "whoever is switched off", "with a passkey"])
def test_they_are_deactivated_only_where_somebody_is_left(root, left):
    if left != "nobody":
        nina = administrator("Nina", signs_in=left == "whoever is switched off")
        if left == "whoever is switched off":
            actions.deactivate(nina)
        if left == "with a passkey":
            Authenticator.objects.create(user=nina, type="webauthn", data={})
            actions.deactivate(root)
            return
    with pytest.raises(RuleViolation):
        actions.deactivate(root)


@transaction.atomic
def done_and_asked(deed, root: User, ask) -> None:
    """A deed in a transaction that asks at its end, as every one does."""
    deed(root)
    ask()


@pytest.mark.parametrize(
    "deed",
    [
        lambda root: User.objects.filter(pk=root.pk).update(is_active=False),
        lambda root: Membership.objects.filter(person=root).delete(),
        lambda root: Membership.objects.filter(person=root).update(role=TeamRole.AUDITOR),
        lambda root: User.objects.filter(pk=root.pk).update(password="!"),
    ],
)
def test_the_database_refuses_whatever_asks_nobody(root, deed):
    with pytest.raises(IntegrityError):
        done_and_asked(deed, root, connection.check_constraints)
    with pytest.raises(RuleViolation):
        done_and_asked(deed, root, actions.require_an_administrator)
    administrator("Nina")
    deed(root)
    actions.require_an_administrator()


def test_of_others_nothing_is_asked(root):
    rita = make_person("Rita", make_team(), TeamRole.RESPONDER)
    actions.remove_member(rita.memberships.get())
    actions.deactivate(rita)
    actions.require_an_administrator()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_stays():
    people = [administrator("Root"), administrator("Nina")]
    together = Barrier(2)

    def leave(person: User) -> bool:
        try:
            with transaction.atomic():
                Membership.objects.filter(person=person).delete()
                together.wait(timeout=30)
        except IntegrityError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(leave, people)) == [False, True]
    assert access.administrators().count() == 1
