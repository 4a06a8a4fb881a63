"""``manage.py reset_factors``: for whoever lost their telephone and their codes, and whom no administrator can help."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import HouseError
from apps.identity import recovering
from apps.teams.models import User
from apps.teams.queries import is_a_person


class Command(BaseCommand):
    help = "Take the passkeys, the authenticator app and the recovery codes of a person away, and end their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="whose")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; the record and the person are told")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        person = User.objects.filter(is_a_person(), email__iexact=email).first()
        if person is None:
            raise CommandError(f"There is nobody with the address {email}.")
        try:
            signs_in = recovering.reset_factors(person, by=None, reason=options["reason"])
        except HouseError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{person} has no second factor any more, and is signed in nowhere.")
        if not signs_in:
            self.stdout.write(f"They have no password: invite them, or run manage.py changepassword {person.email}.")
