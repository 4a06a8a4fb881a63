"""Who knocks at which doors, and how an answer is held against what the matrix says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.test import Client
from django.urls import reverse

from apps.teams import actions
from apps.teams.access import Holder, Permission
from apps.teams.models import Scope
from tests.access.asking import KINDS, Ask, Verdict, expected, holds, places_of
from tests.access.knocking import Answer, Route, knock
from tests.access.web import NAMED, PARTS
from tests.access.world import BELOW, OTHERS_PRIVATE, OWN, PRIVATE, WORD_OF, World

PEOPLE = [holder for holder in Holder if holder is not Holder.INTEGRATION]
#: Who tries the methods as well that a page does not have.
CURIOUS = Holder.COMMANDER


@dataclass(frozen=True)
class Visitor:
    """Who knocks; without ``holder`` nobody who is signed in, with ``scope`` by a token."""

    holder: Holder | None
    scope: Scope | None = None

    def __str__(self) -> str:
        return f"{self.holder or 'nobody'}{f' with a token to {self.scope}' if self.scope else ''}"

    def client(self, world: World) -> Client:
        """A client that says who they are in the way that their doors ask for."""
        secret = self._secret(world)
        sent = {"Authorization": f"Bearer {secret}"} if secret else None
        client = Client(raise_request_exception=False, headers=sent)
        if secret is None and self.holder is not None:
            client.force_login(world.people[self.holder], backend="apps.teams.backends.PeopleBackend")
        return client

    def _secret(self, world: World) -> str | None:
        """What they prove themselves by, besides being signed in: a token, or the key of an integration."""
        if self.holder is Holder.INTEGRATION:
            return str(world.things[OWN]["key"])
        if self.holder is None or self.scope is None:
            return None
        return actions.create_token(world.people[self.holder], name="doors", scope=self.scope)[1]

    def things(self, world: World, place: str) -> dict[str, Any]:
        """What there is, with what is one's own: at the other place that is somebody else's."""
        mine = world.mine.get(self.holder or Holder.REPORTER, world.mine[Holder.REPORTER])
        return {**world.things[place], **(mine if place == OWN else {}), "oneself": mine["oneself"]}

    def reaches(self, among: Iterable[str]) -> list[str]:
        """Where they try: below their team whoever reaches down, and one who does not."""
        return [place for place in among if place != BELOW or self.holder in (Holder.MANAGER, CURIOUS)]

    def places(self, door: Door) -> list[str]:
        """Where they knock at the door; a method that is not there is the same at every place.

        What is private at another team is what is private anywhere to who never sees such things: these only look.
        """
        places = self.reaches(places_of(door.ask)) if door.is_there else places_of(door.ask)[:1]
        return [place for place in places if place != OTHERS_PRIVATE or door.method == "get" or self.sees(PRIVATE)]

    def sees(self, place: str) -> bool:
        return self.holder is not None and holds(self.holder, Permission.VIEW, place)


@dataclass(frozen=True)
class Door:
    """A route with a method, whether it has that, and what it asks; and which of its parts, where it has some."""

    route: Route
    method: str
    ask: Ask
    is_there: bool = True
    part: str = ""

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route.name} {self.part}".rstrip()

    def body(self, things: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.ask.sent(things) if self.is_there and self.method != "get" else {}

    def address(self, things: Mapping[str, Any]) -> str:
        if not self.route.name:
            return "/api/nowhere/"
        named = {**NAMED, "name": self.part, **(KINDS[self.ask.of].named(things) if self.ask.of else {})}
        path = reverse(self.route.name, kwargs={name: named[name] for name in self.route.arguments})
        return f"{path}?{self.ask.query}" if self.ask.query else path


def doors(found: list[Route], asked: Mapping[str, Mapping[str, Ask]], methods: tuple[str, ...]) -> Iterator[Door]:
    for route in found:
        asks = asked[route.name]
        for part, method in product(PARTS.get(route.name, ("",)), methods):
            yield Door(route, method, asks.get(method) or next(iter(asks.values())), method in asks, part)


def visit(world: World, visitor: Visitor, found: list[Door], *, sends: str = "") -> tuple[int, list[str]]:
    """At how many doors the visitor knocked, and which of them answered otherwise than they should.

    ``sends``: the kind of their bodies, where they take no forms.
    """
    client, knocked, wrong = visitor.client(world), 0, []
    for door in found:
        if not door.is_there and visitor.holder is not CURIOUS:
            continue
        for place in visitor.places(door):
            things = visitor.things(world, place)
            kind = "" if door.ask.form else sends
            answer = knock(client, door.method, door.address(things), door.body(things), also=door.ask.also, sends=kind)
            knocked += 1
            if door.is_there or answer.status != 405:
                wanted = expected(door.ask, visitor.holder, place, scope=visitor.scope, writes=door.method != "get")
                wrong += [f"{door} of {place}: {each}" for each in complaints(answer, wanted, visitor)]
    return knocked, wrong


def complaints(answer: Answer, wanted: Verdict, visitor: Visitor) -> list[str]:
    """What is wrong with the answer: another one is wanted, it tells too much, or something was done all the same."""
    found = []
    if not _fits(answer, wanted):
        found.append(f"{wanted}, but {answer.meaning}: {answer.status} {answer.text[:300]}")
    if wanted is not Verdict.DONE and answer.written:
        found.append(f"{wanted}, but it wrote {answer.written[0][:200]}")
    if wanted is not Verdict.UNKNOWN:  # that tells the name again
        told = answer.text.lower()
        found += [f"tells of {word}" for place, word in WORD_OF.items() if word in told and not visitor.sees(place)]
    return found


def _fits(answer: Answer, wanted: Verdict) -> bool:
    """Whether the answer is the one that is wanted; what is unknown may be refused before anybody looks for it."""
    if wanted is Verdict.UNKNOWN:
        return answer.status == 400 or answer.meaning is Verdict.REFUSED
    if wanted is Verdict.LEFT:
        return answer.meaning in (Verdict.SIGN_IN, Verdict.DONE)
    return answer.meaning is wanted
