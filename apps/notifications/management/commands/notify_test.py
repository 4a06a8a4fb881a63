"""``manage.py notify_test``: a test to each contact method of a person, and what became of it."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import RuleViolation
from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, DeliveryState, Notification
from apps.teams.models import User

_UNDER_WAY = (DeliveryState.PLANNED, DeliveryState.SENDING)
_LOOKS_EVERY = 0.25
_LONGEST_WAIT = 120.0


class Command(BaseCommand):
    help = "Send a test to each verified contact method of a person, and print what became of each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL", help="whom to send it to")
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument(
            "--wait",
            type=float,
            default=15.0,
            metavar="SECONDS",
            help="how long to wait for the outcomes, 120 at most; default: %(default)s",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["user"], is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {options['user']}.")
        if not 0 <= options["wait"] <= _LONGEST_WAIT:
            raise CommandError(f"--wait takes 0 to {_LONGEST_WAIT:.0f} seconds.")
        try:
            test = actions.send_test(person, by=person)
        except RuleViolation as error:
            raise CommandError(str(error)) from error
        if test is None:
            raise CommandError(f"{person} cannot be reached: no contact method is verified, in use and served here.")
        sent = _outcomes(test, wait=options["wait"])
        if options["as_json"]:
            self.stdout.write(json.dumps([_told(each) for each in sent], indent=2))
        else:
            for each in sent:
                why = "  It rings, and nobody answered yet." if _rings(each) else f"  {each.last_error}".rstrip()
                self.stdout.write(f"{each.get_channel_display():14}{each.shown:40}{each.get_state_display()}{why}")
        if all(each.state == DeliveryState.FAILED for each in sent):
            raise CommandError(f"Nothing reached {person}.")


def _outcomes(test: Notification, *, wait: float) -> list[Delivery]:
    """The messages once each has an outcome, or as they stand when the wait is over."""
    until = time.monotonic() + wait
    while True:
        sent = list(test.deliveries.exclude(channel=Channel.IN_APP).select_related("method", "notification__person"))
        if time.monotonic() >= until or not any(each.state in _UNDER_WAY or _rings(each) for each in sent):
            return sent
        time.sleep(_LOOKS_EVERY)


def _rings(delivery: Delivery) -> bool:
    """Whether it is a call that was placed, of which nobody knows yet what it came to."""
    return delivery.channel == Channel.VOICE and delivery.state == DeliveryState.SENT


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": delivery.channel,
        "to": delivery.shown,
        "state": delivery.state,
        "sent_at": delivery.sent_at.isoformat() if delivery.sent_at else None,
        "error": delivery.last_error or None,
    }
