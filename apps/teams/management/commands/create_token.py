"""``manage.py create_token``: a token for the API, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.teams import actions
from apps.teams.models import ApiToken, Scope, User

LONGEST_NAME = ApiToken._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Make a token that acts for a person and print nothing but the token."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL", help="whom the token acts for")
        parser.add_argument("--name", required=True, metavar="NAME", help="what it is for")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.RESPOND.value, help="default: respond")
        parser.add_argument("--expires-days", type=int, metavar="N", help=f"default: {settings.TOKEN_LIFE.days}")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 0 < len(name) <= LONGEST_NAME:
            raise CommandError(f"A token's name has 1 to {LONGEST_NAME} characters.")
        days = options["expires_days"]
        longest = settings.TOKEN_LONGEST_LIFE.days
        if days is not None and not 0 < days <= longest:
            raise CommandError(f"A token lives for 1 to {longest} days.")
        _, secret = actions.create_token(
            _person(options["user"]),
            name=name,
            scope=Scope(options["scope"]),
            expires_at=None if days is None else clock.now() + timedelta(days=days),
        )
        self.stdout.write(secret)


def _person(email: str) -> User:
    person = User.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise CommandError(f"There is nobody with the address {email}.")
    if not person.is_active:
        raise CommandError(f"{email} is deactivated; a token of theirs would be refused.")
    return person
