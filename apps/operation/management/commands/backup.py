"""``manage.py backup create|list|verify|restore``: the house's own data, kept and brought back (R23)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import HouseError
from apps.operation.backups import archive, making, putting_back, restoring, shelf
from apps.operation.backups.components import COMPONENTS
from apps.operation.integrity import verifying


class Command(BaseCommand):
    help = "Back up the house's own data, and bring them back. Backups are verified before they replace anything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="write a backup into BACKUP_DIR while the house works")
        listing = verbs.add_parser("list", help="the backups that there are, the newest first")
        listing.add_argument(
            "--date-range", metavar="RANGE", help="last-24h, last-7d, or FROM..TO (days or instants, UTC)"
        )
        check = verbs.add_parser("verify", help="compare a backup with its checksums; exits with 1 if it does not fit")
        check.add_argument("--backup-id", required=True, metavar="ID")
        back = verbs.add_parser("restore", help="replace the data by those of a backup, all at once or not at all")
        back.add_argument("--backup-id", required=True, metavar="ID")
        back.add_argument("--component", metavar="|".join(COMPONENTS), help="only this, as an edit; by default all")
        back.add_argument(
            "--verify", action="store_true", help="verify data and record afterwards, as `data verify` does"
        )
        for verb in (create, listing, check, back):
            verb.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told, text = getattr(self, f"_{options['verb']}")(options)
        except (HouseError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(told, indent=2, default=str) if options["json"] else text)
        if isinstance(told, dict) and told.get("problems"):
            raise CommandError("It is not all as it should be: see above.")

    def _create(self, options: dict[str, Any]) -> tuple[Any, str]:
        made = making.create()
        path = shelf.path_of(made.id)
        told = {"id": made.id, "path": str(path), "rows": made.rows, "bytes": path.stat().st_size}
        return told, f"{made.id}: {made.rows:,} rows of {len(made.tables)} tables in {path}"

    def _list(self, options: dict[str, Any]) -> tuple[Any, str]:
        kept = shelf.kept(shelf.range_of(options["date_range"]) if options["date_range"] else None)
        lines = [
            f"{each.id:<24}  {each.made_at:%Y-%m-%d %H:%M} UTC  {each.size:>13,} bytes  "
            + (f"{each.manifest.rows:>12,} rows  version {each.manifest.version}" if each.manifest else each.problem)
            for each in kept
        ]
        return [each.as_json() for each in kept], "\n".join(lines) or f"No backup is in {shelf.folder()} of that time."

    def _verify(self, options: dict[str, Any]) -> tuple[Any, str]:
        manifest = archive.verify(shelf.find(options["backup_id"]))
        keys = restoring.missing_keys(manifest)
        told = {"id": manifest.id, "rows": manifest.rows, "tables": len(manifest.tables), "missing_keys": keys}
        return told, "\n".join([f"{manifest.id} is whole: {manifest.rows:,} rows.", *_of_keys(keys)])

    def _restore(self, options: dict[str, Any]) -> tuple[Any, str]:
        path = shelf.find(options["backup_id"])
        if options["component"]:
            changes = putting_back.put_back(path, options["component"])
            told: dict[str, Any] = {"id": path.stem, "component": options["component"], **changes.as_json()}
            lines = [
                f"{options['component']} restored from {path.stem}: {changes.changed:,} rows put back,"
                f" {changes.made:,} made again, {changes.deleted:,} taken away, {changes.stayed:,} of later stay.",
                *changes.people,
            ]
        else:
            told, lines = self._restore_everything(path)
        if options["verify"]:
            report = verifying.verify("all")
            told |= {"findings": [str(each) for each in report.findings]}
            lines += [*told["findings"], f"Verified: {report.checked} checks, {len(report.findings)} findings."]
        told["problems"] = len(told.get("findings", ())) + len(told.get("not_erased", ()))
        return told, "\n".join(lines)

    def _restore_everything(self, path: Any) -> tuple[dict[str, Any], list[str]]:
        restored = restoring.restore(path)
        manifest, again = restored.manifest, restored.again
        keys = restoring.missing_keys(manifest)
        told = {
            "id": manifest.id, "rows": manifest.rows, "missing_keys": keys,
            "erased_again": again.erased, "not_erased": again.refused,
        }  # fmt: skip
        lines = [
            f"Everything restored from {manifest.id}: {manifest.rows:,} rows,"
            f" the state of {manifest.made_at:%Y-%m-%d %H:%M} UTC.",
            *(f"Erased again: {name}" for name in again.erased),
            *again.refused,
            *_of_keys(keys),
            "Everybody signs in again. Start web server and workers anew where the database was another one.",
        ]
        return told, lines


def _of_keys(missing: list[str]) -> list[str]:
    return [f"FIELD_KEYS does not hold the key {key}: what it encrypted cannot be opened." for key in missing]
