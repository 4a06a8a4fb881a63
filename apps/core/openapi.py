"""What the OpenAPI document says of every operation: its problems, its quota, and the Idempotency-Key of each POST."""

from __future__ import annotations

from typing import Any

from apps.core.idempotency import HEADER, KEPT_FOR, LONGEST_KEY
from apps.core.problems import CONTENT_TYPE

_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {
            "type": "object",
            "description": "By field: what is wrong with it (400).",
            "additionalProperties": {},
        },
        "missing": {
            "type": "array",
            "description": "What an open gate waits for (409).",
            "items": {
                "type": "object",
                "required": ["gate", "item_id", "text"],
                "properties": {"gate": _TEXT, "item_id": {"type": "integer", "nullable": True}, "text": _TEXT},
            },
        },
    },
}
_READING = {
    "400": "The request could not be understood.",
    "401": "No credentials, or wrong ones.",
    "403": "The token's scope or the person's right does not reach so far.",
    "404": "There is no such thing that you may see.",
    "429": "More requests than there may be in a minute; Retry-After says when to come back.",
}
_WRITING = {
    **_READING,
    "409": "The rules do not allow it now, or the Idempotency-Key was used for another request.",
    "413": "The body is too large.",
    "415": "The body is of another type than what is read here, which mostly is JSON.",
}
_QUOTA = {
    "RateLimit-Policy": {
        "description": 'How many requests (q) there may be in how many seconds (w), as in "read";q=600;w=60.',
        "schema": _TEXT,
    },
    "RateLimit": {
        "description": 'How many are left (r), and in how many seconds there are all (t), as in "read";r=599;t=60.',
        "schema": _TEXT,
    },
}
#: A time of the day by the clock on the wall.
LOCAL_TIME = r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"
_KEY = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": (
        "The same key with the same body gives the same answer (409 where that held a secret) and one effect, "
        f"for {KEPT_FOR.total_seconds() / 3600:.0f} hours."
    ),
}


def describe_every_operation(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: add to each operation the problems it may answer with and the headers
    of its quota, and to each POST its key."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            problems = _READING if method == "get" else _WRITING
            for status, description in problems.items():
                operation["responses"].setdefault(status, _answer(description))
            for answer in operation["responses"].values():
                answer.setdefault("headers", {}).update(_QUOTA)
            if method == "post":
                operation.setdefault("parameters", []).append(_KEY)
    return result


def describe_local_times(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: say of times of the day that they are local ones.

    The format ``time`` is one of RFC 3339, with an offset, which no time of a clock on a wall has.
    """
    for schema in result.get("components", {}).get("schemas", {}).values():
        for field in schema.get("properties", {}).values():
            if field.get("format") == "time":
                del field["format"]
                field["pattern"] = LOCAL_TIME
    return result


def _answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
