"""A backup is the state of one instant, and comes back whole or not at all."""

from __future__ import annotations

import json
import os
import time
import zlib
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit import sealing
from apps.audit.verifying import verify as verify_record
from apps.catalog.models import CheckKind, HealthCheck, MaintenanceWindow, Service
from apps.core.errors import Invalid, RuleViolation
from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, Procedures, TimelineEvent
from apps.operation import handlers
from apps.operation.backups import archive, making, putting_back, restoring, shelf
from apps.operation.backups.archive import Manifest
from apps.operation.backups.components import COMPONENTS
from apps.operation.backups.shelf import kept
from apps.operation.integrity.verifying import verify
from apps.privacy import actions as privacy
from apps.rosters.models import CalendarSource
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.audit.test_sealing import another_connection
from tests.factories.incidents import declare
from tests.factories.rosters import calendar_layer, put_on_call
from tests.factories.teams import make_person
from tests.tables import tables

pytestmark = pytest.mark.django_db(transaction=True)


def backup(*arguments: str) -> str:
    out = StringIO()
    call_command("backup", *arguments, stdout=out)
    return out.getvalue()


def listed(span: str = "") -> list[str]:
    narrowed = ["--date-range", span] if span else []
    return [each["id"] for each in json.loads(backup("list", "--json", *narrowed))]


def counts() -> dict[str, int]:
    """How many rows every table has, but for those that a backup leaves out."""
    with connection.cursor() as cursor:
        found = {}
        for table in tables():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return {name: number for name, number in found.items() if name not in making.LEFT_OUT}


def empty_everything() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in tables():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
        cursor.execute("SET session_replication_role = origin")


def test_after_all_is_lost_everything_comes_back_and_fits(incident: Incident, rita: User) -> None:
    before = counts()
    made = json.loads(backup("create", "--json"))
    empty_everything()
    assert Incident.objects.count() == 0
    told = json.loads(backup("restore", "--backup-id", made["id"], "--verify", "--json"))
    assert told["findings"] == []
    after = counts()
    assert after.pop("audit_entry") == before.pop("audit_entry") + 1, "that it was restored is written down"
    assert after == before
    assert verify_record(every=True).findings == []
    assert [event.text for event in TimelineEvent.objects.filter(kind="note")] == ["Before the backup"]
    following = declare(incident.team, rita)
    assert following.pk == incident.pk + 1, "numbers go on where they were"
    run_due()
    sealing.seal()
    assert verify_record(every=True).findings == []


def test_what_happened_since_is_gone_and_the_state_is_that_of_one_instant(incident: Incident, rita: User) -> None:
    made = making.create()
    incidents.add_note(incident.pk, text="After the backup", by=rita)
    restoring.restore(shelf.find(made.id))
    assert not TimelineEvent.objects.filter(text="After the backup").exists()
    assert verify("all").findings == []


def test_a_number_that_was_given_since_the_backup_never_comes_again(incident: Incident, rita: User) -> None:
    made = making.create()
    later = declare(incident.team, rita)
    for _ in range(2):  # the second finds sequences that nothing was asked of since
        restoring.restore(shelf.find(made.id))
    again = making.create()
    assert again.sequences["incidents_incident_id_seq"] == later.pk + 1
    assert declare(incident.team, rita).pk == later.pk + 1, "providers know the later one by its number"


def test_the_triggers_stand_again_after_a_restore(incident: Incident) -> None:
    restoring.restore(shelf.find(making.create().id))
    with pytest.raises(Exception, match="Cannot update"), connection.cursor() as cursor:
        cursor.execute("UPDATE incidents_timelineevent SET text = 'Too'")


@pytest.mark.parametrize("where", [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.999, 1.0])
def test_one_flipped_bit_is_found_before_anything_is_replaced(incident: Incident, where: float) -> None:
    path = shelf.find(making.create().id)
    body = bytearray(path.read_bytes())
    body[min(int(len(body) * where), len(body) - 1)] ^= 1
    path.write_bytes(body)
    Incident.objects.get(pk=incident.pk)
    with pytest.raises(archive.Damaged):
        restoring.restore(path)
    with pytest.raises(CommandError, match=path.stem):
        backup("verify", "--backup-id", path.stem)
    assert Incident.objects.get(pk=incident.pk).title == incident.title


def test_a_part_that_was_exchanged_under_a_digest_that_fits_is_named(incident: Incident, tmp_path: Path) -> None:
    path = shelf.find(making.create().id)
    manifest = archive.look_into(path)
    other = path.with_name("backup-20260101-0000.zip")
    with archive.written(other) as writer:
        for name, told in manifest.tables.items():
            with archive.table_of(path, name) as parts:
                text = b"".join(parts)
            writer.table(name, told.columns, [text.replace(b"Before", b"Behind")])
        writer.manifest(manifest)
    with pytest.raises(archive.Damaged, match="incidents_timelineevent is not what its manifest has"):
        archive.verify(other)


def test_no_key_and_no_secret_in_clear_is_in_a_backup(incident: Incident, settings: Any) -> None:
    path = shelf.find(making.create().id)
    manifest = archive.look_into(path)
    assert len(manifest.keys) == len(settings.FIELD_KEYS)
    everything = b""
    for name in manifest.tables:
        with archive.table_of(path, name) as parts:
            everything += b"".join(parts)
    assert not any(key.encode() in everything + manifest.as_text().encode() for key in settings.FIELD_KEYS)
    assert path.stat().st_mode & 0o077 == 0, "nobody else reads it"


def test_a_backup_of_other_tables_is_refused_in_words(incident: Incident) -> None:
    made = making.create()
    made.migrations.append("incidents.9999_later")
    with pytest.raises(RuleViolation, match=r"1 migrations are missing here, the first incidents\.9999_later"):
        restoring.check_schema(made)


def test_backups_are_listed_by_date_range(clock: Any, incident: Incident) -> None:
    first = making.create().id
    clock.shift(days=2)
    second, third = making.create().id, making.create().id
    assert (first, second, third) == ("backup-20260302-1000", "backup-20260304-1000", "backup-20260304-1000-2")
    assert listed() == [third, second, first]
    assert listed("last-24h") == [third, second]
    assert listed("2026-03-01..2026-03-02") == [first], "the last day is all of it"
    assert listed("..2026-03-03") == [first]
    with pytest.raises(CommandError, match="is no range"):
        backup("list", "--date-range", "yesterday")


def test_what_cannot_be_read_is_listed_with_the_reason(incident: Incident) -> None:
    path = shelf.find(making.create().id)
    path.write_bytes(b"nothing")
    (told,) = json.loads(backup("list", "--json"))
    assert "cannot be read" in told["problem"]


def test_no_flipped_bit_anywhere_stops_the_list(shelf: Path) -> None:
    shelf.mkdir()
    with archive.written(shelf / "backup-20260301-0900.zip") as writer:
        writer.table("teams_team", ["id"], [b"1\n" * 20])
        writer.manifest(Manifest("backup-20260301-0900", datetime(2026, 3, 1, 9, tzinfo=UTC), "1.0", [], []))
    whole = (shelf / "backup-20260301-0900.zip").read_bytes()
    damaged = shelf / "backup-20260302-0900.zip"
    for bit in range(len(whole) * 8):
        body = bytearray(whole)
        body[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(body)
        assert [each.id for each in kept() if each.path != damaged] == ["backup-20260301-0900"], f"bit {bit}"


@pytest.mark.parametrize(
    "problem", [zlib.error("x"), NotImplementedError("x"), RuntimeError("x"), PermissionError(13, "x")]
)
def test_one_that_cannot_be_read_stops_neither_the_list_nor_the_next_backup(
    incident: Incident, clock: Any, monkeypatch: Any, problem: Exception
) -> None:
    made = making.create().id
    clock.shift(days=2)

    def unreadable(*arguments: Any, **options: Any) -> Any:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(archive.zipfile, "ZipFile", unreadable)  # type: ignore[attr-defined]
        (told,) = json.loads(backup("list", "--json"))
        assert told["problem"] == "it cannot be read: x"
    path = shelf.find(made)
    path.write_bytes(path.read_bytes()[:-1000])
    handlers.back_up(None)  # type: ignore[arg-type]
    assert listed() == ["backup-20260304-1000", made]


def test_what_a_killed_backup_left_is_taken_away_by_a_later_one(incident: Incident, shelf: Path) -> None:
    shelf.mkdir()
    left, young = shelf / ".backup-20260301-0900.zip.7.partial", shelf / ".backup-20260301-0901.zip.8.partial"
    for each in (left, young):
        each.write_bytes(b"half")
    yesterday = time.time() - 24 * 3600
    os.utime(left, (yesterday, yesterday))
    made = making.create()
    assert sorted(each.name for each in shelf.iterdir()) == [young.name, f"{made.id}.zip"]


@pytest.mark.parametrize("named", ["../../etc/passwd", "backup-1", "backup-20260302-1000.zip", ""])
def test_what_is_no_id_leads_to_no_file(named: str, transactional_db: None) -> None:
    with pytest.raises(Invalid, match="is no id"):
        shelf.find(named)


def test_the_house_makes_one_a_day_and_keeps_them_for_a_while(clock: Any, incident: Incident, settings: Any) -> None:
    settings.BACKUP_KEEP = timedelta(days=2)
    for _ in range(5 * 24):
        handlers.back_up(None)  # type: ignore[arg-type]
        clock.shift(hours=1)
    assert [f"{each.made_at:%d}" for each in shelf.kept()] == ["06", "05", "04"]
    settings.BACKUP_EVERY = timedelta(0)
    clock.shift(days=30)
    handlers.back_up(None)  # type: ignore[arg-type]
    shelf.sweep()
    assert len(shelf.kept()) == 1, "the newest stays, however old it is"


def test_a_component_is_put_back_as_an_edit_and_the_incidents_stay(incident: Incident, rita: User, team: Team) -> None:
    service = Service.objects.create(slug="api", name="API", team=team)
    path = shelf.find(making.create().id)
    service.name = "Changed"
    service.save()
    Service.objects.create(slug="late", name="Late", team=team)
    used = Service.objects.create(slug="used", name="Used", team=team)
    incident.services.add(used)
    incidents.add_note(incident.pk, text="After the backup", by=rita)
    told = json.loads(backup("restore", "--backup-id", path.stem, "--component", "catalog", "--verify", "--json"))
    assert (told["changed"], told["made"], told["deleted"], told["stayed"]) == (1, 0, 1, 1)
    assert told["findings"] == []
    assert sorted(Service.objects.values_list("name", flat=True)) == ["API", "Used"]
    assert service.history.latest().history_change_reason == f"Restored from {path.stem}"  # type: ignore[attr-defined]
    assert TimelineEvent.objects.filter(text="After the backup").exists()


def test_people_come_back_with_roles_and_grants_and_keep_their_password(team: Team, rita: User, admin: User) -> None:
    path = shelf.find(making.create().id)
    rita.set_password("changed since, and not by anybody else")
    rita.name = "Somebody else"
    rita.save()
    rita.memberships.all().delete()
    putting_back.put_back(path, "people")
    again = User.objects.get(pk=rita.pk)
    assert again.name == "Rita"
    assert again.check_password("changed since, and not by anybody else")
    assert again.memberships.get().role == TeamRole.RESPONDER
    assert verify("people").findings == []
    assert admin.memberships.count() == 1


def test_whoever_left_since_is_not_let_in_by_it(team: Team, rita: User, admin: User) -> None:
    was_mighty = User.objects.create_superuser("root@example.com", name="Root")
    path = shelf.find(making.create().id)
    User.objects.filter(pk=was_mighty.pk).update(is_superuser=False)
    teams.deactivate(rita)
    teams.take_every_role(rita)
    told = json.loads(backup("restore", "--backup-id", path.stem, "--component", "people", "--json"))
    rita.refresh_from_db()
    was_mighty.refresh_from_db()
    assert (rita.is_active, rita.memberships.count()) == (False, 0)
    assert not was_mighty.is_superuser
    assert told["people"] == ["Rita stays inactive, no superuser.", "Root stays active, no superuser."], (
        "each of whom something stays is named"
    )


def test_a_component_waits_for_who_changes_a_roster_and_says_so(team: Team, rita: User, monkeypatch: Any) -> None:
    roster = put_on_call(team, rita)
    path = shelf.find(making.create().id)
    rita.name = "Somebody else"
    rita.save()
    monkeypatch.setattr(putting_back, "PATIENCE", 0.2)
    with another_connection() as other:
        other.execute("SELECT 1 FROM rosters_roster WHERE id = %s FOR UPDATE", [roster.pk])
        with pytest.raises(CommandError, match="Somebody else changes the same just now"):
            backup("restore", "--backup-id", path.stem, "--component", "people")


def test_what_belongs_to_a_component_comes_back_with_it(team: Team, rita: User, admin: User, clock: Any) -> None:
    procedures = Procedures.objects.get()
    service = Service.objects.create(slug="api", name="API", team=team)
    other = Service.objects.create(slug="web", name="Web", team=team)
    check = HealthCheck.objects.create(service=service, name="Up", kind=CheckKind.HTTP, target="https://api.example/")
    now = clock.now
    window = MaintenanceWindow.objects.create(starts_at=now, ends_at=now + timedelta(hours=1), created_at=now)
    window.services.set([service])
    layer = calendar_layer(put_on_call(team, rita))
    path = shelf.find(making.create().id)
    Procedures.objects.update(title="Other")
    HealthCheck.objects.update(target="https://other.example/")
    window.services.set([other])
    layer.calendar.delete()
    for component in ("policy", "catalog", "rosters"):
        putting_back.put_back(path, component)
    check.refresh_from_db()
    assert Procedures.objects.get().title == procedures.title
    assert check.target == "https://api.example/"
    assert list(window.services.all()) == [service]
    source = CalendarSource.objects.get(layer=layer)
    assert Timer.objects.filter(key=f"rosters.read_calendar:{source.pk}", payload__anew=True).exists()


#: What people edit and no component brings back, each for a reason.
IN_NO_COMPONENT = {
    "of incidents, which come back with everything": {
        "incidents.Incident", "incidents.AccessGrant", "incidents.ChecklistItem", "incidents.Resolution",
        "incidents.RoleAssignment", "communications.Publication", "communications.SocialPost",
        "postmortems.Postmortem", "postmortems.Answer", "postmortems.ActionItem", "postmortems.Improvement",
    },
    "lets somebody in, and may have been taken back": {
        "teams.ApiToken", "identity.ProviderGroup", "identity.GroupMapping", "identity.Invitation",
        "identity.InvitedRole", "rosters.CalendarFeed",
    },
    "was agreed with somebody else, here or outside": {
        "rosters.Swap", "rosters.Shadow", "contacts.WebhookEndpoint", "alerts.Integration", "alerts.Heartbeat",
        "alerts.ChangeRule", "communications.Component", "integrations.Connection",
    },
    "is somebody's own": {"audit.SavedView"},
}  # fmt: skip


def test_whatever_has_a_history_is_in_a_component_or_not_for_a_reason() -> None:
    edited = {model._meta.label for model in apps.get_models() if hasattr(model, "history")}
    edited -= {label for label in edited if ".Historical" in label}
    in_components = {label for labels in COMPONENTS.values() for label in labels}
    assert edited - in_components == set().union(*IN_NO_COMPONENT.values())


def test_incidents_come_back_only_with_everything(incident: Incident) -> None:
    path = shelf.find(making.create().id)
    with pytest.raises(CommandError, match="as a whole only"):
        backup("restore", "--backup-id", path.stem, "--component", "incidents")
    with pytest.raises(CommandError, match='There is no component "backlog"'):
        backup("restore", "--backup-id", path.stem, "--component", "backlog")


def test_whoever_was_erased_since_is_erased_again(incident: Incident, team: Team) -> None:
    gone = make_person("Canary", team, TeamRole.RESPONDER)
    path = shelf.find(making.create().id)
    teams.deactivate(gone)
    privacy.erase(gone.pk, by=None, reason="Asked for it.")
    told = json.loads(backup("restore", "--backup-id", path.stem, "--json"))
    assert len(told["erased_again"]) == 1
    assert "Canary" not in User.objects.get(pk=gone.pk).name


def test_a_restore_that_ends_before_it_erased_again_replaces_nothing(
    incident: Incident, team: Team, monkeypatch: Any
) -> None:
    gone = make_person("Canary", team, TeamRole.RESPONDER)
    path = shelf.find(making.create().id)
    teams.deactivate(gone)
    privacy.erase(gone.pk, by=None, reason="Asked for it.")

    def killed(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(privacy, "erase", killed)
    with pytest.raises(KeyboardInterrupt):
        backup("restore", "--backup-id", path.stem)
    assert "Canary" not in User.objects.get(pk=gone.pk).name, "nobody ever reads of them"
