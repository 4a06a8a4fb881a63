"""``manage.py demo reset|remove``: demo data that a newcomer believes, and its complete removal."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.db import transaction

from apps.core.errors import HouseError
from apps.procedures.demo import loading, organisation


class Command(BaseCommand):
    help = (
        "Demo data. `reset` empties the database but for the procedures and builds the demo anew, relative to now; "
        "`remove` takes all of it away before your own start. Both need the database's owner."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["reset", "remove"])
        parser.add_argument("--if-empty", action="store_true", help="reset: do nothing where somebody works already")
        parser.add_argument("--force", action="store_true", help="also remove what is not of the demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and not loading.is_empty():
            self.stdout.write("There is data already; nothing was changed.")
            return
        others = loading.strangers()
        if others and not options["force"]:
            listed = "\n".join(f"  {other}" for other in others)
            raise CommandError(f"This would also remove what is not of the demo:\n{listed}\nIf you mean it: --force")
        password = self._password() if options["verb"] == "reset" else ""
        try:
            with transaction.atomic():
                loading.remove()
                if options["verb"] == "reset":
                    loading.load(password=password)
        except DatabaseFailure as error:
            raise CommandError(f"{error}\nThis needs the database's owner (DATABASE_OWNER_URL).") from error
        except HouseError as error:
            raise CommandError(str(error)) from error
        if options["verb"] == "remove":
            self.stdout.write("The demo is gone; the procedures stay. Next: manage.py createsuperuser")
            return
        self.stdout.write("The demo is ready. Log-ins, all with the password of DEMO_PASSWORD:")
        for person in organisation.PEOPLE:
            if person.signs_in:
                self.stdout.write(f"  {person.email}")

    def _password(self) -> str:
        if not settings.DEMO_PASSWORD:
            raise CommandError("Set DEMO_PASSWORD to the password that the demo's people get.")
        return str(settings.DEMO_PASSWORD)
