"""Whoever reads what is private leaves a line in the record, by whatever door they looked."""

from __future__ import annotations

import pytest

from apps.audit.models import Entry
from apps.core.audited import Act
from apps.teams.access import Holder
from apps.teams.models import Scope
from tests.access.api import API
from tests.access.asking import places_of
from tests.access.knocking import routes, undone
from tests.access.visiting import Visitor, doors
from tests.access.web import WEB
from tests.access.world import PRIVATE, WORD_OF, World

#: Lists of many incidents that say of each what it is called and how it stands, and no more.
TITLES_ALONE = {"home", "home_now", "incidents", "postmortems"}


@pytest.mark.parametrize(
    "visitor", [Visitor(Holder.COMMANDER), Visitor(Holder.COMMANDER, Scope.READ)], ids=["pages", "the API"]
)
def test_looking_at_a_private_incident_is_written_down(world: World, visitor: Visitor):
    is_api = visitor.scope is not None
    known = API if is_api else WEB
    found = [route for route in routes() if route.name in known and route.path.startswith("api/") is is_api]
    shown, unnoted = [], []
    for door in doors(found, known, ("get",)):
        if not door.is_there or (door.ask.of and PRIVATE not in places_of(door.ask)):
            continue
        with undone():
            answer = visitor.client(world).get(door.address(visitor.things(world, PRIVATE)))
            text = b"".join(answer).decode(errors="replace").lower()
            if answer.status_code == 200 and WORD_OF[PRIVATE] in text:
                shown.append(door.route.name)
                if not Entry.objects.filter(act=Act.PRIVATE_READ).exists():
                    unnoted.append(door.route.name)
    assert len(shown) > 5
    assert set(unnoted) == (set() if is_api else TITLES_ALONE)
