"""``manage.py erasures list|replay``: who was erased, and erasing them again after a backup (docs/privacy.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import HouseError
from apps.privacy import actions, replaying
from apps.teams import actions as teams


class Command(BaseCommand):
    help = "List who was erased, by numbers alone, or erase again whom a backup brought back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="a line for everybody who was erased, as ERASED_FILE collects them")
        again = verbs.add_parser("replay", help="erase those of the file who are there again")
        again.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for each in replaying.everybody():
                self.stdout.write(each.as_line())
            return
        try:
            self._replay(options["file"])
        except (HouseError, OSError) as error:
            raise CommandError(str(error)) from error

    def _replay(self, file: Path) -> None:
        """Erase whom nothing stands in the way of, name the others by number, and fail where there are any."""
        refused = []
        for person in list(replaying.to_erase_again(file.read_text("utf-8").splitlines())):
            try:
                teams.deactivate(person)
                erasure = actions.erase(person.pk, by=None, reason="Erased before the backup was restored.")
            except HouseError as error:
                refused.append(f"Person {person.pk}: {error}")
            else:
                self.stdout.write(f"Erased again: {erasure}")
        if refused:
            raise CommandError("\n".join(refused))
