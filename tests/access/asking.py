"""What a door asks, and what whoever knocks is answered by the matrix of ``teams.access``.

A door is a route with a method. Its ``Ask`` says which right it wants on which object; nothing here is recorded from
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from apps.incidents.models import Incident, ProceduresRevision
from apps.teams.access import MATRIX, Holder, Permission, Reach, Right
from apps.teams.models import Scope
from apps.teams.permissions import CONTAINED
from tests.access.world import BELOW, OTHER, OTHERS_PRIVATE, OWN, PRIVATE

Things = Mapping[str, Any]
Body = Mapping[str, Any] | Callable[[Things], Mapping[str, Any]]


class Verdict(Enum):
    """What one is answered."""

    SIGN_IN = "has to sign in"
    LEFT = "is signed out"
    GONE = "finds nothing there"
    UNKNOWN = "is told that there is nothing of that name"
    REFUSED = "has no right to it"
    DONE = "is let in"


class Only(Enum):
    """Rights that no role brings along."""

    ANYBODY = "whoever knocks, signed in or not"
    SIGNED_IN = "whoever is signed in"
    NOBODY = "nobody but the person whom it concerns, who is none of those who knock"
    HIDDEN = "as NOBODY, and to all others it is not there"
    UNKNOWN = "whoever has the token, which nobody has"
    LEAVES = "whoever wants to sign in or out"
    PROVISIONS = "an identity provider with a token of an administrator that provisions, and nothing else does"
    SIGNED = "a provider or a device that proves itself, which nobody who knocks can"


@dataclass(frozen=True)
class Ask:
    """``right``, or any of several, on the object of the kind ``of``, which the address names.

    The ``body`` is such that the right decides.
    ``names``: the kind of the object that the body names, where the address names none. ``scope``: what a token needs
    to write there. ``also``: a status that stands for being let in, besides the usual ones. ``form``: the API reads a
    form there, with a file, and no JSON. ``in_person``: what takes a session; a token sees itself alone.
    """

    right: Permission | Right | Only | frozenset[Permission | Right]
    of: str = ""
    body: Body = field(default_factory=dict)
    query: str = ""
    scope: Scope | None = None
    also: int | None = None
    names: str = ""
    form: bool = False
    in_person: bool = False

    def sent(self, things: Things) -> Mapping[str, Any]:
        return self.body(things) if callable(self.body) else self.body


@dataclass(frozen=True)
class Kind:
    """How an address names an object of the kind, at which places there is one, and who finds it there."""

    named: Callable[[Things], dict[str, Any]]
    places: tuple[str, ...] = (OWN, OTHER, BELOW)
    personal: bool = False
    seen_by: tuple[Permission | Right, ...] = (Permission.VIEW,)


def _reference(pk: int) -> dict[str, Any]:
    return {"number": pk, "reference": Incident(pk=pk).reference}


def _row(kind: str, *names: str, **options: Any) -> Kind:
    return Kind(lambda things: dict.fromkeys(("pk", *names), things[kind]), **options)


def _slug(kind: str) -> Kind:
    return Kind(lambda things: {"slug": things[kind].slug})


OF_INCIDENTS = (OWN, OTHER, BELOW, PRIVATE, OTHERS_PRIVATE)
KINDS: dict[str, Kind] = {
    "incident": Kind(lambda things: _reference(things["incident"]), OF_INCIDENTS),
    "resolved": Kind(lambda things: _reference(things["resolved"]), OF_INCIDENTS),
    "checklist": Kind(lambda things: {**_reference(things["incident"]), "item": things["checklist"]}, OF_INCIDENTS),
    "runbook": Kind(lambda things: {**_reference(things["incident"]), "key": "fix"}, OF_INCIDENTS),
    "grant": Kind(
        lambda things: {**_reference(things["incident"]), "grant": things["grant"]}, (PRIVATE, OTHERS_PRIVATE)
    ),
    "request": Kind(lambda things: {**_reference(things["incident"]), "asked": things["request"]}, OF_INCIDENTS),
    "step": Kind(
        lambda things: {**_reference(things["incident"]), "step": things["step"], "kind": "page"}, OF_INCIDENTS
    ),
    "revision of the procedures": Kind(
        lambda _: {"number": ProceduresRevision.objects.values_list("pk", flat=True)[0]}, (OWN,)
    ),
    "incident in a form": Kind(lambda things: {**_reference(things["incident"]), "form": "md"}, OF_INCIDENTS),
    "actionitem": _row("actionitem", "item", places=OF_INCIDENTS),
    "improvement": Kind(
        lambda things: {
            **_reference(things["resolved"]),
            **dict.fromkeys(("improvement", "pk"), things["improvement"]),
        },
        OF_INCIDENTS,
    ),
    "social post": Kind(
        lambda things: {**_reference(things["incident"]), "post": things["post"], "decision": "refuse"}
    ),
    "publication": Kind(lambda things: {"code": things["publication"]}),
    "team": _slug("team"),
    "service": _slug("service"),
    "roster": _slug("roster"),
    "layer": Kind(lambda things: {"slug": things["roster"].slug, "layer_id": things["layer"]}),
    "override": Kind(
        lambda things: {"slug": things["roster"].slug, **dict.fromkeys(("override", "override_id"), things["override"])}
    ),
    "shadow": _row("shadow", "shadow"),
    "shift": _row("shift", "shift"),
    "swap": _row("swap", "swap"),
    "absence": _row("absence"),
    "policy": _row("policy"),
    "window": _row("window"),
    "check": _row("check"),
    "report": _row("report", seen_by=(Permission.RESPOND,)),
    "roster in the admin": Kind(
        lambda things: {"object_id": things["roster"].pk}, seen_by=(Permission.MANAGE, Right.OVERSEE)
    ),
    "person to administrate": Kind(lambda things: {"pk": things["oneself"].pk}, (OWN,), seen_by=(Right.ADMINISTRATE,)),
    "person in the admin": Kind(lambda things: {"id": things["oneself"].pk}, (OWN,), seen_by=(Right.OWN,)),
    "person": Kind(lambda things: {"pk": things["responder"].pk}, (OWN,), seen_by=(Right.OWN,)),
    "invitation": _row("invitation", seen_by=(Permission.MANAGE,)),
    "provisioned person": Kind(lambda things: {"known_as": things["responder"].pk}, (OWN,)),
    "provisioned group": Kind(lambda things: {"known_as": things["provider group"]}, (OWN,)),
    "kind of resource": Kind(lambda _: {"known_as": "User"}, (OWN,)),
    "schema of a resource": Kind(lambda _: {"known_as": "urn:ietf:params:scim:schemas:core:2.0:User"}, (OWN,)),
    "own page": _row("page", "page", places=(OWN, OTHER), personal=True),
    "own direct page": _row("direct", "number", places=(OWN, OTHER), personal=True),
    "own feed": _row("feed", "feed", places=(OWN, OTHER), personal=True),
    "own view": _row("view", "number", places=(OWN, OTHER), personal=True),
    "own method": _row("method", "method", places=(OWN, OTHER), personal=True),
    "own token": _row("apitoken", "token", places=(OWN, OTHER), personal=True),
    "leaver": Kind(lambda things: {"person": things["responder"].pk}, seen_by=(Right.ADMINISTRATE,)),
    "robot": _row("robot", "account", seen_by=(Permission.MANAGE,)),
    "own leave": _row("leave", "absence", places=(OWN, OTHER), personal=True),
}


def places_of(ask: Ask) -> tuple[str, ...]:
    """Where there is an object of the kind; one place for what names none."""
    kind = ask.of or ask.names
    return KINDS[kind].places if kind else (OWN,)


def holds(holder: Holder, right: Permission | Right, place: str) -> bool:
    """Whether the matrix gives ``right`` at that place."""
    if place in (PRIVATE, OTHERS_PRIVATE):
        return place == PRIVATE and holder in MATRIX[Right.PRIVATE]
    reach = MATRIX[right].get(holder)
    return reach in {OWN: tuple(Reach), BELOW: (Reach.ALL, Reach.BELOW), OTHER: (Reach.ALL,)}[place]


#: What is answered whoever knocks.
_WHOEVER_KNOCKS: Mapping[Any, Verdict] = {
    Only.ANYBODY: Verdict.DONE,
    Only.SIGNED: Verdict.REFUSED,
    Only.UNKNOWN: Verdict.GONE,
    Only.LEAVES: Verdict.LEFT,
}


def expected(
    ask: Ask, holder: Holder | None, place: str, *, scope: Scope | None = None, writes: bool = False
) -> Verdict:
    """What ``holder`` is answered; None: who is not signed in. ``scope``: of the token that they come with.

    The key of an integration is no such token: like any unknown one it is refused even where anybody is let in.
    """
    if holder is Holder.INTEGRATION:
        return Verdict.GONE if ask.right is Only.UNKNOWN else Verdict.SIGN_IN
    if ask.right is Only.PROVISIONS:
        return _provisions(holder, scope)
    if ask.right in _WHOEVER_KNOCKS:
        return _WHOEVER_KNOCKS[ask.right]
    if holder is None:
        return Verdict.SIGN_IN
    if scope is not None and (stopped := _stopped(ask, scope, writes)):
        return stopped
    if ask.right is Only.HIDDEN or (ask.of and not _sees(ask, holder, place)):
        return Verdict.GONE
    if ask.names and not holds(holder, Permission.VIEW, place):
        return Verdict.UNKNOWN
    if isinstance(ask.right, Only):
        return Verdict.REFUSED if ask.right is Only.NOBODY else Verdict.DONE
    any_of = ask.right if isinstance(ask.right, frozenset) else {ask.right}
    return Verdict.DONE if any(holds(holder, right, place) for right in any_of) else Verdict.REFUSED


def _stopped(ask: Ask, scope: Scope, writes: bool) -> Verdict | None:
    """What a token is answered where it does not reach, whoever it acts for."""
    if _needed(ask, writes) not in CONTAINED[scope]:
        return Verdict.REFUSED
    if ask.in_person:
        return Verdict.GONE if ask.of else Verdict.REFUSED
    return None


def _provisions(holder: Holder | None, scope: Scope | None) -> Verdict:
    if holder is None or scope is None:
        return Verdict.SIGN_IN
    return Verdict.DONE if (holder, scope) == (Holder.ADMIN, Scope.PROVISION) else Verdict.REFUSED


def _needed(ask: Ask, writes: bool) -> Scope:
    return (ask.scope or Scope.RESPOND) if writes else Scope.READ


def _sees(ask: Ask, holder: Holder, place: str) -> bool:
    if KINDS[ask.of].personal:
        return place == OWN
    return any(holds(holder, right, place) for right in KINDS[ask.of].seen_by)
