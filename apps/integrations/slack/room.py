"""An incident as a channel in Slack: made, furnished, told what happens, and archived with it (R14, R33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from html import unescape

from django.conf import settings

from apps.core import clock, http
from apps.core.errors import ProviderError
from apps.incidents.models import ENDED, EventKind
from apps.integrations.slack import wording
from apps.integrations.slack.blocks import Block
from apps.integrations.slack.client import Posted, SlackError
from apps.integrations.slack.conversations import MOST_INVITED, Bot, Conversations, Room
from apps.integrations.slack.known import members
from apps.integrations.tools import Brief, Made, News, Provider, Setting, StepKind, register

#: Everybody has to be asked for by their address, one after another; well below the lease of the engine's timers.
SECONDS = 60.0
#: A channel of ours without a purpose may be in the making so long: nobody who makes one has longer.
MAKING = timedelta(seconds=SECONDS)
#: Slack's clock and ours differ by less.
SKEW = timedelta(minutes=1)
#: By this key the card is known.
CARD = "card"
#: These bring people.
_BRINGING = frozenset(
    {
        EventKind.ACKNOWLEDGED, EventKind.ROLE_ASSIGNED, EventKind.RESPONDER_ACCEPTED, EventKind.LEVEL_FIRED,
        EventKind.ACCESS_GIVEN,
    }
)  # fmt: skip
_FOLLOWED = _BRINGING | {
    EventKind.ACCESS_TAKEN_BACK, EventKind.STATUS_CHANGED, EventKind.SEVERITY_CHANGED, EventKind.UPDATE_SENT,
    EventKind.RESOLVED, EventKind.REOPENED, EventKind.DESCRIBED,
}  # fmt: skip
#: The address is nobody's there.
_NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible"})
#: It is the one who is invited that is in already, or cannot be.
_OF_A_PERSON = _NOBODY | {
    "already_in_channel", "cant_invite", "cant_invite_self", "invitee_cant_see_channel",
    "no_external_invite_permission", "ura_max_channels", "user_is_bot", "user_is_restricted",
    "user_is_ultra_restricted", "user_team_not_in_channel",
}  # fmt: skip
#: What became of a channel in which we cannot write any more.
_GONE = {
    "channel_not_found": "was deleted in Slack, or our bot cannot see it any more",
    "is_archived": "was archived in Slack",
    "not_in_channel": "has our bot no more as a member",
}
#: After these nobody works there any more.
_OVER = frozenset({"already_archived", "is_archived", "channel_not_found"})


class Channel:
    """The channel has the incident's mark as its purpose, from the moment after it was made."""

    def __init__(self, client: Conversations, *, answered: bool = True) -> None:
        """``answered``: what Slack tells of buttons, it tells us."""
        self._client = client
        self._answered = answered

    def find(self, brief: Brief) -> Made | None:
        """The channel that was made for it; what it lacks is made up for, unless nobody works there any more."""
        bot = self._client.bot()
        room = next((room for room in self._client.mine() if _is_ours(room, brief, bot)), None)
        if room is None:
            return None
        if brief.status not in ENDED:
            self._furnish(room, brief)
        return _made(room, bot)

    def make(self, brief: Brief, *, key: str) -> Made:
        """Make it, and furnish it. One that was made for it before is found by its name."""
        bot = self._client.bot()
        room = self._opened(brief, bot)
        self._furnish(room, brief)
        return _made(room, bot)

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Say what happened, once; bring the topic up to date, and who is new in."""
        try:
            room = self._client.info(made.ref)
            self._retitle(room, brief)
            if news.kind in _BRINGING:
                self._invite(room, brief)
            if news.kind == EventKind.ACCESS_TAKEN_BACK:
                self._let_go(room, brief)
            self._say(room, brief, news.key, text=news.text, shown=[wording.section(news.text)])
        except SlackError as error:
            if error.code in _GONE:
                raise ProviderError(f"{made.label} {_GONE[error.code]}.", permanent=True) from error
            raise

    def end(self, made: Made, brief: Brief) -> None:
        """Archive it, if it is not."""
        try:
            self._client.archive(made.ref)
        except SlackError as error:
            if error.code not in _OVER:
                raise

    def check(self) -> str:
        """Ask who we are."""
        bot = self._client.bot()
        return f"We are {bot.name or bot.member} in the workspace {bot.workspace or bot.url}."

    def _opened(self, brief: Brief, bot: Bot) -> Room:
        """A new channel, or the one that was made for it and not yet marked."""
        for name in wording.names(brief):
            try:
                return self._client.create(name, private=brief.private, headers=wording.headers(brief))
            except SlackError as error:
                if error.code != "name_taken":
                    raise
            holder = next((room for room in self._client.mine() if room.name == name), None)
            if holder is not None and _is_ours(holder, brief, bot):
                return holder
            if holder is not None and _is_unmarked(holder, brief, bot):
                raise ProviderError(f"#{name} is being made just now.", about_one=True)
        raise ProviderError(f"#{name} and all names before it are taken in Slack.", permanent=True)

    def _furnish(self, room: Room, brief: Brief) -> None:
        """Give it what it lacks: the mark first, by which it is found again; then topic and card, and last people.

        Of many people Slack does not want to be asked for at once: whoever it named is remembered (``_member``).
        """
        if not _is_marked(room, brief):
            self._client.set_purpose(room.ref, brief.mark)
        self._retitle(room, brief)
        shown = wording.card(brief, answered=self._answered)
        self._client.pin(self._say(room, brief, CARD, text=wording.headline(brief), shown=shown))
        self._invite(room, brief)

    def _retitle(self, room: Room, brief: Brief) -> None:
        """Write the topic, unless it says so: whoever is in is told of each."""
        topic = wording.topic(brief)
        if unescape(room.topic) != topic:
            self._client.set_topic(room.ref, topic)

    def _invite(self, room: Room, brief: Brief) -> None:
        """Take in who responds and is not in; whom Slack does not know, or does not let in, is left out."""
        inside = self._client.members(room.ref)
        missing = [member for member in map(self._member, brief.people) if member and member not in inside]
        for start in range(0, len(missing), MOST_INVITED):
            self._take_in(room, missing[start : start + MOST_INVITED])

    def _take_in(self, room: Room, members: list[str]) -> None:
        """Invite them together; one by one where one of them keeps the others out."""
        try:
            self._client.invite(room.ref, members)
        except SlackError as error:
            if error.code not in _OF_A_PERSON:
                raise
            for member in members if len(members) > 1 else ():
                self._take_in(room, [member])

    def _let_go(self, room: Room, brief: Brief) -> None:
        """Take out whose access was taken back, wherever they are in."""
        inside = self._client.members(room.ref)
        for member in map(self._member, brief.gone):
            if member in inside:
                self._client.kick(room.ref, member)

    def _member(self, email: str) -> str | None:
        return members.member(self._client.token, email, ask=partial(self._ask_for, email))

    def _ask_for(self, email: str) -> str | None:
        try:
            return self._client.member_of(email)
        except SlackError as error:
            if error.code in _NOBODY:
                return None
            raise

    def _say(self, room: Room, brief: Brief, key: str, *, text: str, shown: list[Block]) -> Posted:
        """Post it, unless it was, as far as the newest messages tell."""
        return self._client.said(room.ref).get(key) or self._client.post(
            channel=room.ref,
            text=wording.paragraph(text),
            blocks=shown,
            metadata=wording.metadata(brief, key=key),
            headers=wording.headers(brief),
        )


def _made(room: Room, bot: Bot) -> Made:
    return Made(ref=room.ref, label=f"#{room.name}", url=f"{bot.url.rstrip('/')}/archives/{room.ref}")


def _is_marked(room: Room, brief: Brief) -> bool:
    return brief.mark in unescape(room.purpose)


def _is_ours(room: Room, brief: Brief, bot: Bot) -> bool:
    """Whether it was made for the incident: it says so, or nobody who still works at it made it for another one."""
    settled = room.created < (clock.now() - MAKING).timestamp()
    return _is_marked(room, brief) or (settled and _is_unmarked(room, brief, bot))


def _is_unmarked(room: Room, brief: Brief, bot: Bot) -> bool:
    """Whether our bot made it since the declaration, under one of its names, and did not get to say what for."""
    since = (brief.declared_at - SKEW).timestamp()
    is_named = room.name in wording.names(brief)
    return is_named and room.creator == bot.member and room.created >= since and not room.purpose


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[Channel]:
    """Reach Slack with the token of a bot there."""
    address = told.get("url", "")
    with http.client(address or settings.SLACK_API_URL, public_only=bool(address), seconds=SECONDS) as client:
        # Slack tells of buttons where the app's settings say, signed by the app: we hear of one app.
        yield Channel(Conversations(client, told["token"]), answered=told["token"] == settings.SLACK_BOT_TOKEN)


register(
    Provider(
        key="slack",
        label="Slack",
        makes=StepKind.CHANNEL,
        settings=(
            Setting("token", "Bot token", secret=True, help_text="Of an app that is installed there: xoxb-…"),
            Setting(
                "url",
                "Address",
                address=True,
                leads=True,
                required=False,
                help_text="Of its API; empty: where pages are sent, too.",
            ),
        ),
        opened=opened,
        follows=frozenset(_FOLLOWED),
    )
)
