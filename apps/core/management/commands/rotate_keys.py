"""``manage.py rotate_keys``: what is encrypted comes under the newest key (docs/secrets.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.core import rotation
from apps.core.audited import Act, note


class Command(BaseCommand):
    help = (
        "Encrypt every secret with the first of FIELD_KEYS that is still under a later one; afterwards those can be "
        "taken out. It may be stopped and started again, while the house works. --generate prints a new key."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--generate", action="store_true", help="print a new key to put before the others")
        parser.add_argument(
            "--batch", type=int, default=rotation.BATCH, help="rows a transaction (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["generate"]:
            self.stdout.write(Fernet.generate_key().decode())
            return
        if options["batch"] < 1:
            raise CommandError("--batch is at least 1.")
        try:
            columns = [self._told(each) for each in rotation.rotate(batch=options["batch"])]
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        anew = sum(each.anew for each in columns)
        note(Act.KEYS_ROTATED, f"Secrets encrypted with the newest key: {anew}", by=None, rows=anew)
        if left := sum(len(each.unreadable) for each in columns):
            raise CommandError(f"{left} secrets stay as they are: FIELD_KEYS does not hold their key.")
        self.stdout.write("Everything is under the newest key; the others can be taken out of FIELD_KEYS.")

    def _told(self, column: rotation.Rotated) -> rotation.Rotated:
        self.stdout.write(f"{column.column}: {column.anew} encrypted anew")
        for row in column.unreadable:
            self.stderr.write(f"{column.column}: row {row} cannot be read")
        return column
