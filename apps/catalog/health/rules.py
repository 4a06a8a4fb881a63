"""What a check may ask, what an answer means, and which looks are kept. No database, no network (R16)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

#: Of looks that see the same, one in so long is kept.
SAMPLE = timedelta(minutes=10)

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt, "!=": operator.ne,
}  # fmt: skip


def fault_of_url(target: str) -> str:
    """Why ``target`` is no web address that may be asked; nothing where it is one."""
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return "This is no web address."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or target != target.strip():
        return "A web address begins with https:// or http:// and names a host."
    if parts.username is not None or parts.password is not None:
        return "An address that is shown to everybody holds no credentials."
    return ""


def host_of_url(target: str) -> str:
    """The host that a web address names."""
    return urlsplit(target).hostname or ""


def fault_of_endpoint(target: str) -> str:
    """Why ``target`` is no host with a port; nothing where it is one."""
    host, port = endpoint(target)
    if not host or any(sign in host for sign in "/@ \t\n") or not 0 < port < 65_536:
        return "A TCP connection leads to host:port, such as database.example.com:5432."
    return ""


def endpoint(target: str) -> tuple[str, int]:
    """Host and port of ``target``; an IPv6 address stands in brackets. Port 0 where there is none."""
    host, _, port = target.rpartition(":")
    is_number = port.isascii() and port.isdecimal() and len(port) < 6
    return host.removeprefix("[").removesuffix("]"), int(port) if is_number else 0


def numbers_of(answer: Mapping[str, Any]) -> list[float]:
    """The numbers in an answer of Prometheus (its HTTP API, "Instant queries"): none in what is no such answer.

    Raises ValueError with what Prometheus says where it could not answer the query.
    """
    if answer.get("status") != "success":
        raise ValueError(str(answer.get("error") or "The answer says neither success nor an error."))
    data = answer.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, Mapping) else (None, None)
    if not isinstance(result, list):
        return []
    samples = [result] if kind == "scalar" else [_value(each) for each in result]
    return [number for sample in samples if (number := _number(sample)) is not None]


def _value(series: Any) -> Any:
    return series.get("value") if isinstance(series, Mapping) else None


def _number(sample: Any) -> float | None:
    """The number of a pair of a time and a number."""
    if not isinstance(sample, list) or len(sample) != 2 or not isinstance(sample[1], str):
        return None
    try:
        return float(sample[1])
    except ValueError:
        return None


def holds(number: float, comparison: str, threshold: float) -> bool:
    """Whether the number is as it should be; what is no number (NaN) never is."""
    return not math.isnan(number) and _COMPARED[comparison](number, threshold)


def is_kept(*, is_news: bool, asked: bool, at: datetime, kept_at: datetime | None) -> bool:
    """Whether a look is kept: what somebody asked for, what sees something else than before, and now and then one."""
    return asked or is_news or kept_at is None or at - kept_at >= SAMPLE


def is_alert(failures: int, alerts_after: int | None) -> bool:
    """Whether so many failures in a row are an alert."""
    return alerts_after is not None and failures >= alerts_after
