"""A form that is sent after the confirmation ran out is kept nowhere."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from tests.factories.teams import make_person

CANARY = "canary correct horse battery"


def test_a_new_password_that_came_too_late_is_not_in_the_session(client, clock, team):
    anna = make_person("Anna")
    client.force_login(anna, backend="apps.teams.backends.PeopleBackend")
    clock.shift(minutes=16)
    page = "/profile/sign-in/password/set/"
    answer = client.post(page, {"password1": CANARY, "password2": CANARY}, HTTP_REFERER=f"http://testserver{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/confirm/")
    assert CANARY not in str([session.get_decoded() for session in Session.objects.all()])
    anna.refresh_from_db()
    assert not anna.has_usable_password()
