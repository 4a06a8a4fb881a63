"""Checks plain data against the published JSON Schema and says in the house's words what was expected."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path as File
from typing import Any

import holidays
from django.conf import settings
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from apps.core import durations
from apps.core.zones import known_zones
from apps.procedures.problems import Path

_formats = FormatChecker(formats=["date"])


@_formats.checks("duration-text", raises=durations.DurationError)
def _is_duration(value: object) -> bool:
    return not isinstance(value, str) or durations.parse(value) is not None


@_formats.checks("delay-text", raises=durations.DurationError)
def _is_delay(value: object) -> bool:
    return not isinstance(value, str) or value == "off" or durations.parse_delay(value) is not None


@_formats.checks("time-zone")
def _is_time_zone(value: object) -> bool:
    return not isinstance(value, str) or value in known_zones()


@_formats.checks("holiday-country")
def _is_holiday_country(value: object) -> bool:
    return not isinstance(value, str) or value in holidays.list_supported_countries()


def schema_file() -> File:
    """Return where the published schema stands."""
    return File(settings.BASE_DIR) / "procedures" / "schema.json"


def violations(data: Any) -> Iterator[tuple[Path, str]]:
    """Yield where ``data`` departs from the schema and what was expected there, at most one message a place."""
    seen: set[Path] = set()
    for error in _validator().iter_errors(data):
        for path, message in _explained(error):
            if path not in seen:
                seen.add(path)
                yield path, message


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(schema_file().read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=_formats)


def _explained(error: ValidationError) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(error.absolute_path)
    instance: Any = error.instance
    schema: Any = error.schema
    if error.validator == "required":
        yield path, f"missing: {', '.join(name for name in schema['required'] if name not in instance)}"
    elif error.validator == "additionalProperties":
        known = list(schema["properties"])
        for name in instance:
            if name not in known:
                yield (*path, name), f"unknown key; {_suggestion(name, known)}"
    elif "propertyNames" in error.absolute_schema_path:
        yield (*path, instance), f"expected {_expected(error, schema)}, got {shown(instance)}"
    else:
        yield path, f"expected {_expected(error, schema)}, got {shown(instance)}"


def _expected(error: ValidationError, schema: Any) -> str:
    if isinstance(error.cause, durations.DurationError):
        return str(error.cause).removeprefix("expected ").partition(", got ")[0]
    if error.validator == "maxLength":
        return f"at most {error.validator_value} characters"
    if message := schema.get("errorMessage"):
        return str(message)
    if error.validator == "enum":
        return " or ".join(schema["enum"])
    if error.validator == "uniqueItems":
        return "each entry once"
    if error.validator in ("minItems", "minProperties"):
        return "at least one entry"
    return {"object": "keys and values", "array": "a list"}.get(schema.get("type"), error.message)


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"


def shown(value: Any) -> str:
    """Return ``value`` as a message quotes it: JSON, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
