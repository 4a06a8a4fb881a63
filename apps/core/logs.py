"""What must not stand in logs."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

#: Parts of addresses that open something by themselves, after which the secret comes.
_OPENS = re.compile(
    r"(/(?:calendars|ack|join|emergency|(?<!reports/)report|status/(?:confirm|unsubscribe)|login/forgotten/[\w-]+|ingest/[\w-]+)/|[?&](?:token|key|code|state|secret|password)=)[^\s/?&'\"]+",
    re.IGNORECASE,
)
#: Secrets that tell themselves by how they look (``core.keys``), wherever they stand.
_SECRETS = re.compile(r"\b(ad[a-z]{2}_)[0-9A-Za-z]{46}\b")


def without_tokens(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor of structlog: takes out of the texts of an entry, at any depth, the tokens that they carry."""
    for name, value in event.items():
        event[name] = _without(value)
    return event


def _without(value: Any) -> Any:
    if isinstance(value, str):
        found = _OPENS.sub(r"\1…", value) if "/" in value or "=" in value else value
        return _SECRETS.sub(r"\1…", found) if "_" in found else found
    if isinstance(value, dict):
        return {key: _without(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without(each) for each in value]
    return value
