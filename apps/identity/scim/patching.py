"""What of a patch is of use here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from scim2_models import InvalidSyntaxException, InvalidValueException

#: An attribute at the beginning of a path: the schema's name before it, if it is named, is the last but one part.
_FIRST = re.compile(r"(?:urn:.*:)?([a-z$][\w$-]*)", re.IGNORECASE)


def without(attributes: Collection[str], message: Any) -> dict[str, Any]:
    """The patch without what it writes to ``attributes``; of its operations none may be left.

    Raises InvalidSyntaxException for what is no message, InvalidValueException for one without operations.
    """
    if not isinstance(message, Mapping):
        raise InvalidSyntaxException
    told = {str(name).lower(): value for name, value in message.items()}
    operations = told.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidValueException(detail="A patch has one operation at least.")
    kept = (_without(attributes, each) for each in operations)
    return {"schemas": told.get("schemas"), "Operations": [each for each in kept if each is not None]}


def _without(attributes: Collection[str], operation: Any) -> Any:
    """The operation; None where nothing is left of it."""
    if not isinstance(operation, Mapping):
        return operation
    named = {str(name).lower(): name for name in operation}
    path, value = operation.get(named.get("path", "")), operation.get(named.get("value", ""))
    if path:
        return None if _attribute(path) in attributes else operation
    if not isinstance(value, Mapping):
        return operation
    left = {name: each for name, each in value.items() if _attribute(name) not in attributes}
    return {**operation, named["value"]: left} if left or not value else None


def _attribute(path: Any) -> str:
    found = _FIRST.match(str(path))
    return found.group(1).lower() if found else ""
