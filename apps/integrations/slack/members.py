"""Who a member of the workspace is here: whoever has shown that they are reached there."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from apps.contacts import queries as contacts
from apps.contacts.models import MethodKind
from apps.core import http
from apps.core.errors import RuleViolation
from apps.engine import breakers
from apps.integrations.slack.client import PROVIDER, SlackClient
from apps.teams.models import User

#: What somebody is told whom nobody here has shown to be.
UNKNOWN = "I do not know who you are. Add Slack to the ways by which you are reached, and verify it: {url}/profile/"
SEVERAL = "Several people here are reached by your account in Slack; a command needs one."


def person_of(member: str) -> User:
    """Who has verified that they are reached as that member, by its id or by the address that Slack has of it.

    Slack is asked for the address where nobody has the id. Raises RuleViolation where it is nobody or several people,
    ProviderError where Slack does not answer.
    """
    found = _reached_at((member,))
    if not found:
        with breakers.through(PROVIDER), http.client(settings.SLACK_API_URL) as opened:
            email = SlackClient(opened, settings.SLACK_BOT_TOKEN).email_of(member)
        found = _reached_at((email, f"@{email}")) if email else []
    if not found:
        raise RuleViolation(UNKNOWN.format(url=settings.SITE_URL))
    if len(found) > 1:
        raise RuleViolation(SEVERAL)
    return found[0]


def _reached_at(values: Iterable[str]) -> list[User]:
    methods = [
        method
        for value in values
        for method in contacts.methods_at(MethodKind.SLACK, value)
        if method.verified_at and not method.disabled_at and method.person.is_active
    ]
    return list({method.person_id: method.person for method in methods}.values())
