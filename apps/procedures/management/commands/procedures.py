"""``manage.py procedures check|diff|apply|export FILE``: the procedures file against the procedures in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure
from django.db import transaction

from apps.core.errors import HouseError, Invalid
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, ProceduresRevision
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ImprovementKind
from apps.procedures import apply as applying
from apps.procedures import current, export, reading, structure
from apps.procedures.diff import Change
from apps.procedures.problems import InvalidDocument, Problem, dotted
from apps.teams.models import User

_VERBS = {
    "check": "say everything that is wrong with FILE; needs no database",
    "diff": "show what applying FILE would change, and change nothing",
    "apply": "put FILE in force: all of it or nothing of it",
    "export": "write the procedures in force to FILE",
}


class Command(BaseCommand):
    help = "Check a procedures file, compare it with what is in force, put it in force, or write what is in force."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, purpose in _VERBS.items():
            each = verbs.add_parser(verb, help=purpose, description=f"{purpose.capitalize()}.")
            each.add_argument(
                "file", type=Path, metavar="FILE", help="a procedures file; - is standard input or output"
            )
            each.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
            if verb == "apply":
                each.add_argument("--force", action="store_true", help="overwrite what was edited in the admin")
                each.add_argument("--user", metavar="EMAIL", help="who applies it, for the history")
                each.add_argument("--because", metavar="INC-1", help="the incident that taught it: they link both ways")

    def handle(self, *args: Any, **options: Any) -> None:
        verb: str = options["verb"]
        as_json: bool = options["as_json"]
        try:
            getattr(self, f"_{verb}")(options)
        except InvalidDocument as error:
            if as_json:
                self._print_json({"problems": _problems(error.problems)})
            raise CommandError("\n".join(error.lines())) from error
        except applying.EditedMeanwhile as error:
            if as_json:
                self._print_json({"overwrites": _data(error.overwritten)})
            raise CommandError(str(error)) from error
        except HouseError as error:
            raise CommandError(str(error)) from error
        except DatabaseFailure as error:
            raise CommandError(f"The database cannot be used: {error}") from error

    def _check(self, options: dict[str, Any]) -> None:
        checked = self._checked(options["file"])
        document = checked.document
        if options["as_json"]:
            warnings = _problems(checked.warnings)
            self._print_json({"problems": [], "warnings": warnings, "version": document.version})
        else:
            self.stdout.write(f"{options['file']}: valid, version {document.version} of {document.last_updated}")

    def _diff(self, options: dict[str, Any]) -> None:
        plan = applying.plan(self._checked(options["file"]).document)
        if options["as_json"]:
            self._print_json({"changes": _data(plan.changes), "overwrites": _data(plan.overwrites)})
            return
        self._print_changes(plan.changes)
        if plan.overwrites:
            self.stdout.write(f"Edited in the admin since the last apply, and overwritten: {_places(plan.overwrites)}")

    def _apply(self, options: dict[str, Any]) -> None:
        document = self._checked(options["file"]).document
        by, taught = _person(options["user"]), _incident(options["because"])
        with transaction.atomic():
            applied = applying.apply(document, by=by, force=options["force"])
            if taught is not None and applied.revision is not None:
                _link(taught, applied.revision, by=by)
        revision = applied.revision.pk if applied.revision else None
        if options["as_json"]:
            self._print_json({"changes": _data(applied.changes), "revision": revision, "version": document.version})
            return
        self._print_changes(applied.changes)
        if revision is not None:
            self.stdout.write(f"In force: {document.title}, version {document.version}, revision {revision}")

    def _export(self, options: dict[str, Any]) -> None:
        document = current.document()
        if document is None:
            raise Invalid("There are no procedures in force yet: `manage.py procedures apply FILE` loads them.")
        plain = structure.plain(document)
        text = _as_json(plain) + "\n" if options["as_json"] else export.to_yaml(document)
        if str(options["file"]) == "-":
            self.stdout.write(text, ending="")
            return
        try:
            options["file"].write_text(text, encoding="utf-8")
        except OSError as error:
            raise Invalid(f"{options['file']}: cannot be written: {error.strerror}") from error

    def _checked(self, file: Path) -> reading.Checked:
        """Read FILE, and say on standard error what is odd about it; that hinders nothing."""
        checked = reading.check(file)
        for line in checked.lines():
            self.stderr.write(f"Warning: {line}", self.style.WARNING)
        return checked

    def _print_changes(self, found: Sequence[Change]) -> None:
        if not found:
            self.stdout.write("Nothing changes.")
        for change in found:
            self.stdout.write(str(change))

    def _print_json(self, data: Any) -> None:
        self.stdout.write(_as_json(data))


def _as_json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


def _data(found: Sequence[Change]) -> list[dict[str, Any]]:
    return [change.as_data() for change in found]


def _problems(found: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"line": problem.line, "path": dotted(problem.path), "message": problem.message} for problem in found]


def _places(found: Sequence[Change]) -> str:
    return ", ".join(change.where for change in found)


def _incident(reference: str | None) -> Incident | None:
    if reference is None:
        return None
    try:
        return incidents.by_reference(reference)
    except Incident.DoesNotExist as error:
        raise Invalid(f"There is no incident {reference}.") from error


def _link(incident: Incident, revision: ProceduresRevision, *, by: User | None) -> None:
    postmortems.record_improvement(
        incident.pk, kind=ImprovementKind.PROCEDURES, title=f"Procedures {revision}", revision=revision, by=by
    )


def _person(email: str | None) -> User | None:
    if email is None:
        return None
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise Invalid(f"Nobody has the address {email}.")
    return person
