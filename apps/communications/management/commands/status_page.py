"""``manage.py status_page``: what everybody reads, and publishing an incident there (R25)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.communications.models import ComponentStatus, PublicImpact, PublicStatus
from apps.communications.status_page import actions, documents, queries
from apps.communications.status_page.rules import Notice
from apps.core.errors import HouseError
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Via
from apps.teams.models import User
from apps.teams.queries import is_a_person


class Command(BaseCommand):
    help = "Show the public status page, publish an incident there, or take it off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="what everybody reads now")
        show.add_argument("--json", action="store_true", help="print data instead of text")
        publish = verbs.add_parser("publish", help="show an incident to everybody, or how it goes on")
        publish.add_argument("incident", metavar="INC-1")
        publish.add_argument("--name", required=True, help="as everybody reads it")
        publish.add_argument("--status", required=True, choices=PublicStatus.values)
        publish.add_argument("--impact", required=True, choices=PublicImpact.values)
        publish.add_argument("--message", default="", help="what is told")
        publish.add_argument("--update", type=int, metavar="ID", help="publish this update for customers instead")
        affected = publish.add_mutually_exclusive_group()
        affected.add_argument(
            "--component", action="append", metavar="SLUG=STATUS",
            help=f"how a component is that is affected: {', '.join(ComponentStatus.values)}; without any: as told last",
        )  # fmt: skip
        affected.add_argument(
            "--no-component", action="store_const", const=[], dest="component", help="none is affected any more"
        )
        publish.add_argument("--preview", action="store_true", help="only say what would be published")
        take_off = verbs.add_parser("take-off", help="let nobody outside read of it any more, for good")
        take_off.add_argument("incident", metavar="INC-1")
        take_off.add_argument("--reason", required=True)
        for each in (publish, take_off):
            each.add_argument("--user", required=True, metavar="EMAIL", help="who does it, with the rights they have")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(options)
        except HouseError as error:
            raise CommandError(str(error)) from error

    def _show(self, options: dict[str, Any]) -> None:
        page = queries.page()
        if options["json"]:
            self.stdout.write(json.dumps(documents.summary(page), indent=2))
            return
        self.stdout.write(page.overall.description)
        for shown in page.components:
            self.stdout.write(f"{shown.status.label:22} {shown.component}")
        for publication in page.unresolved:
            address = documents.address("status_incident", publication.code)
            self.stdout.write(f"{publication.get_status_display():22} {publication.name}  {address}")

    def _publish(self, options: dict[str, Any]) -> None:
        incident, by = _incident(options["incident"]), _person(options["user"])
        named = None if options["component"] is None else dict(map(_affected, options["component"]))
        components = queries.components_told(incident, named)
        notice = Notice(options["name"], options["status"], options["impact"], options["message"], components)
        if options["preview"]:
            told = actions.rehearse(incident.pk, notice, by=by, update=options["update"])
            status = PublicStatus(told.status).label
            self.stdout.write(f"Not published. Everybody would read:\n{status}: {told.name}\n\n{told.message}")
            return
        publication = actions.publish(incident.pk, notice, by=by, via=Via.COMMAND, update=options["update"])
        self.stdout.write(documents.address("status_incident", publication.code))

    def _take_off(self, options: dict[str, Any]) -> None:
        incident, by = _incident(options["incident"]), _person(options["user"])
        actions.take_off(incident.pk, reason=options["reason"], by=by, via=Via.COMMAND)
        self.stdout.write(f"{incident} is off the status page.")


def _incident(reference: str) -> Incident:
    try:
        return incidents.by_reference(reference)
    except Incident.DoesNotExist as error:
        raise CommandError(f"There is no incident {reference}.") from error


def _person(email: str) -> User:
    person = User.objects.filter(is_a_person(), email__iexact=email.strip(), is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody who is active has the address {email}.")
    return person


def _affected(told: str) -> tuple[str, str]:
    slug, _, status = told.partition("=")
    return slug, status
