"""Whoever is erased is in the record no more, and the record is as true as before."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.audit import verifying
from apps.audit.erasing import erase
from apps.audit.exporting.archive import export
from apps.audit.models import PersonalKey
from apps.contacts.models import ContactMethod
from apps.core.models import Commitment, Erasure
from apps.teams.models import User
from tests.audit.conftest import Tamper, many_states, seal
from tests.audit.test_rights import application  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)

#: A commitment as the application would write it.
_COMMIT = (
    "INSERT INTO core_commitment (erasure_id, \"table\", \"row\", said) VALUES (%s, 'teams_historicaluser', %s, '{}')"
)
NUMBER = "+4915112345678"


@pytest.fixture
def known(sealed: Any, rita: User) -> User:
    """Rita with a number and another name, some of it sealed and some not yet."""
    ContactMethod.objects.create(person=rita, kind="sms", value=NUMBER, label="Rita's own")
    seal()
    rita.name = "Rita Canary"
    rita.save()
    return rita


def gone(person: User) -> Erasure:
    return erase("person", person.pk, pseudonym="Former person 1", by=None, reason="She asked for it")


def names_in_history(person: User) -> set[str]:
    return set(person.history.values_list("name", flat=True))


def test_the_values_are_gone_and_everything_fits(known: User, tmp_path: Path) -> None:
    gone(known)
    assert names_in_history(known) == {""}
    methods = ContactMethod.history.filter(person=known)
    assert set(methods.values_list("value", "normalised", "label")) == {("", "", "")}
    assert not PersonalKey.objects.filter(subject=f"person:{known.pk}").exists()
    assert verifying.verify(every=True).findings == []
    seal()
    report = verifying.verify(every=True)
    assert (report.findings, report.waiting) == ([], 0)
    exported = export(tmp_path / "export.zip", begin=None, end=None)
    with_script = _check(exported.path, tmp_path)
    assert (with_script.returncode, "Everything fits" in with_script.stdout) == (0, True)


def test_what_follows_is_sealed_under_another_key(known: User) -> None:
    gone(known)
    known.name = "Former person 1"
    known.save()
    seal()
    assert names_in_history(known) == {"", "Former person 1"}
    assert verifying.verify(every=True).findings == []


def test_nobody_else_loses_anything(known: User, team: Any) -> None:
    other = User.objects.create_user("other@example.com", name="Other One")
    seal()
    gone(known)
    assert names_in_history(other) == {"Other One"}
    assert PersonalKey.objects.filter(subject=f"person:{other.pk}").exists()


def test_another_name_in_an_erased_row_is_found(known: User, superuser: Tamper) -> None:
    gone(known)
    row = known.history.earliest()
    superuser("UPDATE teams_historicaluser SET name = 'Somebody' WHERE history_id = %s", row.pk)
    (finding,) = verifying.verify(every=True).findings
    assert (finding.table, finding.row) == ("teams_historicaluser", row.pk)


def test_a_commitment_that_was_changed_is_found(known: User, superuser: Tamper) -> None:
    gone(known)
    row = known.history.earliest()
    superuser("UPDATE core_commitment SET said = '{}' WHERE \"row\" = %s", row.pk)
    assert ("teams_historicaluser", row.pk) in {
        (finding.table, finding.row) for finding in verifying.verify(every=True).findings
    }


def test_what_came_since_is_erased_by_doing_it_again(known: User) -> None:
    gone(known)
    known.name = "Rita again"
    known.save()
    seal()
    gone(known)
    assert names_in_history(known) == {""}
    assert verifying.verify(every=True).findings == []


def test_it_costs_no_more_for_many_rows(known: User, django_assert_max_num_queries: Any) -> None:
    many_states(known, 10_000)
    with django_assert_max_num_queries(6):
        gone(known)
    assert Commitment.objects.filter(table="teams_historicaluser").count() > 10_000
    assert names_in_history(known) == {""}


def test_the_applications_role_can_erase_by_the_function_alone(
    known: User,
    application: psycopg.Connection[tuple[Any, ...]],  # noqa: F811
) -> None:
    row = application.execute(
        "INSERT INTO core_erasure (subject, pseudonym, at, reason) VALUES (%s, 'X', now(), 'Y') RETURNING id",
        [f"person:{known.pk}"],
    ).fetchone()
    assert row is not None
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("UPDATE teams_historicaluser SET name = ''")
    application.execute("SELECT erase_personal('person', %s)", [row[0]])
    assert names_in_history(known) == {""}
    with pytest.raises(psycopg.errors.RaiseException):
        application.execute("SELECT erase_personal('invitation', %s)", [row[0]])


def test_the_applications_role_writes_no_commitment_by_itself(
    known: User,
    application: psycopg.Connection[tuple[Any, ...]],  # noqa: F811
) -> None:
    erasure = gone(known)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(_COMMIT, [erasure.pk, known.history.latest().pk])


def test_an_erasure_covers_nobody_elses_row(known: User, superuser: Tamper) -> None:
    """Not even for the owner of the tables, who knows the other's key and says truly what stood there."""
    other = User.objects.create_user("other@example.com", name="Other One")
    seal()
    erasure, row = gone(known), other.history.get()
    key = bytes(PersonalKey.objects.get(subject=f"person:{other.pk}").key)
    said = {name: sha256(key + getattr(row, name).encode()).hexdigest() for name in ("email", "name")}
    Commitment.objects.create(erasure=erasure, table=row._meta.db_table, row=row.pk, said=said)
    emptied = "UPDATE teams_historicaluser SET name = '', email = '' WHERE history_id = %s"
    with connection.cursor() as cursor, pytest.raises(Exception, match="pgtrigger"):
        cursor.execute(emptied, [row.pk])
    superuser(emptied, row.pk)
    (finding,) = verifying.verify(every=True).findings
    assert (finding.table, finding.row) == ("teams_historicaluser", row.pk)


def test_the_triggers_let_nothing_else_be_changed(known: User) -> None:
    """Not the reason, and not of somebody who is not erased, even for the owner of the tables."""
    gone(known)
    other = User.objects.create_user("other@example.com", name="Other One")
    for statement, person in (
        ("UPDATE teams_historicaluser SET name = 'X' WHERE id = %s", known),
        ("UPDATE teams_historicaluser SET history_change_reason = 'X' WHERE id = %s", known),
        ("DELETE FROM teams_historicaluser WHERE id = %s", known),
        ("UPDATE teams_historicaluser SET name = '', email = '' WHERE id = %s", other),
    ):
        with connection.cursor() as cursor, pytest.raises(Exception, match="pgtrigger"):
            cursor.execute(statement, [person.pk])


def _check(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    with zipfile.ZipFile(path) as archive:
        archive.extract("check.py", folder)
    return subprocess.run(
        [sys.executable, "-I", folder / "check.py", path], capture_output=True, text=True, check=False
    )
