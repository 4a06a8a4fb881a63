"""The procedures as a page: in force, and as they stood (R36)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.incidents.models import Procedures, ProceduresOrigin, ProceduresRevision
from apps.procedures import revisions
from apps.teams.models import TeamRole, User
from tests.factories.procedures import FILE
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(db: None) -> User:
    call_command("procedures", "apply", str(FILE), verbosity=0)
    return make_person("Rita", make_team(), TeamRole.RESPONDER)


@pytest.fixture
def reader(rita: User, client: Client) -> Client:
    client.force_login(rita)
    return client


def test_what_is_in_force_is_read_word_for_word_and_its_revisions_are_named(reader: Client) -> None:
    page = reader.get("/procedures/").content.decode()
    for words in (
        "ADO incident response procedures", "2024-04-29", "Incident Response Team", "GitHub token compromised",
        "Complete system outage or data loss", "Agent execution pipeline", "+1-877-448-4820",
        "Root cause analysis completed",
    ):  # fmt: skip
        assert words in page, words
    assert page.index('id="definition"') < page.index('id="severities"') < page.index('id="escalation"')
    assert page.index("P0") < page.index("P3")
    assert "In force." in page


def test_an_earlier_revision_is_read_as_it_was(reader: Client) -> None:
    first = ProceduresRevision.objects.latest("pk")
    row = Procedures.objects.get()
    row.owner = "Somebody else"
    row.save()
    revisions.record(ProceduresOrigin.ADMIN, by=None)
    assert "Somebody else" in reader.get("/procedures/").content.decode()
    page = reader.get(f"/procedures/{first.pk}/").content.decode()
    assert "Not in force any more" in page
    assert "Somebody else" not in page
    assert reader.get("/procedures/999999/").status_code == 404


def test_it_costs_the_same_with_many_revisions(reader: Client, django_assert_max_num_queries: Any) -> None:
    shown = ProceduresRevision.objects.latest("pk")
    for number in range(60):
        ProceduresRevision.objects.create(
            version="1.0", digest=f"{number:064}", document=shown.document, origin=ProceduresOrigin.ADMIN
        )
    with django_assert_max_num_queries(14):
        reader.get("/procedures/")


def test_before_any_are_in_force_the_page_says_so(client: Client) -> None:
    client.force_login(make_person("Rita", make_team(), TeamRole.RESPONDER))
    assert "No procedures are in force yet" in client.get("/procedures/").content.decode()


def test_whoever_has_no_role_reads_nothing(rita: User, client: Client) -> None:
    client.force_login(make_person("Rex"))
    assert client.get("/procedures/").status_code == 403
