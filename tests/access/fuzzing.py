"""What the OpenAPI document says may be sent, and what it says that must not be: the same whoever sends it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis
import requests
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.access.knocking import undone

#: How many requests of each kind are made up for an operation; `make fuzz` sends more.
DEPTH = int(os.environ.get("FUZZ_DEPTH", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
HOST = "http://testserver"


@dataclass(frozen=True)
class Operation:
    """One operation of the document, with the requests that were made up for it."""

    method: str
    path: str
    cases: tuple[Case, ...]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the document. The same requests whoever asks, in each run."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=HOST)
    found = [result.ok() for result in schema.get_all_operations()]
    return tuple(Operation(each.method, each.path, tuple(_made_up(each))) for each in found)


def _made_up(operation: Any) -> Iterator[Case]:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            yield from _examples(operation.as_strategy(generation_mode=mode))
        except hypothesis.errors.Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, f"Nothing can be sent to {operation.label}."


def _examples(strategy: Any) -> list[Case]:
    found: list[Case] = []

    @hypothesis.seed(6)
    @hypothesis.settings(
        max_examples=DEPTH, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def there(operation: Operation, named: Mapping[str, list[str]]) -> str:
    """Where the operation is asked for of what there is; empty where its address names nothing that there is."""
    template = re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(operation.path)) + "$")
    return next((path for path in named[operation.method] if template.match(path)), "")


def send(client: Client, case: Case, path: str) -> list[str]:
    """Send the request to ``path`` and take back what came of it; what of the answer is not as the document says."""
    asked = requests.Request(**{**case.as_transport_kwargs(base_url=HOST), "url": f"{HOST}{path}"})
    asked.headers = {name: value for name, value in (asked.headers or {}).items() if name != "User-Agent"}
    prepared = asked.prepare()
    body = prepared.body or b""
    with undone():
        answer = client.generic(
            case.method,
            prepared.path_url,
            body.encode() if isinstance(body, str) else body,
            content_type=prepared.headers.pop("Content-Type", ""),
            headers=dict(prepared.headers),
        )
        content = b"".join(answer)
    headers = {name.lower(): [value] for name, value in answer.headers.items()}
    response = Response(
        status_code=answer.status_code, headers=headers, content=content, request=prepared, elapsed=0.0, verify=False
    )
    try:
        case.validate_response(response, checks=CHECKS)
    except (Failure, FailureGroup) as wrong:
        told = wrong.exceptions if isinstance(wrong, FailureGroup) else [wrong]
        return [f"{answer.status_code}: {each.title}: {each.message[:300]} {content[:200]!r}" for each in told]
    return []
