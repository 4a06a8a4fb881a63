"""A vendor's document, read with care: every mistake is said with the place where it stands.

An API answers with an object around a list, and with several of them where there are many entries; people who put a
document together also leave the wrapping away. ``Place.answers`` understands all three.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from pathlib import Path
from typing import Any, NoReturn

from apps.core.errors import Invalid

#: More than any export of the three products; what is larger was not meant.
LARGEST_FILE = 64 * 1024 * 1024
#: Of people, teams, schedules: more than any organisation has.
LONGEST_LIST = 1_000_000
#: So that a reference made of three of them fits its column.
LONGEST_ID = 80
_YEARS = range(1990, 2201)
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}


def load(file: Path) -> Place:
    """Return what the JSON file says. Raises Invalid, in a sentence, for a file that cannot be read or is no object."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Invalid(f"{file} is larger than {LARGEST_FILE // 1024**2} MiB.")
        text = file.read_bytes().decode("utf-8-sig")
        document = Place(json.loads(text), "")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is not UTF-8 text.") from error
    except RecursionError as error:
        raise Invalid(f"{file} is nested too deeply.") from error
    except ValueError as error:
        raise Invalid(f"{file} is not JSON: {error}.") from error
    document.fields()
    return document


@dataclass(frozen=True, slots=True)
class Place:
    """A value of the document, and where it stands."""

    value: Any
    path: str

    @property
    def where(self) -> str:
        """The place as people write it: ``schedules[0].name``."""
        return self.path or "the document"

    def fields(self) -> dict[str, Any]:
        """The object that stands here. Raises Invalid for anything else."""
        if not isinstance(self.value, dict):
            self.refuse("an object")
        return self.value

    def at(self, key: str) -> Place:
        """The place of ``key`` in the object that stands here; its value is None where it is missing."""
        return Place(self.fields().get(key), f"{self.path}.{key}".removeprefix("."))

    def has(self, key: str) -> bool:
        """Whether the object that stands here says anything of ``key``."""
        return self.fields().get(key) is not None

    def items(self, *, most: int = LONGEST_LIST) -> Iterator[Place]:
        """The entries of the list that stands here, none where nothing does. Raises Invalid for more than ``most``."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.refuse("a list")
        if len(self.value) > most:
            raise Invalid(f"{self.where}: {len(self.value):,} entries; more than {most:,} were not meant.")
        for index, value in enumerate(self.value):
            yield Place(value, f"{self.path}[{index}]")

    def entries(self) -> Iterator[tuple[str, Place]]:
        """The keys and values of the object that stands here, none where nothing does."""
        if self.value is None:
            return
        for key in self.fields():
            yield key, Place(self.value[key], f"{self.path}[{key!r}]")

    def answers(self, *wrappings: str) -> Iterator[Place]:
        """The entries of an API's answer: a list, or an object with it under one of ``wrappings``, or many of these."""
        waiting = [self]
        while waiting:
            place = waiting.pop()
            if place.value is None:
                continue
            if isinstance(place.value, list):
                waiting += reversed(list(place.items()))
                continue
            fields = place.fields()
            wrapping = next((key for key in wrappings if isinstance(fields.get(key), dict | list)), None)
            if wrapping is None:
                yield place
            else:
                waiting.append(place.at(wrapping))

    def text(self, key: str, *, default: str | None = None) -> str:
        """The text under ``key`` without space around it; ``default`` where there is none. Raises Invalid."""
        place = self.at(key)
        if place.value is None and default is not None:
            return default
        if not isinstance(place.value, str):
            place.refuse("a text")
        if "\x00" in place.value or not _is_storable(place.value):
            raise Invalid(f"{place.where}: the text holds a character that cannot be stored.")
        text: str = place.value.strip()
        if not text and default is None:
            place.refuse("a text")
        return text or default or ""

    def identity(self, key: str = "id") -> str:
        """The id under ``key``. Raises Invalid for what is none."""
        text = self.text(key)
        if len(text) > LONGEST_ID or "#" in text:
            self.at(key).refuse(f"an id of at most {LONGEST_ID} signs, without a #")
        return text

    def whole(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """The whole number under ``key``; ``default`` where there is none. Raises Invalid outside least to most."""
        place = self.at(key)
        if place.value is None and default is not None:
            return default
        number = place.value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            place.refuse(f"a whole number from {least} to {most}")
        return number

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false under ``key``; ``default`` where there is none. Raises Invalid."""
        place = self.at(key)
        if place.value is None:
            return default
        if not isinstance(place.value, bool):
            place.refuse("true or false")
        return place.value

    def moment(self, key: str, *, zone: tzinfo | None = None) -> datetime:
        """The moment under ``key``, UTC, to the second; one without an offset is of ``zone``. Raises Invalid."""
        place = self.at(key)
        if not isinstance(place.value, str):
            place.refuse("a moment such as 2026-03-02T09:00:00Z")
        try:
            moment = datetime.fromisoformat(place.value)
        except ValueError:
            place.refuse("a moment such as 2026-03-02T09:00:00Z")
        if moment.tzinfo is None:
            if zone is None:
                place.refuse("a moment with its offset, such as 2026-03-02T09:00:00Z")
            moment = moment.replace(tzinfo=zone)
        if moment.year not in _YEARS:
            place.refuse(f"a moment between {_YEARS[0]} and {_YEARS[-1]}")
        return moment.astimezone(UTC).replace(microsecond=0)

    def moment_or_none(self, key: str, *, zone: tzinfo | None = None) -> datetime | None:
        """As ``moment``, and None where nothing stands."""
        return self.moment(key, zone=zone) if self.has(key) else None

    def time_of_day(self, key: str) -> time:
        """The wall time under ``key``, such as 09:00:00. Raises Invalid."""
        place = self.at(key)
        try:
            return time.fromisoformat(place.value).replace(tzinfo=None, microsecond=0)
        except (TypeError, ValueError):
            place.refuse("a time such as 09:00:00")

    def refuse(self, expected: str) -> NoReturn:
        """Raise Invalid: here stands something else than ``expected``."""
        found = _KINDS.get(type(self.value)) or "a number"
        if isinstance(self.value, str | int | float) and not isinstance(self.value, bool):
            shown = json.dumps(self.value)
            found = shown if len(shown) <= 60 else f"{shown[:60]}…"
        raise Invalid(f"{self.where}: expected {expected}, found {found}.")


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
