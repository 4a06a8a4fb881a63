"""A video bridge in Zoom: a meeting that is open as long as the incident is worked on (R14, R33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from apps.core import http
from apps.core.errors import ProviderError
from apps.core.texts import one_line
from apps.integrations.tools import Brief, Made, News, Provider, Setting, StepKind, register
from apps.integrations.zoom.client import GONE, NO_FIXED_TIME, Application, Meeting, ZoomClient

API, ACCOUNTS = "https://api.zoom.us", "https://zoom.us"
#: A topic and an agenda are cut there (characters).
LONGEST_TOPIC, LONGEST_AGENDA = 200, 2000
#: Zoom refuses to delete a meeting that somebody is in.
_GOES_ON = 3002


class Bridge:
    """The incident's mark stands in the agenda, at its beginning: Zoom lists no more of it."""

    def __init__(self, client: ZoomClient, host: str) -> None:
        self._client = client
        self._host = host

    def find(self, brief: Brief) -> Made | None:
        """The meeting whose agenda has our mark."""
        marked = (each for each in self._client.meetings(self._host) if brief.mark in each.agenda.split())
        meeting = next(marked, None)
        return _made(meeting) if meeting else None

    def make(self, brief: Brief, *, key: str) -> Made:
        """Make a meeting that anybody enters without waiting for its host."""
        return _made(self._client.create(self._host, _told(brief)))

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Nothing: who is in a meeting hears it there."""

    def end(self, made: Made, brief: Brief) -> None:
        """End it if it goes on, and delete it; one that is deleted is ended. Raises ProviderError while it goes on."""
        with _deleted_is_ended():
            if self._client.goes_on(made.ref):
                self._client.end(made.ref)
            self._client.delete(made.ref)

    def check(self) -> str:
        """Who holds the meetings."""
        return f"Meetings are held by {self._client.user(self._host)}."


@contextmanager
def _deleted_is_ended() -> Iterator[None]:
    try:
        yield
    except http.Refused as error:
        if error.reply.status == GONE:
            return
        if _code(error) == _GOES_ON:
            raise ProviderError("The meeting still goes on.") from error
        raise


def _code(error: http.Refused) -> Any:
    """By which number Zoom knows why it refused; None where it names none."""
    with suppress(ProviderError):
        return error.reply.json().get("code")
    return None


def _told(brief: Brief) -> dict[str, Any]:
    agenda = f"{brief.reference}: {brief.mark}\n{brief.impact}"
    return {
        "topic": one_line(f"[{brief.severity}] {brief.reference}: {brief.title}")[:LONGEST_TOPIC],
        "type": NO_FIXED_TIME,
        "agenda": agenda[:LONGEST_AGENDA],
        "settings": {"join_before_host": True, "jbh_time": 0, "waiting_room": False, "mute_upon_entry": True},
    }


def _made(meeting: Meeting) -> Made:
    return Made(ref=meeting.ref, label=f"Zoom {meeting.ref}", url=meeting.address)


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[Bridge]:
    """Reach Zoom as an application of the account; no token is asked for before one is needed."""
    application = Application(
        address=(told.get("accounts_url") or ACCOUNTS).rstrip("/"),
        account=told["account_id"],
        client=told["client_id"],
        secret=told["client_secret"],
    )
    with http.client(told.get("url") or API, public_only=True) as client:
        yield Bridge(ZoomClient(client, application), told["host"])


register(
    Provider(
        key="zoom",
        label="Zoom",
        makes=StepKind.BRIDGE,
        settings=(
            Setting("account_id", "Account ID", help_text="Of a server-to-server OAuth app there."),
            Setting("client_id", "Client ID"),
            Setting("client_secret", "Client secret", secret=True),
            Setting("host", "Host", help_text="The address of the user who holds the meetings, or me."),
            Setting("url", "Address of the API", address=True, leads=True, required=False, help_text=f"Empty: {API}."),
            Setting(
                "accounts_url",
                "Address for tokens",
                address=True,
                leads=True,
                required=False,
                help_text=f"Empty: {ACCOUNTS}.",
            ),
        ),
        opened=opened,
    )
)
