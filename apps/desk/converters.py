"""How incidents and decisions appear in addresses."""

from __future__ import annotations


class ReferenceConverter:
    """``INC-7`` in an address is 7, its primary key, in a view."""

    regex = "INC-[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value.removeprefix("INC-"))

    def to_url(self, value: int | str) -> str:
        return value if isinstance(value, str) else f"INC-{value}"


class DecisionConverter:
    """``approve`` or ``refuse``."""

    regex = "approve|refuse"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
