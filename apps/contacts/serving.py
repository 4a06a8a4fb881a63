"""By which kinds of contact method this house reaches people: the channels above register what they serve."""

from __future__ import annotations

from collections.abc import Callable

from apps.contacts.models import MethodKind

_served: dict[MethodKind, Callable[[], bool]] = {}


def serve(kind: MethodKind, *, when: Callable[[], bool]) -> None:
    """Let methods of ``kind`` count while ``when()`` says that they can be served: the provider is configured."""
    _served[kind] = when


def kinds() -> set[MethodKind]:
    """The kinds that can be served now. Asks no database."""
    return {kind for kind, when in _served.items() if when()}
