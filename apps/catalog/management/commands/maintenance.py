"""``manage.py maintenance``: put services under maintenance, and end it (contract; R34)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.dateparse import parse_datetime

from apps.catalog import actions, queries
from apps.catalog.models import MaintenanceWindow, Service, WindowState
from apps.core.errors import HouseError


class Command(BaseCommand):
    help = "Hold back the pages of services that are worked on: from now until it ends by itself, or is disabled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        enable = verbs.add_parser("enable", help="begin now; what alerts say meanwhile pages nobody")
        enable.add_argument(
            "--until", metavar="ISO", help="when it ends by itself, with an offset; by default in an hour"
        )
        enable.add_argument(
            "--message", default="", metavar="M", help="what is done, for who reads why nobody is paged"
        )
        enable.add_argument(
            "--no-notice", action="store_true", help="say nothing of it on the status page, where else it stands"
        )
        disable = verbs.add_parser("disable", help="end it now; what was held back is paged")
        listed = verbs.add_parser("list", help="what is on and what is planned")
        for verb in (enable, disable, listed):
            verb.add_argument(
                "--service", action="append", default=[], metavar="SLUG",
                help="one of the services it is about; by default all of them",
            )  # fmt: skip
            verb.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        services = [_service(slug) for slug in dict.fromkeys(options["service"])]
        try:
            windows = getattr(self, f"_{options['verb']}")(services, options)
        except HouseError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([_facts(window) for window in windows], cls=DjangoJSONEncoder, indent=2))
            return
        for window in windows:
            self.stdout.write(_line(window))
        if not windows:
            self.stdout.write("No maintenance is on or planned.")

    def _enable(self, services: list[Service], options: dict[str, Any]) -> list[MaintenanceWindow]:
        until = _instant(options["until"])
        return [
            actions.plan_maintenance(
                by=None, services=services, message=options["message"], ends_at=until,
                is_public=not options["no_notice"],
            )
        ]  # fmt: skip

    def _disable(self, services: list[Service], options: dict[str, Any]) -> list[MaintenanceWindow]:
        about: list[Service | None] = [*services] or [None]
        lifted = [window for service in about for window in actions.lift_maintenance(service, by=None)]
        if not lifted:
            raise CommandError("No maintenance is on" + (f" for {', '.join(map(str, services))}." if services else "."))
        return lifted

    def _list(self, services: list[Service], options: dict[str, Any]) -> list[MaintenanceWindow]:
        coming = [
            window
            for state in (WindowState.NOW, WindowState.PLANNED)
            for window in queries.listed_windows(MaintenanceWindow.objects.all(), state).prefetch_related("services")
        ]
        return [window for window in coming if not services or window.all_services or _names(window, services)]


def _names(window: MaintenanceWindow, services: list[Service]) -> bool:
    return any(service in services for service in window.services.all())


def _service(slug: str) -> Service:
    service = queries.by_slug(slug)
    if service is None:
        known = ", ".join(queries.active_services().values_list("slug", flat=True))
        raise CommandError(f'There is no service "{slug}"; there are: {known or "none yet"}.')
    return service


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"--until {text}: {error}.") from error
    if instant is None or instant.tzinfo is None:
        raise CommandError(f"--until {text}: expected a time with an offset, such as 2026-03-02T03:00:00+01:00.")
    return instant


def _facts(window: MaintenanceWindow) -> dict[str, Any]:
    return {
        "id": window.pk,
        "services": [service.slug for service in window.services.all()],
        "all_services": window.all_services,
        "message": window.message,
        "is_public": window.is_public,
        "state": window.state,
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        "ended_early_at": window.ended_early_at,
    }


def _line(window: MaintenanceWindow) -> str:
    about = "all services" if window.all_services else ", ".join(service.slug for service in window.services.all())
    said = f": {window.message}" if window.message else ""
    times = f"{window.starts_at:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"
    return f"{window.pk}  {window.state}  {times}  {about}{said}"
