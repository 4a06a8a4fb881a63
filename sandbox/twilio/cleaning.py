"""Ends the calls that an earlier run of the sandbox left ringing: nobody could answer them any more."""

from __future__ import annotations

from sandbox.exchange import Exchange
from sandbox.twilio.calls import OVER


def end_calls_of_earlier_runs(exchange: Exchange) -> None:
    """Note every call that has no end as failed. Only before the first call of this run."""
    last = {each.message: each for each in exchange.diary.happenings() if each.what == "status"}
    for row in exchange.outbox.rows():
        known = last.get(row.message)
        if row.channel == "voice" and (known is None or known.text not in OVER):
            exchange.diary.note("status", "failed", message=row.message, phone=row.to)
