"""What must not stand in logs."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

#: Parts of addresses that open something by themselves, after which the secret comes.
_OPENS = re.compile(
    r"(/(?:calendars|ack|join|ingest/[\w-]+)/|[?&](?:token|key|code|state|secret|password)=)[^\s/?&'\"]+", re.IGNORECASE
)


def without_tokens(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor of structlog: takes out of the texts of an entry the tokens that its addresses carry."""
    for name, value in event.items():
        if isinstance(value, str) and ("/" in value or "=" in value):
            event[name] = _OPENS.sub(r"\1…", value)
    return event
