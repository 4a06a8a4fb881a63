"""``manage.py coverage``: gaps, single points of failure and load, or the hours for pay (contract)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import clock
from apps.core.errors import HouseError
from apps.core.zones import zone_or_utc
from apps.desk import coverage
from apps.desk.api.coverage import CoverageSerializer
from apps.desk.coverage import Found, Load
from apps.rosters.coverage import pay
from apps.rosters.coverage.words import (
    gap_in_words,
    share_in_words,
    shortage_in_words,
    span_in_words,
    strain_in_words,
    weak_point_in_words,
)
from apps.rosters.models import Roster
from apps.teams.models import Team

_HOUR = timedelta(hours=1)


class Command(BaseCommand):
    help = (
        "Tell whether somebody is on call whenever somebody should be, on whom rosters hang, and who bears what: in the"
        " coming days, with the pages of as many days before. Or the hours of each person, for pay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, metavar="N", help=f"how many days to look ahead; by default {coverage.DAYS}"
        )
        parser.add_argument("--team", metavar="SLUG", help="of the rosters of one team; by default of all")
        parser.add_argument("--roster", metavar="SLUG", help="of one roster")
        parser.add_argument("--strict", action="store_true", help="end with 1 where there are gaps")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print data instead of text")
        form.add_argument(
            "--csv", action="store_true",
            help="print the hours on call of each person by kind, for pay, of the days --from to --to",
        )  # fmt: skip
        parser.add_argument(
            "--from", dest="first", metavar="DAY",
            help="with --csv: the first day, such as 2026-03-01, by each person's own calendar; by default today",
        )  # fmt: skip
        parser.add_argument(
            "--to", dest="last", metavar="DAY", help="with --csv: the last day; by default --days days in all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rosters, teams = _rosters(options["team"], options["roster"])
        try:
            if options["csv"]:
                self._pay(rosters, options)
                return
            _check_in_use(rosters, options["roster"])
            if options["first"] or options["last"]:
                raise CommandError("--from and --to go with --csv; otherwise say --days.")
            days = coverage.DAYS if options["days"] is None else options["days"]
            found = coverage.find(rosters.filter(retired_at__isnull=True), teams, days=days)
        except HouseError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self._print_json(found)
        else:
            self._print(found, days)
        gaps = len(found.coverage.report.gaps)
        if options["strict"] and gaps:
            raise CommandError(f"{gaps} {'gap' if gaps == 1 else 'gaps'}.")

    def _pay(self, rosters: QuerySet[Roster], options: dict[str, Any]) -> None:
        days = coverage.DAYS if options["days"] is None else options["days"]
        first = _day("--from", options["first"]) or timezone.localdate(clock.now(), UTC)
        last = _day("--to", options["last"]) or first + timedelta(days=days - 1)
        self.stdout.write(coverage.pay_csv(pay(rosters, first=first, last=last), first=first, last=last), ending="")

    def _print_json(self, found: Found) -> None:
        with timezone.override(UTC):
            data = CoverageSerializer(found).data
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, indent=2))

    def _print(self, found: Found, days: int) -> None:
        report, utc = found.coverage.report, ZoneInfo("UTC")
        rosters = len(report.rosters)
        self.stdout.write(
            f"{rosters} {'roster' if rosters == 1 else 'rosters'}, the next {days} days:"
            f" {span_in_words(report.window, utc)}"
        )
        self._part("Services with nobody to page now", [each.text for each in found.exposed])
        self._part(
            "Gaps",
            [f"{roster.slug}: {gap_in_words(gap, zone_or_utc(roster.time_zone))}" for roster, gap in report.gaps],
        )
        self._part(
            "Fewer people than wanted",
            [
                f"{roster.slug}: {shortage_in_words(gap, zone_or_utc(roster.time_zone))}"
                for roster, gap in report.shortages
            ],
        )
        self._part(
            "Single points of failure",
            [
                f"{roster.slug}: {weak_point_in_words(point, zone_or_utc(roster.time_zone))}"
                for roster, point in report.weak_points
            ],
        )
        self._part("Without a verified contact method", [each.person.email for each in report.cannot_be_paged])
        self._part(
            "Strain",
            [
                f"{person.email}: {strain_in_words(strain, zone_or_utc(person.time_zone))}"
                for person, strain in report.strained
            ],
        )
        shares = [f"{each.roster.slug}: {share_in_words(share)}" for each in report.rosters for share in each.shares]
        self._part("Unequal shares", shares)
        self._table(coverage.loads(found.coverage), days)

    def _part(self, title: str, lines: Sequence[str]) -> None:
        self.stdout.write(f"\n{title}: {len(lines) or 'none'}")
        for line in lines:
            self.stdout.write(f"  {line}")

    def _table(self, loads: Iterable[Load], days: int) -> None:
        self.stdout.write(f"\nLoad (hours ahead; pages of the last {days} days)")
        head = ("hours", "ordinary", "night", "weekend", "holiday", "nights", "pages", "at night")
        self.stdout.write(f"  {'':<32}" + "".join(f"{name:>10}" for name in head))
        for load in loads:
            hours = load.of.hours
            spans = (hours.total, hours.ordinary, hours.night, hours.weekend, hours.holiday)
            counts = (load.of.nights, load.pages.received, load.pages.at_night)
            cells = [*(f"{length / _HOUR:.1f}" for length in spans), *map(str, counts)]
            self.stdout.write(f"  {load.of.person.email:<32}" + "".join(f"{cell:>10}" for cell in cells))


def _rosters(team: str | None, roster: str | None) -> tuple[QuerySet[Roster], list[Team]]:
    """The rosters that are asked for, retired ones included, and their teams."""
    teams = Team.objects.filter(is_active=True)
    rosters = Roster.objects.all()
    if team is not None:
        teams, rosters = teams.filter(slug=team), rosters.filter(team__slug=team)
        if not teams:
            raise CommandError(f'There is no team "{team}". Known: {_known(Team.objects.filter(is_active=True))}.')
    if roster is not None:
        rosters = rosters.filter(slug=roster)
        if not rosters:
            raise CommandError(f'There is no roster "{roster}" there. Known: {_known(Roster.objects.all())}.')
        teams = teams.filter(rosters__slug=roster)
    return rosters, list(teams)


def _check_in_use(rosters: QuerySet[Roster], slug: str | None) -> None:
    """Raise CommandError where one roster is asked for that is retired: nobody is looked for there."""
    retired = rosters.exclude(retired_at=None).first() if slug is not None else None
    if retired is not None:
        raise CommandError(
            f"{retired} was retired on {retired.retired_at:%Y-%m-%d}: nobody needs to be on call there any more."
            " Its hours for pay: --csv."
        )


def _known(rows: QuerySet[Any]) -> str:
    return ", ".join(rows.order_by("slug").values_list("slug", flat=True)) or "none yet"


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option} {text}: expected a day such as 2026-03-01.") from error
