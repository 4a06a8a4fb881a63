"""What a seal covers, and when there is one."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from apps.audit import canonical, merkle, sealing
from apps.audit.models import Leaves, PersonalKey, Seal
from apps.engine.models import Timer
from apps.engine.registry import recurring_handlers
from apps.incidents import actions
from apps.incidents.models import Incident, TimelineEvent
from apps.teams.models import User
from tests.audit.conftest import let_others_finish, note, seal

pytestmark = pytest.mark.django_db(transaction=True)


def another_connection() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None})


def leaf_keys(table: str) -> list[int]:
    found = Leaves.objects.filter(layout__table=table).order_by("seal_id", "position")
    return [number for leaves in found for number in leaves.numbers]


def text_of(row: Any) -> str:
    """The canonical text of ``row``."""
    with transaction.atomic(), connection.cursor() as cursor:
        canonical.fix_settings(cursor)
        cursor.execute(canonical.rows(canonical.layout_of(type(row))))
        return next(text for number, *_, text in cursor.fetchall() if number == row.pk)


def test_every_row_that_is_written_once_gets_a_leaf_in_the_order_it_was_written(sealed: Incident) -> None:
    for model in canonical.sealed_models():
        written = list(model.objects.order_by("written_in", "pk").values_list("pk", flat=True))  # type: ignore[attr-defined]
        assert leaf_keys(model._meta.db_table) == written
    assert leaf_keys("incidents_timelineevent")[-1] == note("Four").pk


def test_the_root_is_the_one_over_the_leaves_and_the_chain_is_linked(sealed: Incident) -> None:
    before = sealing.NOTHING
    for made in Seal.objects.all():
        leaves = [
            merkle.leaf_of(each.layout.table, number, bytes(digest))
            for each in made.leaves.order_by("layout__table", "position")
            for number, digest in zip(each.numbers, each.digests, strict=True)
        ]
        told = json.loads(made.body)
        assert told["root"] == merkle.root_of(leaves).hex()
        assert sum(table["count"] for table in told["tables"]) == len(leaves)
        assert (told["number"], told["previous"]) == (made.number, before)
        before = made.digest
        assert before == sha256(made.body.encode()).hexdigest()


def test_what_is_sealed_does_not_depend_on_the_settings_of_the_session(clock: Any, incident: Incident) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'")
    try:
        made = seal()
    finally:
        connection.close()
    event = note("One")
    told = {
        "actor_id": event.actor_id, "address": None, "at": event.at.isoformat(), "data": event.data, "id": event.pk,
        "incident_id": incident.pk, "kind": "note", "request": "", "text": "One", "via": "web",
        "written_as": event.written_as, "written_in": event.written_in,
    }  # fmt: skip
    leaves = made.leaves.get(layout__table="incidents_timelineevent")
    digest = leaves.digests[leaves.numbers.index(event.pk)]
    text = text_of(event)
    assert bytes(digest) == sha256(text.encode()).digest()
    assert json.loads(text) == told


def test_where_nothing_is_new_there_is_a_seal_once_an_hour(clock: Any, sealed: Incident) -> None:
    assert sealing.seal() is None
    clock.shift(minutes=59)
    assert sealing.seal() is None
    clock.shift(minutes=1)
    assert json.loads(seal().body)["tables"] == []
    assert sealing.seal() is None


def test_a_clock_that_ran_backwards_hinders_no_seal(clock: Any, sealed: Incident, rita: User) -> None:
    clock.shift(days=-3)
    actions.add_note(sealed.pk, text="Earlier, it seems", by=rita)
    made = seal()
    assert note("Earlier, it seems").pk in made.leaves.get(layout__table="incidents_timelineevent").numbers


def test_a_transaction_that_is_still_open_is_not_missed(sealed: Incident, rita: User) -> None:
    with another_connection() as late:
        late.execute(
            "INSERT INTO incidents_timelineevent (incident_id, at, kind, via, text, data)"
            " VALUES (%s, now(), 'note', 'web', 'Late', '{}')", [sealed.pk],
        )  # fmt: skip
        actions.add_note(sealed.pk, text="Early", by=rita)
        sealing.seal()
        assert note("Early").pk not in leaf_keys("incidents_timelineevent")
    seal()
    assert leaf_keys("incidents_timelineevent")[-2:] == [note("Late").pk, note("Early").pk]


def test_two_sealers_at_once_make_one_seal(incident: Incident) -> None:
    let_others_finish()
    made: list[Seal | None] = []

    def work() -> None:
        made.append(sealing.seal())
        connections.close_all()

    sealers = [threading.Thread(target=work) for _ in range(4)]
    for each in sealers:
        each.start()
    for each in sealers:
        each.join()
    assert [each for each in made if each is not None] == [Seal.objects.get()]
    keys = leaf_keys("incidents_timelineevent")
    assert len(keys) == len(set(keys)) == TimelineEvent.objects.count()


def test_a_sealer_that_was_killed_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, incident: Incident) -> None:
    def killed(leaves: object) -> bytes:
        with another_connection() as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return b""

    with monkeypatch.context() as patch:
        patch.setattr(merkle, "root_of", killed)
        with pytest.raises(Exception, match=r"terminat|closed"):
            sealing.seal()
    connection.close()
    assert not Leaves.objects.exists()
    assert seal().number == 1


def test_the_engine_seals_every_minute(clock: Any, incident: Incident) -> None:
    (handler,) = [each for each in recurring_handlers() if each.kind == "audit.seal"]
    assert handler.every == timedelta(minutes=1)
    assert not handler.transactional
    handler.function(Timer())
    assert Seal.objects.count() == 1


def test_personal_data_are_sealed_under_the_persons_key(sealed: Incident, rita: User) -> None:
    texts = [text_of(record) for record in rita.history.all()]
    key = bytes(PersonalKey.objects.get(subject=f"person:{rita.pk}").key)
    assert texts
    for text in texts:
        assert json.loads(text)["email"] == sha256(key + b"rita@example.com").hexdigest()
        assert "rita" not in text.lower()


def test_what_is_said_of_personal_data_is_so_of_the_table() -> None:
    layouts = [canonical.layout_of(model).told for model in canonical.sealed_models()]
    personal = [told for told in layouts if told["whose"]]
    assert {"teams_historicaluser", "contacts_historicalcontactmethod", "rosters_historicalabsence"} <= {
        told["table"] for told in personal
    }
    for told in personal:
        assert {*told["personal"], told["whose"]["of"]} <= {*told["columns"]}


def test_what_came_from_a_backup_begins_an_epoch_and_nothing_slips_by(
    sealed: Incident, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup was taken after a note that was not sealed yet, and its server counts transactions from the start."""
    actions.add_note(sealed.pk, text="Not sealed before the backup", by=rita)
    stands = sealing.position

    def elsewhere(cursor: Any) -> sealing.Position:
        now = stands(cursor)
        return sealing.Position(system="another", low=now.low, next=now.next)

    monkeypatch.setattr(sealing, "position", elsewhere)
    told = json.loads(seal().body)
    assert (told["epoch"], told["begins"]) == (2, True)
    actions.add_note(sealed.pk, text="After it", by=rita)
    assert json.loads(seal().body)["begins"] is False
    keys = leaf_keys("incidents_timelineevent")
    assert sorted(keys) == list(TimelineEvent.objects.order_by("pk").values_list("pk", flat=True))


def test_transactions_that_run_backwards_begin_an_epoch_and_seal_no_row_twice(
    sealed: Incident, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = sealing.position
    lower = sealing.Position(Seal.objects.latest("number").told["system"], low=5, next=6)
    monkeypatch.setattr(sealing, "position", lambda _: lower)
    assert json.loads(seal().body)["begins"] is True
    monkeypatch.setattr(sealing, "position", stands)
    actions.add_note(sealed.pk, text="Its numbers have caught up", by=rita)
    seal()
    keys = leaf_keys("incidents_timelineevent")
    assert sorted(keys) == list(TimelineEvent.objects.order_by("pk").values_list("pk", flat=True))
