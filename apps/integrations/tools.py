"""What the response uses besides the house: what each provider can do, and what it has to be told to be reached.

A provider registers here, from its own folder. What it makes on a declaration (R14) is a *step*: a channel, a page at
another house, a ticket, a bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import models

from apps.core.errors import ProviderError

#: So many action items are asked for at once.
MOST_TASKS = 100


class StepKind(models.TextChoices):
    CHANNEL = "channel", "Channel"
    PAGE = "page", "Page"
    TICKET = "ticket", "Ticket"
    BRIDGE = "bridge", "Video bridge"
    STATUS_PAGE = "status_page", "Status page"


#: What everybody reads: made of what was published, and of nothing else; it goes on whatever becomes of the incident.
PUBLIC = frozenset({StepKind.STATUS_PAGE})


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that a provider has to be told: under ``name`` it is kept, encrypted where it is ``secret``.

    ``leads``: where requests go, or as whom; whoever changes it types the secrets anew, so that nobody has them sent
    to a place of their own.
    """

    name: str
    label: str
    secret: bool = False
    leads: bool = False
    address: bool = False
    required: bool = True
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What was published of the incident at once: ``key`` grows from one to the next, ``components`` are by slug."""

    key: int
    name: str
    status: str
    impact: str
    message: str
    components: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Brief:
    """The incident as a provider is told of it; of a private one without its words, but where only the involved read.

    ``mark`` is an address that is the same for one incident of one installation and for no other, not even for one that
    got its number again after a backup was put back: by it a provider's thing is known to be
    ours. ``people`` are the addresses of those who respond, ``gone`` of those whose access was taken back.
    ``notices`` is what everybody may read of it, oldest first; nothing of what is private or a drill. ``components``
    is how each is now, by slug, that was ever published with it, whatever else affects it too.
    """

    mark: str
    reference: str
    title: str
    summary: str
    severity: str
    impact: str
    status: str
    status_label: str
    team: str
    services: tuple[str, ...]
    commander: str
    people: tuple[str, ...]
    url: str
    private: bool
    drill: bool
    declared_at: datetime
    acknowledged_at: datetime | None
    gone: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    components: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What a provider made: ``ref`` is what it knows it by, ``label`` and ``url`` are for people."""

    ref: str
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to the incident since: ``kind`` and ``text`` as on its timeline; ``key`` is its own."""

    key: str
    kind: str
    at: datetime
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Tool(Protocol):
    """A provider that is reached. Each raises ProviderError; none is called within a transaction (law 5)."""

    def find(self, brief: Brief) -> Made | None:
        """What was made for it before, if the answer was lost; None if there is nothing."""
        ...

    def make(self, brief: Brief, *, key: str) -> Made:
        """Make it. ``key`` is the same at every attempt, for providers that deduplicate."""
        ...

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Tell it what happened. Twice is once, as far as the provider knows the key of the news."""
        ...

    def end(self, made: Made, brief: Brief) -> None:
        """End it: nobody works there any more. Twice is once."""
        ...

    def check(self) -> str:
        """Whether it can be reached and takes the credentials: what it says who we are. It makes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """An action item as a ticket system is told of it (R30); of a private incident without its words.

    ``mark`` is an absolute URL that is the same for one item of one installation. ``state`` is ``open``, ``done`` or
    ``cancelled``, ``due`` a day as in ISO 8601, ``ticket`` how the incident's own ticket is called there.
    """

    mark: str
    title: str
    kind: str
    priority: str
    owner: str
    due: str
    state: str
    reference: str
    incident_url: str
    ticket: str


class TaskTool(Protocol):
    """A ticket system that keeps action items. Each raises ProviderError; none is called within a transaction."""

    def find(self, task: Task) -> Made | None:
        """What was made for it before, if the answer was lost."""
        ...

    def make(self, task: Task) -> Made:
        """Make it."""
        ...

    def change(self, made: Made, task: Task, *, reopened: bool) -> None:
        """Let it say what the item says, and be done if that is; one that was finished there stays finished, unless
        the item was ``reopened`` here since. Twice is once.
        """
        ...

    def done(self, refs: Collection[str]) -> set[str]:
        """Which of them are done there; MOST_TASKS of them at most are asked for at once."""
        ...


@dataclass(frozen=True, slots=True)
class Post:
    """A post for social media: ``key`` is the same at every attempt, ``url`` leads to the status page."""

    key: str
    text: str
    url: str
    reference: str


class PostTool(Protocol):
    """What posts in social media. Each raises ProviderError; none is called within a transaction."""

    def post(self, post: Post) -> None:
        """Post it; twice is once, as far as the other side knows the key."""
        ...

    def check(self) -> str:
        """Whether it can be reached; it posts nothing."""
        ...


class Checked(Protocol):
    """Whatever can be tested."""

    def check(self) -> str:
        """What it says who we are."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """What one can be connected with, and how it is reached with what it has to be told."""

    key: str
    label: str
    settings: tuple[Setting, ...]
    #: What it makes on a declaration, and how it is reached for that.
    makes: StepKind | None = None
    opened: Callable[[Mapping[str, str]], AbstractContextManager[Tool]] | None = None
    #: The kinds of timeline events that it is told of, besides its end.
    follows: frozenset[str] = frozenset()
    #: Reaches it to keep action items, where it is a ticket system.
    tasks: Callable[[Mapping[str, str]], AbstractContextManager[TaskTool]] | None = None
    #: Reaches it to post in social media, where it does that.
    posts: Callable[[Mapping[str, str]], AbstractContextManager[PostTool]] | None = None


def checked(provider: Provider, told: Mapping[str, str]) -> str:
    """What the provider says to a test. Raises ProviderError."""
    way: Callable[[Mapping[str, str]], AbstractContextManager[Checked]] | None = provider.opened or provider.posts
    if way is None:
        raise ProviderError(f"{provider.label} cannot be tested.", permanent=True)
    with way(told) as tool:
        return tool.check()


def pairs(text: str, *, example: str) -> dict[str, str]:
    """What stands for what there, as it is told in ``P0=Highest, P1=High``. Raises ProviderError for anything else."""
    found = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(name.strip() and value.strip() for name, _, value in found):
        raise ProviderError(f"What stands for what is told as {example}.", permanent=True)
    return {name.strip(): value.strip() for name, _, value in found}


_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Let connections be made with ``provider``."""
    if provider.key in _providers:
        raise ValueError(f"There is a provider {provider.key!r} already.")
    _providers[provider.key] = provider


def provider_of(key: str) -> Provider:
    """The provider of that key. Raises LookupError."""
    return _providers[key]


def providers() -> list[Provider]:
    """All of them, by their name."""
    return sorted(_providers.values(), key=lambda each: each.label)
