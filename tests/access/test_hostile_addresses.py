"""Every address of the house with an argument that means harm, as nobody and as an administrator: no fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import quote, unquote

import pytest
from django.urls import Resolver404, resolve

from apps.teams.access import Holder
from tests.access.knocking import Route, knock, routes
from tests.access.visiting import Visitor
from tests.access.web import NAMED
from tests.access.world import World

#: What stands in an address for an argument. The admin reads ``_00`` as NUL.
ARGUMENTS = {
    "nul": "\x00",
    "nul of the admin": "_00",
    "huge": "x" * 3_000,
    "huge number": "9" * 3_000,
    "odd": "½٣\u202e\U0001f469 %2e%2e' OR \"1\"='1",
}
#: What the other arguments are meanwhile.
OTHERS = {**NAMED, "number": "INC-1", "reference": "INC-1"}
#: An argument of a route, as a path or as an expression says it.
_ARGUMENT = re.compile(r"<(?:\w+:)?(?P<path>\w+)>|\(\?P<(?P<expression>\w+)>(?:[^()\\]|\\.)*\)")


def address(route: Route, hostile: str, said: str) -> str:
    """Where the route is asked for with ``said`` as its argument ``hostile``."""

    def filled(found: re.Match[str]) -> str:
        name = found["path"] or found["expression"]
        return quote(said if name == hostile else str(OTHERS.get(name, "1")), safe="")

    return "/" + _ARGUMENT.sub(filled, re.sub(r"\^|\$|\\Z|\\(?=[./-])", "", route.path))


def takes(route: Route, path: str) -> bool:
    """Whether it is this route that answers there."""
    try:
        return resolve(unquote(path)).url_name == route.name.rpartition(":")[2]
    except Resolver404:
        return False


def asked(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """Each argument of each pattern with each of these, where it takes them, by method.

    The admin knows nobody, and looks for a row in one way, whatever is to be done with it: it is only looked at.
    """
    for route in routes():
        in_admin = route.path.startswith("admin/")
        if in_admin and visitor.holder is None:
            continue
        paths = [address(route, hostile, said) for hostile in sorted(route.arguments) for said in ARGUMENTS.values()]
        yield from product(("get",) if in_admin else ("get", "post"), (path for path in paths if takes(route, path)))


def test_each_pattern_is_filled():
    plain = [address(route, "", "") for route in routes() if route.arguments]
    assert [path for path in plain if re.search(r"[<>()?\\]", path)] == []


@pytest.mark.parametrize("visitor", [Visitor(None), Visitor(Holder.ADMIN)], ids=str)
def test_no_address_is_a_fault(world: World, visitor: Visitor, record_property):
    client, found = visitor.client(world), list(asked(visitor))
    answers = {(method, path): knock(client, method, path, {}).status for method, path in found}
    record_property("doors", len(found))
    assert [f"{method} {path[:200]}" for (method, path), status in answers.items() if status >= 500] == []
    assert len(found) > (1_000 if visitor.holder else 250)
