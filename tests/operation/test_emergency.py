"""The emergency page: who may read it, what stands on it, and that it asks no database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as house
from django.test import Client
from django.urls import reverse

from apps.contacts import actions as contacts
from apps.contacts.models import ContactGroup
from apps.operation.emergency import keeping, passes
from apps.operation.emergency.door import EmergencyDoor
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.EMERGENCY_DIR = str(tmp_path / "emergency")


@pytest.fixture
def team(db: None, clock: Any) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def rita(team: Team) -> User:
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    put_on_call(team, rita)
    contacts.upsert_emergency_contact(group=ContactGroup.EMERGENCY, key="cto", name="Alex", phone="+1-555-0106")
    return rita


@pytest.fixture
def sheet(rita: User, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(16):
        keeping.write()


def asked(path: str, cookie: str = "", method: str = "GET") -> tuple[int, str, dict[str, str]]:
    """What the door answers; behind it nothing answers."""
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status.split()[0]), headers=dict(headers))

    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_COOKIE": cookie}
    body = b"".join(EmergencyDoor(behind)(environ, start))  # type: ignore[arg-type]
    return told["status"], body.decode(), told["headers"]


def behind(environ: Any, start: Any) -> Iterator[bytes]:
    start("418 behind", [])
    return iter(())


def cookie_of(person: User) -> str:
    return f"{passes.cookie_name()}={passes.cookie_for(person)}"


def test_whoever_is_signed_in_gets_the_cookie_that_opens_it(rita: User, client: Client, sheet: None) -> None:
    client.force_login(rita)
    client.get("/contacts/")
    held = client.cookies[passes.cookie_name()]
    assert (held["httponly"], held["samesite"]) == (True, "Lax")
    status, page, headers = asked("/emergency/", f"{passes.cookie_name()}={held.value}")
    assert status == 200
    assert "rita@example.com" in page
    assert "+1-555-0106" in page
    assert headers["Cache-Control"] == "private, no-store"
    client.post(reverse("account_logout"))
    assert client.cookies[passes.cookie_name()].value == "", "it goes with the session"


def test_cookies_of_others_that_are_no_cookies_are_not_in_its_way(rita: User, sheet: None) -> None:
    assert asked("/emergency/", f'foo={{"a":1}}; {cookie_of(rita)}')[0] == 200


def test_who_must_have_a_second_factor_and_has_none_gets_no_cookie(
    rita: User, client: Client, sheet: None, settings: Any
) -> None:
    client.force_login(rita)
    client.get("/contacts/")
    settings.FACTOR_REQUIRED_ROLES = frozenset({TeamRole.RESPONDER})
    client.get(reverse("mfa_index"))
    assert client.cookies[passes.cookie_name()].value == "", "one of before is taken away"
    client.cookies.clear()
    client.force_login(rita)
    assert client.get(reverse("mfa_index")).status_code == 200
    assert passes.cookie_name() not in client.cookies


def test_it_asks_no_database(rita: User, sheet: None, django_assert_num_queries: Any) -> None:
    cookie = cookie_of(rita)
    with django_assert_num_queries(0):
        assert asked("/emergency/", cookie)[0] == 200
        assert asked("/emergency/")[0] == 403


def test_its_printed_link_opens_it_for_a_while(rita: User, sheet: None, clock: Any) -> None:
    page = asked("/emergency/", cookie_of(rita))[1]
    link = page.partition(f"{house.SITE_URL}/emergency/")[2].partition("<")[0].strip()
    assert asked(f"/emergency/{link}")[0] == 200
    assert asked(f"/emergency/{link[:-2]}x/")[0] == 403


def link_of(person: User) -> str:
    page = asked("/emergency/", cookie_of(person))[1]
    return "/emergency/" + page.partition(f"{house.SITE_URL}/emergency/")[2].partition("<")[0].strip()


def test_a_page_opened_by_a_link_gives_no_link_that_lasts_longer(rita: User, sheet: None, monkeypatch: Any) -> None:
    link = link_of(rita)
    later = time.time() + 3600
    monkeypatch.setattr("time.time", lambda: later)
    page = asked(link)[1]
    assert f"{house.SITE_URL}{link}" in page
    assert page.count(f"{house.SITE_URL}/emergency/") == 1


def test_links_end_with_all_other_sessions_also_of_who_has_no_password(rita: User, client: Client, sheet: None) -> None:
    assert not rita.has_usable_password()
    link = link_of(rita)
    client.force_login(rita)
    client.post(reverse("sessions_end_others"))
    held = client.cookies[passes.cookie_name()].value
    keeping.write()
    assert asked(link)[0] == 403
    assert asked("/emergency/", f"{passes.cookie_name()}={held}")[0] == 200, "the cookie of here is made anew"


def test_strangers_and_those_without_a_role_read_nothing(team: Team, rita: User, sheet: None, client: Client) -> None:
    reporter = make_person("Rex")
    keeping.write()
    for cookie in ("", "emergency=nonsense", "emergency", cookie_of(reporter)):
        status, page, _ = asked("/emergency/", cookie)
        assert status == 403
        assert "+1-555-0106" not in page
    client.force_login(reporter)
    client.get("/profile/")
    assert passes.cookie_name() not in client.cookies


def test_the_cookie_of_who_is_deactivated_ends_with_the_next_sheet(rita: User, sheet: None) -> None:
    cookie = cookie_of(rita)
    teams.deactivate(rita)
    keeping.write()
    assert asked("/emergency/", cookie)[0] == 403


def test_another_password_ends_cookies_and_links(rita: User, sheet: None) -> None:
    cookie = cookie_of(rita)
    rita.set_password("another one, that nobody knows")
    rita.save()
    keeping.write()
    assert asked("/emergency/", cookie)[0] == 403
    assert asked("/emergency/", cookie_of(rita))[0] == 200


def test_a_cookie_has_an_end_though_nothing_is_written_any_more(rita: User, sheet: None, monkeypatch: Any) -> None:
    cookie = cookie_of(rita)
    monkeypatch.setattr(passes, "COOKIE_LIFETIME", timedelta(seconds=-1))
    assert asked("/emergency/", cookie)[0] == 403


def test_before_it_was_written_it_says_so(rita: User) -> None:
    status, _, headers = asked("/emergency/", cookie_of(rita))
    assert (status, headers["Retry-After"]) == (503, "60")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/emergency", "GET", 301), ("/emergency/", "POST", 405), ("/emergency/", "HEAD", 403),
        ("/emergency/a/b/", "GET", 404), ("/emergency/../x/", "GET", 404),
        ("/emergency-else/", "GET", 418), ("/", "GET", 418),
    ],
)  # fmt: skip
def test_it_answers_for_its_own_address_alone(sheet: None, path: str, method: str, status: int) -> None:
    assert asked(path, method=method)[0] == status


def test_what_people_are_called_stays_text(team: Team, rita: User) -> None:
    rita.name = "<script>alert(1)</script>"
    rita.save()
    keeping.write()
    assert "<script>" not in asked("/emergency/", cookie_of(rita))[1]
