"""Pages in Slack: to a member by their id or their address, or to a channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.core import http
from apps.escalation import queries
from apps.integrations.slack import blocks
from apps.integrations.slack.client import PROVIDER, SlackClient, SlackError
from apps.notifications.transports import AddressRefused, HandOver, Message, Sent
from apps.teams import access

#: A member's id, or that of a conversation with one; all else is read by others too.
_IS_ONE_PERSON = re.compile(r"[UWD][A-Z0-9]{2,}")
#: The receiver is not there, or cannot be written to. Of anything else the address is innocent.
OF_THE_ADDRESS = frozenset(
    {
        "cannot_dm_bot", "channel_not_found", "is_archived", "messages_tab_disabled", "not_in_channel", "user_disabled",
        "user_not_found", "user_not_visible", "users_not_found",
    }
)  # fmt: skip


class SlackTransport:
    """Messages of the bot whose token is in the settings.

    A token that Slack no longer takes is a permanent failure of the message, so that its receiver is reached another
    way at once, and counts against nobody's address.
    """

    provider = PROVIDER

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Make a client for one message; it connects when the message is handed over."""
        with http.client(settings.SLACK_API_URL) as opened:
            client = SlackClient(opened, settings.SLACK_BOT_TOKEN)

            def hand_over(message: Message) -> Sent:
                try:
                    return _post(client, message)
                except SlackError as error:
                    if error.code in OF_THE_ADDRESS:
                        raise AddressRefused(f"Slack cannot post to {message.address}: {error.code}.") from error
                    raise

            yield hand_over


def is_private(message: Message) -> bool:
    """Whether it tells of an incident that not everybody may read of."""
    return any(told.incident is not None and told.incident.private for told in message.covers)


def _post(client: SlackClient, message: Message) -> Sent:
    """Post it, and remember where it stands. Of a private incident a channel reads its number and severity only."""
    address = message.address
    is_mail = "@" in address.strip().lstrip("@")
    receiver = client.member_of(address) if is_mail else address
    discreet = not _IS_ONE_PERSON.fullmatch(receiver) and is_private(message)
    posted = client.post(
        channel=receiver,
        text=blocks.discreet_line(message) if discreet else message.brief,
        blocks=blocks.discreet(message) if discreet else blocks.of(message, member=receiver, above=_above(message)),
        metadata=blocks.metadata(message),
        headers=message.headers,
    )
    return Sent(provider_id=f"{posted.channel}:{posted.ts}")


def _above(message: Message) -> blocks.Next | None:
    """Whom the receiver of a page wakes by escalating; None where nobody is left, or they may not."""
    page, incident = message.only, message.incident
    if page is None or incident is None or not message.is_page:
        return None
    level = queries.next_by_hand(incident)
    if level is None or not access.may(page.person, access.Permission.RESPOND, incident):
        return None
    return blocks.Next(level.number, level.name)
