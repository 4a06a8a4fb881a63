"""Between plain data (what YAML and JSON hold) and the typed document, in both directions, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, time, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from apps.core import durations

T = TypeVar("T")

_SCALARS: dict[Any, Any] = {
    str: str,
    int: int,
    bool: bool,
    timedelta: durations.parse,
    durations.Delay: durations.parse_delay,
    date: date.fromisoformat,
    time: time.fromisoformat,
}


def build(kind: type[T], data: Any) -> T:
    """Return ``data`` as a value of ``kind``: a dataclass, down to its last field.

    The data has passed the schema; a type it cannot be raises ValueError, DurationError or TypeError.
    """
    return cast("T", _typed(kind, data))


def plain(value: Any) -> Any:
    """Return ``value`` as dictionaries, lists, texts, numbers and booleans; what equals its default is left out."""
    if is_dataclass(value) and not isinstance(value, (durations.Fixed, durations.Fraction, durations.NextBusinessDay)):
        said = [(item.name, getattr(value, item.name)) for item in fields(value) if not _is_default(item, value)]
        return {name: plain(content) for name, content in said}
    if isinstance(value, Mapping):
        return {key: plain(content) for key, content in value.items()}
    if isinstance(value, tuple):
        return [plain(content) for content in value]
    if isinstance(value, timedelta):
        return durations.format(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, (bool, int)) else str(value)


def _typed(kind: Any, data: Any) -> Any:
    if kind in _SCALARS:
        return _SCALARS[kind](data)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return cast("Any", kind)(**{name: _typed(hints[name], content) for name, content in data.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(_typed(arguments[0], content) for content in data)
    if origin is Mapping:
        return {key: _typed(arguments[1], content) for key, content in data.items()}
    if origin is Literal:
        return data
    if origin in (UnionType, Union):
        return _one_of(arguments, data)
    raise TypeError(f"the document has no values of type {kind!r}")


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    literals = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    if data in literals:
        return data
    others = tuple(kind for kind in kinds if kind is not NoneType and get_origin(kind) is not Literal)
    return _typed(durations.Delay if others == get_args(durations.Delay) else others[0], data)


def _is_default(item: Field[Any], owner: Any) -> bool:
    default = item.default_factory() if item.default_factory is not MISSING else item.default
    return default is not MISSING and getattr(owner, item.name) == default
