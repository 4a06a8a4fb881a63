"""A vendor's escalation policy as a chain: what both have in common, and what a chain cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from apps.escalation.models import TargetKind
from apps.escalation.models.policies import LAST_LEVEL, MOST_REPEATS
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering
from apps.integrations.importing.plan import Chain, Level, Roster, Target

#: Nobody waits longer for a level.
LONGEST_WAIT = timedelta(days=366)


def chain_of(
    place: Place,
    gathering: Gathering,
    *,
    ref: str,
    name: str,
    teams: Sequence[str],
    services: Sequence[str],
    levels: Sequence[Level],
    repeats: int,
    repeat_every: timedelta | None,
) -> Chain | None:
    """Return the chain; None, which is noted, where nobody is left to page.

    ``levels`` come in the order of their times. Without a time of its own a repetition begins when the next level
    would have.
    """
    paging = [level for level in levels if level.targets]
    if not paging:
        gathering.left_out(place, f"None of the levels of “{name}” names anybody who is imported.")
        return None
    if len(paging) > LAST_LEVEL:
        gathering.differs(place, f"“{name}” has {len(paging)} levels; a chain has {LAST_LEVEL}, the first ones.")
        paging = paging[:LAST_LEVEL]
    if repeats > MOST_REPEATS:
        gathering.differs(place, f"“{name}” repeats {repeats} times; a chain does so {MOST_REPEATS} times at most.")
        repeats = MOST_REPEATS
    if repeats and (repeat_every is None or repeat_every <= paging[-1].after):
        gathering.differs(place, f"“{name}” repeats at once after its last level; a chain needs time for that level.")
        repeats = 0
    return Chain(
        ref=ref,
        name=name,
        teams=tuple(dict.fromkeys(teams)),
        services=tuple(dict.fromkeys(services)),
        levels=tuple(paging),
        repeats=repeats,
        repeat_every=repeat_every if repeats else None,
    )


class Targets:
    """Whom levels name: people, and schedules by the rosters they became."""

    def __init__(self, gathering: Gathering, rosters: Sequence[Roster]) -> None:
        self._gathering = gathering
        self._rosters: dict[str, list[str]] = {}
        for roster in rosters:
            self._rosters.setdefault(roster.ref.partition("#")[0], []).append(roster.ref)

    def person(self, place: Place, ref: str) -> list[Target]:
        """The person of that reference, or nobody, which is noted."""
        email = self._gathering.person_at(place, ref)
        return [Target(TargetKind.PERSON, email)] if email else []

    def schedule(self, place: Place, ref: str, *, kind: TargetKind = TargetKind.ROSTER) -> list[Target]:
        """Each roster that the schedule became, or none, which is noted."""
        rosters = self._rosters.get(ref, [])
        if not rosters:
            self._gathering.left_out(place, f"The schedule {ref} is not imported, so the level does not page it.")
        return [Target(kind, roster) for roster in rosters]

    def team(self, place: Place, ref: str) -> list[Target]:
        """The responders of the team, or nobody, which is noted."""
        if not self._gathering.has_team(ref):
            self._gathering.left_out(place, f"The team {ref} is not in the document.")
            return []
        return [Target(TargetKind.TEAM, ref)]
