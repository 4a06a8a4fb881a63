"""``manage.py erasures list|replay``: who was erased, and erasing them again after a backup (docs/privacy.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import HouseError
from apps.privacy import replaying
from apps.privacy.erasing_again import erase_again


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
        told = erase_again(file.read_text("utf-8").splitlines())
        for name in told.erased:
            self.stdout.write(f"Erased again: {name}")
        if told.refused:
            raise CommandError("\n".join(told.refused))
