"""``manage.py audit verify|export|seal``: whether the record is what was sealed (contract; docs/audit.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import heads, sealing
from apps.audit.exporting.archive import export
from apps.audit.findings import Report
from apps.audit.verifying import verify
from apps.core import clock
from apps.core.audited import Act, note
from apps.core.errors import HouseError
from apps.teams.models import Team


class Command(BaseCommand):
    help = "Check the record of incidents, people and rosters against its seals, or seal what is new at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="compute everything anew and name what does not fit; exits with 1 then")
        check.add_argument("--all", action="store_true", dest="every", help="name everything, not the first alone")
        check.add_argument(
            "--head", action="append", default=[], metavar="HASH[:NUMBER]",
            help="a head that was kept elsewhere, which the chain must contain; several times for several",
        )  # fmt: skip
        check.add_argument(
            "--heads", type=Path, metavar="FILE", help="a file of heads, as AUDIT_HEADS_FILE collects them"
        )
        check.add_argument("--json", action="store_true", help="print data instead of text")
        out = verbs.add_parser("export", help="write the record and its seals as a ZIP that checks itself")
        out.add_argument("--from", dest="begin", metavar="ISO", help="a day or a time with an offset; by default all")
        out.add_argument("--to", dest="end", metavar="ISO", help="a day, all of it, or a time with an offset")
        out.add_argument("--team", metavar="SLUG", help="the rows of one team, each with a proof of its own")
        out.add_argument("--private", action="store_true", help="with the rows of private incidents")
        out.add_argument("--out", type=Path, metavar="FILE", help="by default audit-DAY.zip, here")
        out.add_argument("--json", action="store_true", help="print data instead of text")
        verbs.add_parser("seal", help="seal what is new now, without waiting for the minute to be over")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except HouseError as error:
            raise CommandError(str(error)) from error

    def _verify(self, options: dict[str, Any]) -> None:
        kept = heads.kept(options["head"]) | (heads.kept_in(options["heads"]) if options["heads"] else {})
        report = verify(kept, every=options["every"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._print(report)
        if not report.fits:
            raise CommandError("The record does not fit its seals.")

    def _print(self, report: Report) -> None:
        for line in (*report.findings, *report.remarks):
            self.stdout.write(str(line))
        rate = report.rows / report.seconds if report.seconds else 0
        self.stdout.write(
            f"{report.rows:,} rows under {report.seals:,} seals were compared in {report.seconds:.1f} s"
            f" ({rate:,.0f} a second); {report.waiting:,} wait for their seal."
        )
        if report.head:
            self.stdout.write(f"The head of the chain: {report.head}:{report.head_number}")

    def _export(self, options: dict[str, Any]) -> None:
        out: Path = (options["out"] or Path(f"audit-{clock.now():%Y-%m-%d}.zip")).absolute()
        team = _team(options["team"]) if options["team"] else None
        begin, end = _instant("--from", options["begin"]), _instant("--to", options["end"], days=1)
        if begin and end and begin >= end:
            raise CommandError(f"--from {options['begin']} is not before --to {options['end']}.")
        sealing.seal()
        try:
            exported = export(out, begin=begin, end=end, team=team, private=options["private"])
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error}") from error
        note(
            Act.EXPORTED, f"Exported the record as {out.name}, by manage.py", by=None,
            teams=() if team is None else (team.pk,), rows=exported.rows, private=options["private"],
        )  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(asdict(exported), default=str))
            return
        withheld = f", {exported.withheld:,} of them withheld," if exported.withheld else ""
        self.stdout.write(
            f"{exported.rows:,} rows{withheld} under the seals {exported.first} to {exported.last}: {out}\n"
            f"Check it with: python3 check.py {out.name}; python3 tables.py {out.name} (both are in it)"
        )

    def _seal(self, options: dict[str, Any]) -> None:
        seal = sealing.seal()
        self.stdout.write("Nothing is new." if seal is None else heads.line_of(seal))


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        known = ", ".join(Team.objects.values_list("slug", flat=True))
        raise CommandError(f'There is no team "{slug}"; there are: {known or "none yet"}.')
    return team


def _instant(option: str, text: str | None, *, days: int = 0) -> datetime | None:
    """A time, or the beginning of a day, UTC, moved on by ``days``."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=days)
    except OverflowError as error:
        raise CommandError(f"{option} {text}: no day comes after it; leave it away for no limit.") from error
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option} {text}: {error}.") from error
    if instant.tzinfo is None:
        raise CommandError(f"{option} {text}: expected a day, or a time with an offset: 2026-03-02T03:00:00+01:00.")
    return instant
