"""What the three import commands have in common; each adds its vendor's reader."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure

from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.integrations.importing import apply as applying
from apps.integrations.importing import comparison, document
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import ImportPlan
from apps.integrations.importing.report import Report, as_data, in_words
from apps.teams.models import Team, User


class ImportCommand(BaseCommand):
    """Reads FILE and says what it would bring; writes it with --apply. FILE is what docs/migrating.md describes."""

    def read(self, place: Place, *, now: datetime) -> ImportPlan:
        """What the document wants, by the vendor's reader."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the answers of the API (docs/migrating.md)")
        parser.add_argument("--apply", action="store_true", help="write it; without, nothing is changed")
        parser.add_argument("--user", metavar="EMAIL", help="who imports: an administrator; needed to write")
        parser.add_argument("--team", metavar="SLUG", help="the team of schedules and policies that have none")
        parser.add_argument("--force", action="store_true", help="take back what was edited here since the last import")
        parser.add_argument("--strict", action="store_true", help="exit code 1 where the comparison differs")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._import(options)
        except applying.EditedHere as error:
            if options["as_json"]:
                self._print_json({"overwrites": [as_data(change) for change in error.overwritten]})
            listed = "\n".join(f"  {in_words(change)}" for change in error.overwritten)
            raise CommandError(f"{error}\n{listed}") from error
        except HouseError as error:
            raise CommandError(str(error)) from error
        except DatabaseFailure as error:
            raise CommandError(f"The database cannot be used: {error}") from error
        if options["as_json"]:
            self._print_json(report.as_data())
        else:
            self.stdout.write("\n".join(report.lines()))
        if options["strict"] and report.has_differences:
            raise CommandError("Others would be on call here than there; the comparison says when.")

    def _import(self, options: dict[str, Any]) -> Report:
        now = clock.now()
        plan = self.read(document.load(options["file"]), now=now)
        fallback = _team(options["team"]) if options["team"] else None
        if options["apply"]:
            by = _person(options["user"])
            prepared = applying.apply(plan, by=by, now=now, fallback=fallback, force=options["force"])
        else:
            prepared = applying.prepare(plan, now=now, fallback=fallback)
        compared = comparison.compare(plan)
        return Report(str(options["file"]), prepared, compared, is_written=options["apply"])

    def _print_json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))


def _person(email: str | None) -> User:
    if email is None:
        raise Invalid("To write, say who imports: --user EMAIL, an administrator.")
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise Invalid(f"Nobody has the address {email}.")
    return person


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug, is_active=True).first()
    if team is None:
        known = ", ".join(Team.objects.filter(is_active=True).values_list("slug", flat=True))
        raise Invalid(f'There is no team "{slug}"; there are: {known or "none yet"}.')
    return team
