"""The question before a change that leaves nobody on call, as pages ask it: what was sent is sent again with a yes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest

from apps.rosters.actions import LeavesGap, NamedGap

#: The field in which the gaps that were named come back.
ACCEPTED = "accepted_gaps"
#: A yes counts for so long after the question.
QUESTION_HOLDS = timedelta(hours=1)
_SALT = "rosters.gaps"


def accepted(request: HttpRequest) -> list[NamedGap]:
    """The gaps to which the sender said yes: those that the question named, and no others. None without a question."""
    try:
        rows = signing.loads(request.POST.get(ACCEPTED, ""), salt=_SALT, max_age=QUESTION_HOLDS)
    except signing.BadSignature:
        return []
    return [
        NamedGap(roster, datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None, *others)
        for roster, start, end, *others in rows
    ]


def yes_to(asked: LeavesGap) -> str:
    """What stands for the gaps that are named, to come back in ACCEPTED."""
    rows = [
        (gap.roster_id, gap.start.isoformat(), gap.end.isoformat() if gap.end else None, *_others(gap))
        for gap in asked.gaps
    ]
    return signing.dumps(rows, salt=_SALT, compress=True)


def question(request: HttpRequest, asked: LeavesGap, *, also: Iterable[str] = ()) -> dict[str, Any]:
    """What the page that asks needs: the gaps in words, what ``also`` is to be said, and what to send again."""
    again = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in (ACCEPTED, "csrfmiddlewaretoken")
        for value in values
    ]
    said = {"title": asked.title, "gaps": asked.sentences, "why": asked.why}
    return {**said, "also": list(also), "again": [*again, (ACCEPTED, yes_to(asked))]}


def _others(gap: NamedGap) -> tuple[int | None, int, int, str, int]:
    return gap.team_id, gap.held, gap.wanted, gap.stands_in, gap.seat
