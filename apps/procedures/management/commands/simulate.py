"""``manage.py simulate``: who would be paged, by what, and which clock would run out (contract)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.dateparse import parse_datetime

from apps.catalog.models import Service
from apps.core import clock, durations
from apps.core.errors import HouseError, Invalid
from apps.core.spans import in_words
from apps.core.zones import zone_or_utc
from apps.incidents.models import Severity
from apps.procedures.answers import Answer, acknowledged, resolved
from apps.procedures.deeds import EXAMPLE, Word, parse
from apps.procedures.doing import answer_of
from apps.procedures.simulation import simulate
from apps.procedures.story import Moment, Told

ANSWERS = {"acknowledge": acknowledged, "resolve": resolved}


class Command(BaseCommand):
    help = "Try the procedures out: what would happen to an incident. Nothing is changed or sent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--severity", required=True, metavar="P0", help="the incident's severity")
        parser.add_argument("--service", required=True, metavar="SLUG", help="the affected service")
        parser.add_argument(
            "--at",
            metavar="ISO",
            help="when it is declared, with an offset, in which times are shown; by default now, in the team's zone",
        )
        parser.add_argument("--acknowledge-after", metavar="10m", help="somebody takes it on so long after that")
        parser.add_argument("--resolve-after", metavar="50m", help="somebody resolves it so long after the declaration")
        parser.add_argument(
            "--then",
            action="append",
            default=[],
            metavar=f'"{EXAMPLE}"',
            help=f"what is done so long after the declaration, and by whom (else by whoever was paged first); as often "
            f"as there is something. One of {', '.join(Word)}; docs/procedures.md says what each takes",
        )
        parser.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        severity = Severity.objects.filter(code=options["severity"], is_active=True).first()
        if severity is None:
            known = ", ".join(Severity.objects.filter(is_active=True).values_list("code", flat=True))
            raise CommandError(f"There is no severity {options['severity']}. Known: {known or 'none yet'}.")
        service = Service.objects.select_related("team").filter(slug=options["service"]).first()
        if service is None:
            known = ", ".join(Service.objects.values_list("slug", flat=True))
            raise CommandError(f"There is no service {options['service']}. Known: {known or 'none yet'}.")
        at = self._instant(options["at"])
        try:
            answers = [
                answer(durations.parse(options[f"{name}_after"]))
                for name, answer in ANSWERS.items()
                if options[f"{name}_after"] is not None
            ]
            answers += [self._then(text) for text in options["then"]]
            moments = simulate(severity, service, at=at or clock.now(), answers=answers)
        except HouseError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([asdict(moment) for moment in moments], cls=DjangoJSONEncoder, indent=2))
            return
        said = [f"{kind}d after {options[f'{kind}_after']}" for kind in ANSWERS if options[f"{kind}_after"] is not None]
        said += [f"then {text}" for text in options["then"]]
        answered = " and ".join(said) or "answered by nobody"
        self.stdout.write(f"{severity} of {service}, team {service.team}, {answered}:")
        zone = at.tzinfo if at else zone_or_utc(service.team.time_zone)
        for moment in moments:
            self.stdout.write(self._line(moment, since=moments[0].at, zone=zone))

    def _then(self, text: str) -> Answer:
        try:
            return answer_of(parse(text))
        except Invalid as error:
            raise CommandError(f'--then "{text}": {error}') from error

    def _instant(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            instant = parse_datetime(text)
        except ValueError as error:
            raise CommandError(f"--at {text}: {error}.") from error
        if instant is None or instant.tzinfo is None:
            raise CommandError(f"--at {text}: expected a time with an offset, such as 2026-03-02T03:00:00+01:00.")
        return instant

    def _line(self, moment: Moment, *, since: datetime, zone: tzinfo | None) -> str:
        at = moment.at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
        after = in_words(moment.at - since)
        text, _, more = moment.text.partition("\n")
        by = ",".join(f"{_later(told)} by {told.channel} to {told.address}" for told in moment.told)
        return f"  +{after:<12} {at}  {text}{' …' if more else ''}{by}"


def _later(told: Told) -> str:
    return f" {in_words(timedelta(minutes=told.after))} later" if told.after else ""
