"""What the history says of rows whose names speak of other rows, which may be gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock
from apps.core.editing import ChangedMeanwhile
from apps.desk import edited
from apps.notifications.models import NotificationRule, Urgency
from apps.teams.models import TeamRole, User
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita() -> User:
    """She has two ways of being reached, with a step by each."""
    rita = make_person("Rita", make_team("platform"), TeamRole.RESPONDER)
    ContactMethod.objects.filter(person=rita).delete()
    for minutes, kind, value in ((0, MethodKind.EMAIL, "rita@example.com"), (5, MethodKind.SMS, "+4930901820")):
        method = ContactMethod.objects.create(person=rita, kind=kind, value=value, verified_at=clock.now())
        NotificationRule.objects.create(person=rita, urgency="high", method=method, after=timedelta(minutes=minutes))
    return rita


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(make_person("Chief", None, TeamRole.ADMIN), backend="apps.teams.backends.PeopleBackend")
    confirmed(client)
    return client


def confirmed(client: Client) -> None:
    session = client.session
    session["confirmed_at"] = clock.now().timestamp()
    session.save()


def test_a_person_whose_way_of_being_reached_is_gone_has_a_history(rita: User, administrator: Client) -> None:
    ContactMethod.objects.get(kind=MethodKind.SMS).delete()
    page = administrator.get(reverse("admin:teams_user_history", args=[rita.pk]))
    assert page.status_code == 200
    assert "notification rule" in page.content.decode()


def test_what_was_changed_meanwhile_is_told_of_what_names_something_that_is_gone(rita: User) -> None:
    """Whoever saves a form is told so, and keeps what they typed."""
    steps = edited.steps(rita, Urgency.HIGH)
    seen = steps.version()
    ContactMethod.objects.get(kind=MethodKind.SMS).delete()
    with pytest.raises(ChangedMeanwhile) as refused:
        steps.refuse_changed(seen)
    (change,) = refused.value.changes
    assert change.verb == "deleted"
    assert change.part.startswith("notification rule ")
