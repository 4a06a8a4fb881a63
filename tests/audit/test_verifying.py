"""Everything that whoever owns the database can do to the record is found and named."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from apps.audit import canonical, sealing
from apps.audit.findings import Finding, Kind, Report
from apps.audit.models import Leaves, Seal
from apps.audit.verifying import verify
from apps.incidents import actions
from apps.incidents.models import Incident
from apps.teams.models import User
from tests.audit.conftest import Tamper, copied, note, present, seal

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "incidents_timelineevent"


def found(**options: Any) -> list[Finding]:
    return verify(every=True, **options).findings


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, [str(each) for each in findings]
    return findings[0]


def test_nothing_is_said_of_a_record_that_nobody_touched(sealed: Incident) -> None:
    report = verify(every=True)
    assert (report.findings, report.remarks, report.waiting) == ([], [], 0)
    assert report.seals == 2
    written = sum(model.objects.count() for model in canonical.sealed_models())  # type: ignore[attr-defined]
    assert report.rows == written > 0
    assert report.head == Seal.objects.latest("number").digest


def test_a_record_without_any_row_fits(transactional_db: None) -> None:
    assert verify() == Report(seconds=pytest.approx(0, abs=60))


def test_a_changed_row_is_named_with_its_incident(sealed: Incident, superuser: Tamper) -> None:
    event = note("Two")
    superuser("UPDATE incidents_timelineevent SET text = 'Too' WHERE id = %s", event.pk)
    finding = only(found())
    assert (finding.kind, finding.table, finding.row, finding.seal) == (Kind.CHANGED, EVENTS, event.pk, 1)
    assert finding.text == f"Timeline event of {sealed} ({EVENTS} {event.pk}) was changed: it is not what seal 1 has."


@pytest.mark.parametrize(
    ("around", "afterwards"),
    [
        ("SET LOCAL session_replication_role = replica", "SET LOCAL session_replication_role = origin"),
        (
            "ALTER TABLE incidents_timelineevent DISABLE TRIGGER ALL",
            "ALTER TABLE incidents_timelineevent ENABLE TRIGGER ALL",
        ),
    ],
)
def test_whatever_way_around_the_triggers_is_taken_a_changed_row_is_named(
    sealed: Incident, around: str, afterwards: str
) -> None:
    event = note("Two")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(around)
        cursor.execute("UPDATE incidents_timelineevent SET text = 'Too' WHERE id = %s", [event.pk])
        cursor.execute(afterwards)
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.CHANGED, event.pk)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01T00:00:00Z"), ("data", {"level": 1}), ("actor_id", None), ("incident_id", 0),
        ("kind", "page"), ("via", "api"), ("written_in", 7), ("written_as", "ado_app"),
    ],
)  # fmt: skip
def test_every_column_is_sealed(sealed: Incident, superuser: Tamper, column: str, value: Any) -> None:
    event = note("Two")
    superuser(
        "UPDATE incidents_timelineevent t SET (incident_id, at, kind, actor_id, via, data, written_in, written_as) ="
        " (SELECT incident_id, at, kind, actor_id, via, data, written_in, written_as"
        " FROM jsonb_populate_record(t, %s)) WHERE id = %s", Jsonb({column: value}), event.pk,
    )  # fmt: skip
    assert (Kind.CHANGED, event.pk) in {(each.kind, each.row) for each in found()}


def test_a_changed_row_of_history_is_named_though_its_data_are_personal(
    sealed: Incident, superuser: Tamper, rita: User
) -> None:
    record = rita.history.first()
    superuser("UPDATE teams_historicaluser SET email = 'other@example.com' WHERE history_id = %s", record.pk)
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.CHANGED, record.pk)
    assert f"Historical person of number {rita.pk}" in finding.text


def test_a_deleted_row_is_named(sealed: Incident, superuser: Tamper) -> None:
    event = note("Two")
    superuser("DELETE FROM incidents_timelineevent WHERE id = %s", event.pk)
    finding = only(found())
    assert (finding.kind, finding.table, finding.row) == (Kind.DELETED, EVENTS, event.pk)
    assert "was deleted: seal 1 has it" in finding.text


def test_a_whole_table_that_was_emptied_is_named(sealed: Incident, superuser: Tamper) -> None:
    superuser("DELETE FROM incidents_historicalincident_services")
    deleted = superuser("DELETE FROM teams_historicalmembership")
    assert {each.kind for each in found()} == {Kind.DELETED}
    assert len(found()) == deleted


def test_a_row_that_was_put_in_as_a_copy_with_all_its_columns_is_named(sealed: Incident, superuser: Tamper) -> None:
    key = copied(superuser, note("Two"))
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.INSERTED, key)
    assert "no seal has it, though everything of its transaction" in finding.text


def test_a_row_that_is_put_in_by_somebody_else_is_named_before_and_after_it_is_sealed(
    sealed: Incident, superuser: Tamper, settings: Any
) -> None:
    settings.AUDIT_DATABASE_ROLES = ["ado_app"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        me = cursor.fetchone()[0]
    superuser(
        "INSERT INTO incidents_timelineevent (incident_id, at, kind, via, text, data)"
        " VALUES (%s, now(), 'note', 'web', 'Forged', '{}')", sealed.pk,
    )  # fmt: skip
    forged = note("Forged").pk
    for look in range(2):
        finding = next(each for each in found() if each.row == forged and each.table == EVENTS)
        assert finding.kind is Kind.INSERTED
        assert f'the database role "{me}" wrote it, which is none of the house' in finding.text
        if look == 0:
            seal()


def test_a_row_that_is_put_in_while_the_triggers_stand_is_named(sealed: Incident) -> None:
    copy = note("Two")
    copy.pk += 1000
    copy.save(force_insert=True)
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.INSERTED, copy.pk)


def test_a_row_with_a_transaction_that_has_not_been_is_named(sealed: Incident, superuser: Tamper) -> None:
    key = copied(superuser, note("Two"), written_in=note("Two").written_in + 1_000_000_000)
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.INSERTED, key)
    assert "which has not been yet" in finding.text


def test_a_row_put_into_a_hole_between_the_numbers_is_named_even_though_it_is_sealed_like_any_other(
    sealed: Incident, superuser: Tamper, rita: User
) -> None:
    hole = note("Four").pk + 1
    superuser("SELECT nextval(pg_get_serial_sequence('incidents_timelineevent', 'id'))")
    for text in ("Five", "Six", "Seven"):
        actions.add_note(sealed.pk, text=text, by=rita)
        seal()
    copied(superuser, note("Four"), id=hole, written_in=present(), text="Forged")
    seal()
    finding = only(found())
    assert (finding.kind, finding.row, finding.seal) == (Kind.INSERTED, hole, 6)
    assert "was put in later than its number says" in finding.text


def test_rows_that_were_exchanged_are_named_as_what_they_were(sealed: Incident, superuser: Tamper) -> None:
    one, two = note("One").pk, note("Two").pk
    superuser("UPDATE incidents_timelineevent SET id = -id WHERE id IN (%s, %s)", one, two)
    superuser("UPDATE incidents_timelineevent SET id = %s + id WHERE id < 0", one + two)
    findings = found()
    assert {(each.kind, each.row) for each in findings} == {(Kind.REORDERED, one), (Kind.REORDERED, two)}
    assert any(f"says what was sealed as row {two}" in each.text for each in findings if each.row == one)


def test_a_row_that_was_moved_to_the_end_is_named_once(sealed: Incident, superuser: Tamper) -> None:
    event = note("Two")
    superuser("UPDATE incidents_timelineevent SET id = id + 1000 WHERE id = %s", event.pk)
    finding = only(found())
    assert (finding.kind, finding.row) == (Kind.REORDERED, event.pk + 1000)


def of_events() -> Leaves:
    return Leaves.objects.get(seal_id=1, layout__table=EVENTS)


def test_a_changed_leaf_is_told_from_a_changed_row(sealed: Incident, superuser: Tamper) -> None:
    leaves = of_events()
    superuser("UPDATE audit_leaves SET digests[2] = '\\x00' WHERE id = %s", leaves.pk)
    finding = only(found())
    assert (finding.kind, finding.row, finding.seal) == (Kind.LEAF, leaves.numbers[1], 1)
    assert "the row is as it was sealed" in finding.text


def test_exchanged_leaves_are_named(sealed: Incident, superuser: Tamper) -> None:
    leaves = of_events()
    superuser("UPDATE audit_leaves SET digests[1] = digests[2], digests[2] = digests[1] WHERE id = %s", leaves.pk)
    assert {(each.kind, each.row) for each in found()} == {(Kind.LEAF, number) for number in leaves.numbers[:2]}


def test_leaves_in_another_order_are_named(sealed: Incident, superuser: Tamper) -> None:
    superuser(
        "UPDATE audit_leaves SET digests[1] = digests[2], digests[2] = digests[1],"
        " numbers[1] = numbers[2], numbers[2] = numbers[1] WHERE id = %s", of_events().pk,
    )  # fmt: skip
    finding = only(found())
    assert (finding.kind, finding.seal) == (Kind.REORDERED, 1)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit_leaves SET numbers[1] = NULL WHERE id = %s",
        "UPDATE audit_leaves SET digests[1] = NULL WHERE id = %s",
        "UPDATE audit_leaves SET digests = trim_array(digests, 1) WHERE id = %s",
        "UPDATE audit_leaves SET numbers = '{}' WHERE id = %s",
    ],
)
def test_leaves_that_are_damaged_are_named(sealed: Incident, superuser: Tamper, damage: str) -> None:
    superuser(damage, of_events().pk)
    assert (Kind.LEAF, 1) in {(each.kind, each.seal) for each in found()}
    assert verify().findings[0].kind is Kind.LEAF


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"tables": 1}'])
def test_a_seal_that_says_nothing_of_sense_is_named(
    sealed: Incident, superuser: Tamper, body: str, number: int
) -> None:
    superuser("UPDATE audit_seal SET body = %s WHERE number = %s", body, number)
    superuser(
        "UPDATE audit_seal SET digest = encode(sha256(convert_to(body, 'UTF8')), 'hex') WHERE number = %s", number
    )
    (text,) = [each.text for each in found() if each.kind is Kind.SEAL and each.seal == number]
    assert text == f"Seal {number} was changed: its hash is not the one of its text."


def test_a_row_that_was_deleted_with_its_leaf_is_noticed(sealed: Incident, superuser: Tamper) -> None:
    leaves = of_events()
    superuser("DELETE FROM incidents_timelineevent WHERE id = %s", leaves.numbers[-1])
    superuser(
        "UPDATE audit_leaves SET numbers = trim_array(numbers, 1), digests = trim_array(digests, 1) WHERE id = %s",
        leaves.pk,
    )
    assert {(each.kind, each.seal) for each in found()} == {(Kind.LEAF, 1)}


def test_a_row_that_was_put_in_with_a_leaf_is_noticed(sealed: Incident, superuser: Tamper) -> None:
    key = copied(superuser, note("Two"))
    superuser(
        "UPDATE audit_leaves SET numbers = numbers || %s::bigint, digests = digests || digests[1], highest = %s"
        " WHERE id = %s", key, key, of_events().pk,
    )  # fmt: skip
    kinds = {(each.kind, each.seal, each.row) for each in found()}
    assert (Kind.LEAF, 1, None) in kinds


def test_a_changed_seal_is_named(sealed: Incident, superuser: Tamper) -> None:
    superuser('UPDATE audit_seal SET body = replace(body, \'"at":"2\', \'"at":"1\') WHERE number = 1')
    finding = only(found())
    assert (finding.kind, finding.text) == (Kind.SEAL, "Seal 1 was changed: its hash is not the one of its text.")


def test_a_seal_that_was_changed_with_its_hash_no_longer_fits_the_next(sealed: Incident, superuser: Tamper) -> None:
    superuser('UPDATE audit_seal SET body = replace(body, \'"at":"2\', \'"at":"1\') WHERE number = 1')
    superuser("UPDATE audit_seal SET digest = encode(sha256(convert_to(body, 'UTF8')), 'hex') WHERE number = 1")
    finding = only(found())
    assert (finding.kind, finding.seal) == (Kind.SEAL, 2)
    assert "does not follow the one before it" in finding.text


def test_a_missing_seal_is_named(sealed: Incident, superuser: Tamper, rita: User) -> None:
    actions.add_note(sealed.pk, text="Five", by=rita)
    seal()
    superuser("DELETE FROM audit_seal WHERE number = 2")
    texts = [each.text for each in found()]
    assert "Seal 2 is missing." in texts
    assert "There are leaves of seal 2, but not the seal." in texts


def test_exchanged_seals_are_named(sealed: Incident, superuser: Tamper) -> None:
    superuser("UPDATE audit_seal SET number = -number")
    superuser("UPDATE audit_seal SET number = 3 + number")
    texts = [each.text for each in found() if each.kind is Kind.REORDERED]
    assert texts == ["In the place of seal 1 lies seal 2.", "In the place of seal 2 lies seal 1."]


def test_a_seal_that_was_put_in_is_named(sealed: Incident, superuser: Tamper) -> None:
    superuser("INSERT INTO audit_seal (number, body, digest) SELECT 0, body, 'forged' FROM audit_seal WHERE number = 1")
    assert "Seal 0 was put in: the chain begins with 1." in [each.text for each in found()]


def test_a_list_of_columns_that_leaves_something_out_is_named(sealed: Incident, superuser: Tamper) -> None:
    superuser("""UPDATE audit_layout SET body = replace(body, '"text",', '') WHERE "table" = %s""", EVENTS)
    findings = found()
    assert findings[0].kind is Kind.SEAL
    assert f"of {EVENTS} was changed" in findings[0].text


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"table": "incidents_timelineevent"}'])
def test_a_list_of_columns_that_says_nothing_of_sense_is_named(sealed: Incident, superuser: Tamper, body: str) -> None:
    superuser(
        "UPDATE audit_layout SET body = %s, digest = encode(sha256(convert_to(%s, 'UTF8')), 'hex')"
        """ WHERE "table" = %s""", body, body, EVENTS,
    )  # fmt: skip
    assert f"of {EVENTS} was changed" in only(found()).text


def test_a_list_of_columns_that_was_taken_away_is_named(sealed: Incident, superuser: Tamper) -> None:
    layout = of_events().layout_id
    superuser("DELETE FROM audit_layout WHERE id = %s", layout)
    finding = only(found())
    assert (finding.kind, finding.seal) == (Kind.SEAL, 1)
    assert f"The list of columns {layout} is missing" in finding.text


def test_what_does_not_fit_is_named_up_to_a_number_and_the_rest_is_counted(
    sealed: Incident, superuser: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.audit.judging.NAMED", 1)
    monkeypatch.setattr("apps.audit.verifying.NAMED", 1)
    changed = superuser("UPDATE incidents_timelineevent SET text = 'Too'")
    superuser("UPDATE audit_seal SET digest = 'x' || number")
    texts = [each.text for each in found()]
    assert texts[0].startswith("Seal 1 was changed")
    assert texts[1] == "1 more things in the chain and its leaves do not fit."
    assert texts[2].startswith("Timeline event of ")
    assert texts[3:] == [f"{changed - 1} more rows of {EVENTS} do not fit."]


def test_of_a_seal_over_very_many_rows_is_not_said_which_leaf_was_changed(
    sealed: Incident, superuser: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take them all in memory."""
    monkeypatch.setattr("apps.audit.leaves.EXPLAINED", 3)
    changed = of_events()
    superuser("UPDATE audit_leaves SET digests[2] = '\\x00' WHERE id = %s", changed.pk)
    texts = [each.text for each in found()]
    assert texts[0] == "The leaves of seal 1 do not give its root: one was changed, moved, put in or taken out."
    assert f"({EVENTS} {changed.numbers[1]})" in texts[1]
    assert "that leaf is not to be trusted either" in texts[1]


def rewrite(superuser: Tamper, event: Any) -> None:
    """Change a row, and make everything anew from there on as whoever knows the code can."""
    superuser("UPDATE incidents_timelineevent SET text = 'Rewritten' WHERE id = %s", event.pk)
    for statement in ("DELETE FROM audit_leaves", "DELETE FROM audit_seal", "DELETE FROM audit_layout"):
        superuser(statement)
    seal()


def test_a_chain_that_was_made_anew_is_found_by_a_head_that_was_kept_and_by_nothing_else(
    sealed: Incident, superuser: Tamper
) -> None:
    kept = Seal.objects.get(number=1)
    assert found(heads={kept.digest: 1}) == []
    rewrite(superuser, note("Two"))
    assert found() == []
    finding = only(found(heads={kept.digest: 1}))
    assert (finding.kind, finding.seal) == (Kind.HEAD, 1)
    assert f"The head {kept.digest} that was kept is not in the chain as number 1" in finding.text


def test_a_head_must_have_the_number_that_it_had(sealed: Incident) -> None:
    kept = Seal.objects.get(number=1).digest
    assert found(heads={kept: None}) == []
    assert only(found(heads={kept: 2})).kind is Kind.HEAD


def test_the_end_of_the_chain_cut_off_with_its_rows_is_found_by_a_head(sealed: Incident, superuser: Tamper) -> None:
    kept = Seal.objects.get(number=2)
    for statement in (
        "DELETE FROM audit_leaves WHERE seal_id = 2", "DELETE FROM audit_seal WHERE number = 2",
        "DELETE FROM incidents_timelineevent WHERE text = 'Four'",
    ):  # fmt: skip
        superuser(statement)
    assert found() == []
    assert only(found(heads={kept.digest: 2})).kind is Kind.HEAD


def test_rows_that_wait_for_their_seal_are_counted_and_named_when_they_wait_long(
    clock: Any, sealed: Incident, rita: User
) -> None:
    actions.add_note(sealed.pk, text="Five", by=rita)
    report = verify(every=True)
    assert (report.findings, report.waiting) == ([], 1)
    clock.shift(minutes=6)
    finding = only(verify(every=True).findings)
    assert finding.kind is Kind.WAITING
    assert f"1 rows of {EVENTS} wait for their seal, the first since 2026-03-02 10:00 UTC" in finding.text


def test_it_stops_at_the_first_part_that_does_not_fit(sealed: Incident, superuser: Tamper) -> None:
    superuser("UPDATE incidents_timelineevent SET text = 'Too' WHERE text = 'Two'")
    superuser("UPDATE teams_historicalteam SET name = 'Other'")
    assert [each.table for each in verify().findings] == [EVENTS]
    assert [each.table for each in verify(every=True).findings] == [EVENTS, "teams_historicalteam"]


def test_columns_that_are_gone_are_told_of_and_the_others_still_compared(sealed: Incident, superuser: Tamper) -> None:
    superuser("UPDATE incidents_timelineevent SET text = 'Too' WHERE text = 'Two'")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE incidents_timelineevent RENAME COLUMN via TO way")
    try:
        findings = found()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE incidents_timelineevent RENAME COLUMN way TO via")
    finding = only(findings)
    assert finding.kind is Kind.UNREADABLE
    assert "rows were sealed with the columns via of incidents_timelineevent, which are gone" in finding.text


def test_columns_that_come_later_are_sealed_from_then_on(
    sealed: Incident, superuser: Tamper, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before a migration that added ``via``: the older seals know nothing of it."""
    layout_of = canonical.layout_of
    actions.add_note(sealed.pk, text="Before", by=rita)

    def earlier(model: Any) -> Any:
        layout = layout_of(model)
        layout.body = layout.body.replace('"via",', "")
        layout.digest = canonical.digest_of(layout.body)
        return layout

    with monkeypatch.context() as patch:
        patch.setattr(canonical, "layout_of", earlier)
        seal()
    actions.add_note(sealed.pk, text="After", by=rita)
    seal()
    assert found() == []
    superuser("UPDATE incidents_timelineevent SET via = 'api' WHERE text IN ('Before', 'After')")
    assert only(found()).row == note("After").pk


def test_what_came_from_a_backup_and_has_no_seal_yet_waits_for_one(
    sealed: Incident, rita: User, superuser: Tamper
) -> None:
    """Nobody says of rows that no seal had before the backup that they were put in."""
    actions.add_note(sealed.pk, text="Not sealed before", by=rita)
    superuser("UPDATE incidents_timelineevent SET written_in = 2 ^ 40 WHERE text = 'Not sealed before'")
    assert only(found()).kind is Kind.INSERTED
    superuser("""UPDATE audit_seal SET body = replace(body, '"system":"', '"system":"9') WHERE number = 2""")
    superuser("UPDATE audit_seal SET digest = encode(sha256(convert_to(body, 'UTF8')), 'hex') WHERE number = 2")
    report = verify(every=True)
    assert (report.findings, report.waiting) == ([], 1)
    assert "from a backup" in report.remarks[0]


def test_what_came_from_a_backup_fits_and_is_remarked(
    sealed: Incident, rita: User, monkeypatch: pytest.MonkeyPatch, superuser: Tamper
) -> None:
    stands = sealing.position
    actions.add_note(sealed.pk, text="Not sealed before", by=rita)

    def elsewhere(cursor: Any) -> sealing.Position:
        now = stands(cursor)
        return sealing.Position(system="another", low=now.low, next=now.next)

    monkeypatch.setattr(sealing, "position", elsewhere)
    seal()
    report = verify(every=True)
    assert report.findings == []
    assert "With seal 3" in report.remarks[0]
    key = copied(superuser, note("Two"))
    assert only(found()).row == key
