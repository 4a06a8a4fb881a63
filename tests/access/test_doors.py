"""Goes through every page and every address of the API, as everybody, to what is theirs, others' and private."""

from __future__ import annotations

from collections import Counter

import pytest

from apps.teams.access import Holder
from apps.teams.models import Scope
from tests.access.api import API
from tests.access.knocking import Route, routes
from tests.access.visiting import PEOPLE, Visitor, doors, visit
from tests.access.web import WEB
from tests.access.world import World


def pages() -> list[Route]:
    return [route for route in routes() if not route.path.startswith(("api/", "admin/"))]


def addresses() -> list[Route]:
    return [route for route in routes() if route.path.startswith("api/")]


def test_every_page_says_what_it_asks():
    assert {route.name for route in pages()} == WEB.keys()


def test_no_two_doors_are_called_the_same():
    named = [route.name for route in (*pages(), *addresses())]
    assert [name for name, times in Counter(named).items() if times > 1] == []


def test_every_address_of_the_api_says_what_it_asks_by_each_method():
    assert {route.name for route in addresses()} == API.keys()
    for route in addresses():
        if getattr(route.callback, "actions", None):
            assert set(route.api_methods) == set(API[route.name]), route.name


@pytest.mark.parametrize("visitor", [Visitor(None), *map(Visitor, PEOPLE)], ids=str)
def test_pages(world: World, visitor: Visitor, record_property):
    knocked, wrong = visit(world, visitor, list(doors(pages(), WEB, ("get", "post"))))
    record_property("doors", knocked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "visitor",
    [
        Visitor(Holder.INTEGRATION),
        *(Visitor(holder, Scope.PROVISION) for holder in PEOPLE),
        *(Visitor(Holder.ADMIN, scope) for scope in Scope if scope is not Scope.PROVISION),
    ],
    ids=str,
)
def test_provisioning(world: World, visitor: Visitor, record_property):
    kept = [route for route in pages() if route.path.startswith("scim/") and route.name != "scim-nowhere"]
    found = [door for door in doors(kept, WEB, ("get", "post", "put", "patch", "delete")) if door.is_there]
    knocked, wrong = visit(world, visitor, found, sends="application/scim+json")
    record_property("doors", knocked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "visitor",
    [
        Visitor(None),
        Visitor(Holder.INTEGRATION),
        *(Visitor(holder, Scope.MANAGE) for holder in PEOPLE),
        Visitor(Holder.ADMIN, Scope.READ),
        Visitor(Holder.ADMIN, Scope.RESPOND),
        Visitor(Holder.ADMIN, Scope.INGEST),
        Visitor(Holder.ADMIN, Scope.PROVISION),
    ],
    ids=str,
)
def test_the_api(world: World, visitor: Visitor, record_property):
    methods = ("get", "post", "put", "patch", "delete")
    found = list(doors(addresses(), API, methods))
    knocked, wrong = visit(world, visitor, found, sends="application/json")
    record_property("doors", knocked)
    assert not wrong, "\n".join(wrong)
