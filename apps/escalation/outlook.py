"""Who would be paged, and when, as things stand now. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core import clock as house_clock
from apps.escalation import hours, rules, targets, turns
from apps.escalation.drafts import Draft, Rung
from apps.escalation.models import LevelState, OutsideHours, Policy, RunLevel
from apps.escalation.targets import Found, Lookup
from apps.incidents import maintenance
from apps.incidents.models import Incident
from apps.teams.models import Team, User


@dataclass(frozen=True, slots=True)
class Prospect:
    """Whom a level would page, ``at`` which instant, and what it waits for until then; ``missed`` as in ``Found``."""

    people: list[User]
    missed: list[str]
    at: datetime
    wait: rules.Wait | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands behind a level of a policy now: within working hours, and outside them where that differs.

    ``turn`` is whose turn it is where it pages one after the other.
    """

    rung: Rung
    found: Found
    outside: Found | None
    turn: User | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a policy and when it begins, counted from the declaration."""

    number: int
    begins: timedelta


def prospects(incident: Incident, levels: Iterable[RunLevel]) -> dict[int, Prospect]:
    """What each of the undecided ``levels`` (in their order, with their run) would do, by its id.

    Who stands behind a target is as of now, the hours are those of the level's time. The number of queries depends on
    how many different targets there are, not on people or rounds.
    """
    now = house_clock.now()
    lookup = Lookup(team=incident.team, incident=incident, at=now)
    opening, reckon = hours.opening_of(incident.team), maintenance.reckoning(incident, since=now)
    found: dict[int, Prospect] = {}
    moved = timedelta(0)  # by how much a level that waits for maintenance moves what is planned after it
    with turns.for_show():
        for level in levels:
            due = max(level.decided_at + (moved if level.state == LevelState.PLANNED else timedelta(0)), now)
            under = reckon(due)
            moved += under.until - due if under else timedelta(0)
            free = under.until if under else due
            wait = rules.wait_of(level, at=free, held_until=level.run.held_until, opening=opening)
            at = wait.until if wait else free
            if under is not None:
                wait = rules.Wait(until=at, for_hours=False, maintenance=under.text)
            asked = targets.asked(level.targets, outside_hours=level.outside_hours, opening=opening, at=at)
            behind = lookup.find(asked)
            people = behind.people
            if level.round_robin and people:
                people = [turns.take(level.source_id, people)]
            found[level.pk] = Prospect(people=people, missed=behind.missed, at=at, wait=wait)
    return found


def standing(draft: Draft, *, team: Team | None) -> list[Standing]:
    """Who stands behind each level of the chain now, for an incident of ``team``.

    Without a team nobody is on call for the incident's.
    """
    lookup = Lookup(team=team, incident=None, at=house_clock.now())
    with turns.for_show():
        return [_standing(rung, lookup) for rung in draft.rungs]


def gaps(draft: Draft, *, teams: Iterable[Team]) -> list[str]:
    """Which levels have nobody right now for incidents of any of ``teams``, in words; they go on at once."""
    found: dict[tuple[int, str], list[Team]] = {}
    for team in teams:
        for each in standing(draft, team=team):
            for behind, at in ((each.found, ""), (each.outside, " outside working hours")):
                if behind is not None and not behind.people:
                    found.setdefault((each.rung.level.number, at), []).append(team)
    return [
        f"Level {number} has nobody right now{at} for {', '.join(map(str, whose))}: it goes on at once."
        for (number, at), whose in found.items()
    ]


def who_would_begin(policy: Policy, incident: Incident) -> list[User]:
    """Whom the first level of ``policy`` would page for the incident now; nobody where it waits for working hours."""
    level = policy.levels.prefetch_related("targets").first()
    if level is None:
        return []
    now, opening = house_clock.now(), hours.opening_of(incident.team)
    if level.outside_hours == OutsideHours.WAIT and opening(now) > now:
        return []
    kept = [targets.snapshot(target) for target in level.targets.all()]
    asked = targets.asked(kept, outside_hours=level.outside_hours, opening=opening, at=now)
    found = Lookup(team=incident.team, incident=incident, at=now).find(asked)
    with turns.for_show():
        return [turns.take(level.pk, found.people)] if level.round_robin and found.people else found.people


def rounds(draft: Draft) -> list[Round]:
    """When each round of the chain begins; one for a chain that does not repeat, none for one without levels."""
    longest = max((rung.level.after for rung in draft.rungs), default=None)
    if longest is None:
        return []
    return [Round(*each) for each in rules.rounds(draft.policy.repeats, draft.policy.repeat_every, longest)]


def _standing(rung: Rung, lookup: Lookup) -> Standing:
    level, kept = rung.level, [targets.snapshot(target) for target in rung.targets]
    if level.outside_hours != OutsideHours.OTHER:
        found, outside = lookup.find(kept), None
    else:
        found = lookup.find(target for target in kept if not target["outside_hours"])
        outside = lookup.find(target for target in kept if target["outside_hours"])
    turn = turns.take(level.pk, found.people) if level.round_robin and found.people else None
    return Standing(rung=rung, found=found, outside=outside, turn=turn)
