"""An export can be read, and its script finds without the product what was done to the record."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from apps.audit import canonical
from apps.audit.models import Seal
from apps.audit.owners import rows_of
from apps.core.clock import now
from apps.incidents import actions
from apps.incidents.models import Incident, TimelineEvent
from apps.postmortems.models import Answer, Postmortem
from apps.teams.models import Team, TeamRole, User
from tests.audit.conftest import Tamper, copied, note, present, seal
from tests.factories.incidents import declare
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "incidents_timelineevent"


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    def write(*arguments: str) -> Path:
        path = tmp_path / "export.zip"
        call_command("audit", "export", "--out", str(path), *arguments)
        return path

    return write


def enclosed(name: str, path: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """What a script that lies in the export does, run with Python alone."""
    script = path.with_name(name)
    with ZipFile(path) as archive:
        script.write_bytes(archive.read(name))
    done = subprocess.run([sys.executable, "-I", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stderr), done
    assert "Traceback" not in done.stderr
    return done


def checked(path: Path) -> list[str]:
    """What does not fit the seals."""
    done = enclosed("check.py", path, path)
    assert done.stderr or done.stdout.startswith("Everything fits. The last seal is ")
    return done.stderr.splitlines()


def compared(path: Path) -> list[str]:
    """Where the CSVs do not say what the rows say."""
    return enclosed("tables.py", path, path).stderr.splitlines()


def lines(path: Path, name: str) -> list[dict[str, Any]]:
    with ZipFile(path) as archive:
        return [json.loads(line) for line in archive.open(name)]


def table(path: Path, name: str) -> list[dict[str, str]]:
    with ZipFile(path) as archive, archive.open(name) as file:
        return list(csv.DictReader(TextIOWrapper(file, encoding="utf-8", newline="")))


def rewritten(path: Path, name: str, change: Callable[[list[dict[str, Any]]], Any]) -> Path:
    """The export with one of its files of JSON changed by hand."""

    def change_lines(body: bytes) -> bytes:
        told = [json.loads(line) for line in body.splitlines()]
        change(told)
        return b"".join(json.dumps(each).encode() + b"\n" for each in told)

    return altered(path, name, change_lines)


def altered(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The export with the bytes of one of its files changed by hand."""
    with ZipFile(path) as archive:
        content = {each: archive.read(each) for each in archive.namelist()}
    content[name] = change(content[name])
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for each, body in content.items():
            archive.writestr(each, body)
    return path


def test_the_script_has_forty_lines_and_finds_nothing_in_what_nobody_touched(
    sealed: Incident, export: Callable[..., Path]
) -> None:
    path = export()
    assert checked(path) == []
    with ZipFile(path) as archive:
        assert archive.read("check.py").count(b"\n") <= 40
        assert "python3 check.py THIS.zip" in archive.read("README.txt").decode()


def test_the_scripts_say_how_they_are_used_and_what_they_cannot_read(
    sealed: Incident, export: Callable[..., Path]
) -> None:
    path = export()
    for script in ("check.py", "tables.py"):
        assert f"python3 {script} EXPORT.zip" in enclosed(script, path).stderr
        assert "FileNotFoundError" in enclosed(script, path, path.with_name("none.zip")).stderr
    (said,) = checked(rewritten(path, "seals.jsonl", lambda seals: seals[1].update(body="no JSON")))
    assert said.startswith("Seal 2 cannot be read")


def test_a_line_of_a_table_that_no_row_says_is_found(sealed: Incident, rita: User, export: Callable[..., Path]) -> None:
    actions.add_note(sealed.pk, text='=1+1,\r\n"zwölf"', by=rita)
    seal()
    first = f"{EVENTS} {note('One').pk}"

    def lines_of(body: bytes) -> list[bytes]:
        return body.splitlines(keepends=True)

    for team in ((), ("--team", "platform")):
        assert compared(export(*team)) == []
        for change in (
            lambda body: body.replace(b"One", b"Won"),
            lambda body: body.replace(b"rita@", b"otto@"),
            lambda body: b"".join(line for line in lines_of(body) if b"One" not in line),
            lambda body: body + lines_of(body)[-1],
            lambda body: body.replace(b"who,by", b"by,who"),
        ):
            assert checked(altered(export(*team), "timeline.csv", change)) == []
            assert compared(altered(export(*team), "timeline.csv", change)) != []
        found = compared(altered(export(*team), "timeline.csv", lambda body: body.replace(b"One", b"Won")))
        assert found == [f"timeline.csv is not what was recorded, from the line of {first} on"]
        assert compared(altered(export(*team), "history.csv", lambda body: body.replace(b",made,", b",deleted,"))) != []


def test_both_tables_can_be_read(sealed: Incident, rita: User, export: Callable[..., Path]) -> None:
    actions.add_note(sealed.pk, text="=1+1", by=rita)
    seal()
    path = export()
    events = {row["text"]: row for row in table(path, "timeline.csv")}
    assert events["Two"]["incident"] == str(sealed)
    assert (events["Two"]["who"], events["Two"]["what"], events["Two"]["seal"]) == ("rita@example.com", "note", "1")
    assert "'=1+1" in events
    changes = [row for row in table(path, "history.csv") if row["table"] == "incidents_historicalincident"]
    assert (changes[0]["number"], changes[0]["change"]) == (str(sealed.pk), "made")
    assert json.loads(changes[0]["values"])["title"] == sealed.title


def test_what_was_done_in_the_database_is_found(
    sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    one, two, three, four = (note(text).pk for text in ("One", "Two", "Three", "Four"))
    superuser("UPDATE incidents_timelineevent SET text = 'Won' WHERE id = %s", one)
    assert checked(export()) == [f"{EVENTS} {one} was changed"]
    superuser("UPDATE incidents_timelineevent SET text = 'One' WHERE id = %s", one)
    assert checked(export()) == []
    superuser("UPDATE incidents_timelineevent SET id = -id WHERE id IN (%s, %s)", one, two)
    superuser("UPDATE incidents_timelineevent SET id = %s + id WHERE id < 0", one + two)
    assert checked(export()) == [
        f"{EVENTS} {one} was re-ordered: sealed as {two}", f"{EVENTS} {two} was re-ordered: sealed as {one}",
    ]  # fmt: skip
    superuser("UPDATE incidents_timelineevent SET id = -id WHERE id IN (%s, %s)", one, two)
    superuser("UPDATE incidents_timelineevent SET id = %s + id WHERE id < 0", one + two)
    copied(superuser, note("Four"), id=four + 9)
    assert checked(export()) == [f"{EVENTS} {four + 9} was inserted: unsealed"]
    superuser("DELETE FROM incidents_timelineevent WHERE id IN (%s, %s)", four + 9, three)
    assert checked(export()) == [f"{EVENTS} {three} was deleted"]


def test_a_row_that_was_moved_to_the_end_is_found(
    sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    two = note("Two").pk
    superuser("UPDATE incidents_timelineevent SET id = id + 1000 WHERE id = %s", two)
    assert checked(export()) == [
        f"{EVENTS} {two} was deleted", f"{EVENTS} {two + 1000} was re-ordered: sealed as {two}",
    ]  # fmt: skip


def test_a_row_with_a_transaction_that_has_not_been_is_found(
    sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    key = copied(superuser, note("Two"), written_in=note("Two").written_in + 1_000_000_000)
    for arguments in ((), ("--team", "platform")):
        assert checked(export(*arguments)) == [f"{EVENTS} {key} was inserted: unsealed"]


def test_a_row_of_somebody_else_is_found_even_though_it_is_sealed(
    sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    key = copied(superuser, note("Four"), written_as="mallory", written_in=present())
    seal()
    for arguments in ((), ("--team", "platform")):
        assert checked(export(*arguments)) == [f"{EVENTS} {key} was inserted: the role mallory is none of the house"]


def test_a_row_in_a_hole_between_the_numbers_is_found(
    sealed: Incident, superuser: Tamper, rita: User, export: Callable[..., Path]
) -> None:
    hole = note("Four").pk + 1
    superuser("SELECT nextval(pg_get_serial_sequence('incidents_timelineevent', 'id'))")
    for text in ("Five", "Six", "Seven"):
        actions.add_note(sealed.pk, text=text, by=rita)
        seal()
    copied(superuser, note("Four"), id=hole, written_in=present(), text="Forged")
    seal()
    for arguments in ((), ("--team", "platform")):
        assert checked(export(*arguments)) == [f"{EVENTS} {hole} was inserted: after its number"]


def test_the_first_seal_taken_away_is_found(sealed: Incident, superuser: Tamper, export: Callable[..., Path]) -> None:
    superuser("DELETE FROM audit_seal WHERE number = 1")
    assert "Seal 1 does not fit its leaves" in checked(export())
    superuser("DELETE FROM audit_leaves WHERE seal_id = 1")
    found = checked(export())
    assert "Seal 1 does not fit its leaves" in found
    assert f"{EVENTS} {note('Two').pk} was inserted: unsealed" in found


def test_nothing_is_exported_by_a_list_of_columns_that_was_changed(
    sealed: Incident, superuser: Tamper, tmp_path: Path
) -> None:
    superuser("""UPDATE audit_layout SET body = replace(body, '"text",', '') WHERE "table" = %s""", EVENTS)
    with pytest.raises(CommandError, match=f"of {EVENTS} was changed"):
        call_command("audit", "export", "--out", str(tmp_path / "export.zip"))


def test_what_was_done_to_leaves_and_seals_is_found(
    sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    superuser("UPDATE audit_leaves SET digests[1] = NULL WHERE seal_id = 1 AND position = 0")
    assert "Seal 1 does not fit its leaves" in checked(export())
    superuser('UPDATE audit_seal SET body = replace(body, \'"at":"2\', \'"at":"1\') WHERE number = 2')
    assert "Seal 2 was changed" in checked(export())
    superuser("UPDATE audit_seal SET digest = encode(sha256(convert_to(body, 'UTF8')), 'hex') WHERE number = 2")
    superuser("UPDATE audit_seal SET number = -number")
    superuser("UPDATE audit_seal SET number = 1 - (SELECT min(number) FROM audit_seal) + number")
    assert {"Seal 1 was changed", "Seal 3 was changed"} <= set(checked(export()))


def test_what_is_changed_in_the_export_itself_is_found(sealed: Incident, export: Callable[..., Path]) -> None:
    event = note("Two")

    def of_event(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return next(row for row in rows if (row["table"], row["row"]) == (EVENTS, event.pk))

    path = rewritten(export(), "rows.jsonl", lambda rows: of_event(rows).update(text="{}"))
    assert checked(path) == [f"{EVENTS} {event.pk} was changed"]
    path = rewritten(export(), "rows.jsonl", lambda rows: rows.remove(of_event(rows)))
    assert checked(path) == [f"{EVENTS} {event.pk} was deleted"]
    path = rewritten(export(), "rows.jsonl", lambda rows: rows.append(of_event(rows) | {"row": 10**9}))
    assert checked(path) == [f"{EVENTS} {10**9} was inserted: unsealed"]
    gone: list[dict[str, Any]] = []
    path = rewritten(export(), "leaves.jsonl", lambda leaves: gone.append(leaves.pop()))
    assert f"Seal {gone[0]['seal']} does not fit its leaves" in checked(path)
    path = rewritten(export(), "seals.jsonl", lambda seals: seals[0].update(hash="0" * 64))
    assert "Seal 1 was changed" in checked(path)


@pytest.fixture
def other(team: Team) -> Incident:
    """An incident of another team."""
    security = make_team("security")
    return declare(security, make_person("Otto", security, TeamRole.RESPONDER), title="Not yours")


def test_a_team_gets_its_rows_with_proofs_and_nobody_elses(
    other: Incident, sealed: Incident, superuser: Tamper, export: Callable[..., Path]
) -> None:
    path = export("--team", "platform")
    assert checked(path) == []
    with ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Four" in everything
    assert b"Not yours" not in everything
    assert lines(path, "leaves.jsonl") == []
    event = note("Two")
    superuser("UPDATE incidents_timelineevent SET text = 'Too' WHERE id = %s", event.pk)
    assert checked(export("--team", "platform")) == [f"{EVENTS} {event.pk} was changed"]


def test_a_proof_of_another_row_proves_nothing(sealed: Incident, export: Callable[..., Path]) -> None:
    def exchange(rows: list[dict[str, Any]]) -> None:
        first, second = [row for row in rows if row["table"] == EVENTS][:2]
        first["proof"], second["proof"] = second["proof"], first["proof"]
        first["place"], second["place"] = second["place"], first["place"]

    assert len(checked(rewritten(export("--team", "platform"), "rows.jsonl", exchange))) == 2


def test_private_incidents_are_left_out_unless_they_are_asked_for(
    sealed: Incident, team: Team, rita: User, export: Callable[..., Path]
) -> None:
    secret = declare(team, rita, title="Somebody took the keys", private=True)
    actions.add_note(secret.pk, text="It was the gardener", by=rita)
    review = Postmortem.objects.create(incident=secret, started_at=now(), summary="The gardener's reasons")
    answer = Answer.objects.create(postmortem=review, key="why", text="Why?", position=1, answer="The gardener was sad")
    seal()
    for gone in (answer, review):
        gone.delete()
    for arguments in ((), ("--team", "platform")):
        path = export(*arguments)
        assert checked(path) == []
        with ZipFile(path) as archive:
            everything = b"".join(archive.read(name) for name in archive.namelist())
        assert b"gardener" not in everything
        assert b"took the keys" not in everything
    path = export("--private")
    assert checked(path) == []
    assert "It was the gardener" in {row["text"] for row in table(path, "timeline.csv")}


def leads_to_an_incident(model: type[models.Model], *, further: int = 3) -> bool:
    """Whether a row of the model says which incident it is about, if only by the row of another model."""
    others = {field.related_model for field in model._meta.fields if field.is_relation} - {User, model}
    return model._meta.label == "incidents.HistoricalIncident" or any(
        other is Incident or (further > 1 and leads_to_an_incident(other, further=further - 1)) for other in others
    )


def test_no_table_that_tells_of_incidents_lets_out_private_ones() -> None:
    leading = [model for model in canonical.sealed_models() if leads_to_an_incident(model)]
    open_to_all = Incident.objects.filter(private=False)
    assert {TimelineEvent, Incident.history.model, Answer.history.model} <= {*leading}
    for model in leading:
        assert '"private"' in str(rows_of(model, teams=None, incidents=open_to_all).query), model


def test_only_what_was_recorded_in_the_time_is_exported(
    clock: Any, sealed: Incident, rita: User, export: Callable[..., Path]
) -> None:
    clock.shift(days=2)
    actions.add_note(sealed.pk, text="Five", by=rita)
    seal()
    path = export("--from", "2026-03-03", "--to", "2026-03-04T12:00:00+00:00")
    assert checked(path) == []
    assert {row["text"] for row in table(path, "timeline.csv")} == {"Five"}
    assert [row["number"] for row in lines(path, "seals.jsonl")] == [3]
    path = export("--to", "2026-03-01")
    assert {row["text"] for row in table(path, "timeline.csv")} >= {"One", "Two"}


def test_a_time_without_seals_or_without_sense_is_refused(clock: Any, sealed: Incident, tmp_path: Path) -> None:
    for arguments, said in (
        (["--from", "2026-04-01"], "Nothing was sealed in that time."),
        (["--from", "yesterday"], "--from yesterday"),
        (["--from", "9999-12-31"], "Nothing was sealed in that time."),
        (["--to", "9999-12-31"], "--to 9999-12-31: no day comes after it"),
        (["--from", "9999-12-31T23:59:59-14:00"], "Nothing was sealed in that time."),
        (["--from", "2026-03-03", "--to", "2026-03-01"], "--from 2026-03-03 is not before --to 2026-03-01"),
        (["--to", "2026-03-02T10:00:00"], "with an offset"),
        (["--team", "nobody"], 'There is no team "nobody"; there are: platform.'),
        (["--out", str(tmp_path / "none" / "export.zip")], "cannot be written"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("audit", "export", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_seal_can_be_compared_with_a_head_that_was_kept(
    sealed: Incident, export: Callable[..., Path]
) -> None:
    assert lines(export(), "seals.jsonl")[-1]["hash"] == Seal.objects.latest("number").digest
