"""Who edits a person or a team in the admin while others write: nothing of theirs is undone, and nobody is stuck."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from apps.teams import actions
from apps.teams import admin as pages
from apps.teams.models import Membership, Team, TeamRole, User
from tests.access.forms import form_at
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return make_team("platform")


@pytest.fixture
def rita(team: Team) -> User:
    return make_person("Rita", team, TeamRole.RESPONDER)


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root@example.com", name="Root")


def of(row: User | Team) -> str:
    return reverse(f"admin:teams_{row._meta.model_name}_change", args=[row.pk])


def opened(client: Client, row: User | Team, **typed: str) -> dict[str, Any]:
    """What the form of the row sends, with what is typed into it."""
    return form_at(client.get(of(row)), name=f"{row._meta.model_name}_form").sent(**typed)


def text_of(answer: Any) -> str:
    return answer.content.decode()


def test_a_form_of_a_person_takes_the_lock_of_administrators_before_their_row(root, rita):
    client, answers = signed_in(root), []
    sent = opened(client, rita, name="Rita R.")
    one_waits_for_the_other(
        actions.lock_administrators,
        lambda: answers.append(client.post(of(rita), sent)),
        then=lambda: User.objects.select_for_update().get(pk=rita.pk),
    )
    assert answers[0].status_code == 302
    rita.refresh_from_db()
    assert rita.name == "Rita R."


def test_it_does_not_undo_a_deactivation_meanwhile(root, rita):
    client, answers = signed_in(root), []
    sent = opened(client, rita, name="Rita R.")

    one_waits_for_the_other(
        lambda: actions.deactivate(User.objects.get(pk=rita.pk)), lambda: answers.append(client.post(of(rita), sent))
    )
    assert "was changed while you edited it" in text_of(answers[0])
    rita.refresh_from_db()
    assert not rita.is_active


def test_it_does_not_undo_a_password_that_its_person_sets_meanwhile(root, rita):
    client, answers = signed_in(root), []
    sent = opened(client, rita, name="Rita R.")
    sent.pop("edited_version")  # of what is sent without one, nothing is compared

    def choose() -> None:
        found = User.objects.select_for_update(no_key=True).get(pk=rita.pk)
        found.set_password("another correct horse")
        found.save(update_fields=["password"])

    one_waits_for_the_other(choose, lambda: answers.append(client.post(of(rita), sent)))
    assert answers[0].status_code == 302
    rita.refresh_from_db()
    assert rita.name == "Rita R."
    assert rita.check_password("another correct horse")


def test_of_two_forms_at_once_the_second_is_told_where_a_membership_alone_differs(root, rita, team):
    mine, theirs = signed_in(root), signed_in(User.objects.create_superuser("nina@example.com", name="Nina"))
    seen, answers = opened(mine, team), []
    other = opened(theirs, team, **{"memberships-0-role": TeamRole.COMMANDER})

    def save() -> None:
        assert theirs.post(of(team), other).status_code == 302

    one_waits_for_the_other(save, lambda: answers.append(mine.post(of(team), seen)))
    assert "was changed while you edited it" in text_of(answers[0])
    assert Membership.objects.get(person=rita, team=team).role == TeamRole.COMMANDER


def test_who_may_not_write_waits_for_nobody_and_who_may_not_for_long(root, rita, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.2)
    auditor = make_person("Ada", None, TeamRole.AUDITOR)
    User.objects.filter(pk=auditor.pk).update(is_staff=True)
    looks, writes = signed_in(auditor), signed_in(root)
    sent = opened(writes, rita, name="Rita R.")

    def elsewhere(client: Client) -> Any:
        try:
            return client.post(of(rita), sent)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(2) as threads:
        actions.lock_administrators()
        refused, busy = (threads.submit(elsewhere, client) for client in (looks, writes))
        assert refused.result(10).status_code == 403
        assert busy.result(10)["Location"].endswith("#typed")
    rita.refresh_from_db()
    assert rita.name == "Rita"
