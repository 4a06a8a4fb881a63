"""Looks at a service from outside, once: bounded in time and size, and only where the house may connect to (R16).

What is answered is compared and never repeated: who may say what is asked could else read what stands there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from apps.catalog.health import rules
from apps.catalog.models import CheckKind, HealthCheck, Method, Outcome
from apps.core import http
from apps.core.errors import AddressForbidden, HouseError, OutcomeUnknown, ProviderError
from apps.core.http import Refused, Reply, TooLong

#: More than this is not read of an answer.
LONGEST_ANSWER = 256 * 1024
LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look saw: whether it works, in words, and how long it took to see that."""

    outcome: Outcome
    words: str
    took: timedelta


class NotWell(HouseError):
    """Somebody answered, and not as they should."""


def look(check: HealthCheck) -> Finding:
    """Look once. Raises nothing: whatever goes wrong is what was found. Reads nothing from the database."""
    begun = time.monotonic()
    try:
        outcome, words = Outcome.GOOD, _LOOKS[CheckKind(check.kind)](check)
    except NotWell as fault:
        outcome, words = Outcome.BAD, str(fault)
    except ProviderError as fault:
        outcome, words = Outcome.BAD, _why(fault)
    except Exception as fault:  # noqa: BLE001  (whatever a stranger's answer does to us, it is a check that fails)
        outcome, words = Outcome.BAD, f"It could not be asked: {type(fault).__name__}."
    return Finding(outcome, words[:LONGEST_WORDS], timedelta(seconds=time.monotonic() - begun))


def _http(check: HealthCheck) -> str:
    reply = _asked(check, check.target, method=check.method)
    if reply.status != check.expected_status:
        raise NotWell(f"Answered {reply.status}, expected {check.expected_status}.")
    if check.expected_text and check.method != Method.HEAD and check.expected_text.encode() not in reply.body:
        raise NotWell(f"Answered {reply.status} without “{check.expected_text}”.")
    return f"Answered {reply.status}."


def _tcp(check: HealthCheck) -> str:
    host, port = rules.endpoint(check.target)
    http.connect(host, port, public_only=True, seconds=check.timeout.total_seconds())
    return "Takes connections."


def _prometheus(check: HealthCheck) -> str:
    reply = _asked(check, f"{check.target.rstrip('/')}/api/v1/query", params={"query": check.query})
    if reply.status not in (200, 400, 422, 503):
        raise NotWell(f"Prometheus answered {reply.status}.")
    try:
        numbers = rules.numbers_of(reply.json())
    except (ValueError, OutcomeUnknown) as fault:
        raise NotWell(f"Prometheus answered {reply.status} and no numbers.") from fault
    if not numbers:
        raise NotWell("The query gives nothing.")
    wrong = [each for each in numbers if not rules.holds(each, check.comparison, check.threshold)]
    if wrong:
        others = f" ({len(wrong)} of {len(numbers)} are wrong)" if len(numbers) > 1 else ""
        raise NotWell(f"It is {wrong[0]:g}, expected {check.get_comparison_display()} {check.threshold:g}{others}.")
    return f"It is {', '.join(f'{each:g}' for each in numbers[:3])}{' …' if len(numbers) > 3 else ''}."


_LOOKS: Mapping[CheckKind, Callable[[HealthCheck], str]] = {
    CheckKind.HTTP: _http,
    CheckKind.TCP: _tcp,
    CheckKind.PROMETHEUS: _prometheus,
}


def _asked(check: HealthCheck, url: str, *, method: str = "GET", **more: Mapping[str, str]) -> Reply:
    """What is answered, whichever status it has."""
    with http.client(public_only=True, seconds=check.timeout.total_seconds()) as client:
        try:
            return http.send(client, method, url, longest=LONGEST_ANSWER, **more)
        except Refused as answered:
            return answered.reply


def _why(fault: ProviderError) -> str:
    if isinstance(fault, AddressForbidden):
        return "The house may not connect to this address."
    if isinstance(fault, TooLong):
        return f"The answer is longer than {LONGEST_ANSWER // 1024} KiB."
    if isinstance(fault, OutcomeUnknown):  # its text may quote what was answered
        return "The exchange broke, or took too long, before the answer was complete."
    return str(fault)
