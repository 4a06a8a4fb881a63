"""The pages by which data are given out and erased, and who finds them."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import Erasure
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.factories.teams import make_person
from tests.privacy.conftest import ADDRESS, NAME

pytestmark = pytest.mark.django_db(transaction=True)


def client_of(person: User, *, confirmed: bool = True) -> Client:
    client = Client()
    client.force_login(person)
    if not confirmed:
        session = client.session
        session["confirmed_at"] = 0
        session.save()
    return client


@pytest.fixture
def administrator(root: User) -> Client:
    return client_of(root)


def test_everybody_takes_their_own_data_away(team: Team) -> None:
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    client = client_of(rita)
    assert reverse("privacy_own") in client.get(reverse("profile")).content.decode()
    answer = client.post(reverse("privacy_take_own"))
    assert answer["Content-Disposition"].endswith('.zip"')
    archive = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    assert b"rita@example.com" in archive.read("teams.user.jsonl")


@pytest.mark.parametrize("name", ["privacy_own", "privacy_person"])
def test_it_asks_for_the_credential_first(root: User, name: str) -> None:
    args = [root.pk] if name == "privacy_person" else []
    answer = client_of(root, confirmed=False).get(reverse(name, args=args))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_nobody_but_administrators_finds_somebody_elses(canary: User, team: Team) -> None:
    client = client_of(make_person("Mona", team, TeamRole.MANAGER))
    assert client.get(reverse("privacy_person", args=[canary.pk])).status_code == 404
    for name in ("privacy_take", "privacy_erase"):
        answer = client.post(reverse(name, args=[canary.pk]), {"reason": "x", "confirmed": ADDRESS})
        assert answer.status_code == 404
    assert not Erasure.objects.exists()


def test_an_administrator_gives_somebodys_data_out_with_a_reason(canary: User, administrator: Client) -> None:
    url = reverse("privacy_take", args=[canary.pk])
    for reason in (" ", f"{NAME} asked", "asked by canary", ADDRESS):
        assert administrator.post(url, {"reason": reason}).status_code == 422
    answer = administrator.post(url, {"reason": "They asked"})
    assert ZipFile(BytesIO(b"".join(answer.streaming_content))).testzip() is None


def test_an_administrator_erases_somebody(canary: User, administrator: Client) -> None:
    page, url = reverse("privacy_person", args=[canary.pk]), reverse("privacy_erase", args=[canary.pk])
    admin_page = reverse("admin:teams_user_change", args=[canary.pk])
    assert page in administrator.get(admin_page).content.decode()
    for form in ({"reason": "They left", "confirmed": "x@example.com"}, {"reason": NAME, "confirmed": ADDRESS}):
        assert administrator.post(url, form).status_code == 422
        assert not Erasure.objects.exists()
    answer = administrator.post(url, {"reason": "They left", "confirmed": ADDRESS.upper()}, follow=True)
    text = answer.content.decode()
    assert "They are erased already." in text
    assert NAME not in text
    assert "Erase for ever" not in text


def test_what_stands_in_the_way_is_said_and_nothing_is_erased(canary: User, administrator: Client) -> None:
    teams.reactivate(canary)
    page = administrator.get(reverse("privacy_person", args=[canary.pk])).content.decode()
    assert "They are active: deactivate them first." in page
    assert "Erase for ever" not in page
    url = reverse("privacy_erase", args=[canary.pk])
    answer = administrator.post(url, {"reason": "They left", "confirmed": ADDRESS}, follow=True)
    assert "They are active" in answer.content.decode()
    assert not Erasure.objects.exists()


def test_a_service_account_has_no_page(administrator: Client, team: Team, root: User) -> None:
    robot = teams.create_service_account(name="robot", team=team, role=TeamRole.RESPONDER, by=root)
    assert administrator.get(reverse("privacy_person", args=[robot.pk])).status_code == 404
