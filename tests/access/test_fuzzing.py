"""What the OpenAPI document lets one send, sent by everybody: no fault of ours, and no other answer than it says."""

from __future__ import annotations

from collections import defaultdict

import pytest

from apps.teams.access import Holder
from apps.teams.models import Scope
from tests.access.api import API
from tests.access.asking import places_of
from tests.access.fuzzing import operations, send, there
from tests.access.test_doors import addresses
from tests.access.visiting import PEOPLE, Visitor, doors
from tests.access.world import World

#: What is not sent to an operation, each with the reason. There is none.
EXEMPT: dict[str, str] = {}
PROVISIONING = Visitor(Holder.ADMIN, Scope.PROVISION)


@pytest.mark.parametrize(
    "visitor",
    [Visitor(None), Visitor(Holder.INTEGRATION), PROVISIONING, *(Visitor(holder, Scope.MANAGE) for holder in PEOPLE)],
    ids=str,
)
def test_every_operation_answers_as_the_document_says(world: World, visitor: Visitor, record_property):
    client, sent, wrong, named = visitor.client(world), 0, [], defaultdict(list)
    for door in doors(addresses(), API, ("get", "post", "put", "patch", "delete")):
        if door.is_there:
            things = visitor.things(world, places_of(door.ask)[0])
            named[door.method].append(door.address(things).split("?")[0])
    for operation in operations():
        if str(operation) in EXEMPT:
            continue
        path = there(operation, named)
        for case in operation.cases:
            for address in dict.fromkeys([path or case.formatted_path, case.formatted_path]):
                wrong += [f"{operation} as {visitor} at {address}: {told}" for told in send(client, case, address)]
                sent += 1
    record_property("fuzzed", (len(operations()), sent))
    assert not wrong, "\n".join(wrong)


def test_every_operation_of_the_document_is_sent_something():
    assert all(operation.cases for operation in operations())
    assert EXEMPT.keys() <= {str(operation) for operation in operations()}
