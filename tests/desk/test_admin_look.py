"""The admin beside the app: the same colours, words that its readers know, and a plain refusal."""

from __future__ import annotations

import re

from django.conf import settings
from django.test import Client

from apps.teams.models import TeamRole
from tests.factories.teams import make_person

STYLES = (settings.BASE_DIR / "static" / "ado" / "app.css").read_text()


def token(name: str) -> tuple[str, str]:
    """The light and the dark value of a token of the app's styles."""
    light, dark = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", STYLES).groups()
    return light, dark


def test_the_admin_has_the_colours_of_the_app():
    greys, accent = settings.UNFOLD["COLORS"]["base"], settings.UNFOLD["COLORS"]["primary"]
    assert (accent["600"], accent["400"]) == token("accent")
    assert (accent["100"], accent["950"]) == token("accent-tint")
    assert (greys["50"], greys["950"]) == token("bg")
    assert greys["900"] == token("surface")[1]


def test_somebody_without_a_right_is_told_so_instead_of_asked_to_sign_in_again(house, rita):
    page = rita.get("/admin/", follow=True).content.decode()
    assert "You may not enter the admin" in page
    assert "rita@example.com" in page
    assert 'name="password"' not in page


def test_a_stranger_is_asked_to_sign_in(db):
    page = Client().get("/admin/", follow=True).content.decode()
    assert "You may not" not in page
    assert 'name="password"' in page


def test_the_index_calls_things_by_what_they_are(house, signed_in):
    auditor = make_person("Aurel", None, TeamRole.AUDITOR)
    auditor.is_staff = True
    auditor.save()
    page = signed_in(auditor).get("/admin/").content.decode()
    assert "Sign-in attempts" in page
    assert "Axes" not in page
