"""People whose address is another one there than here, by which they sign in: theirs here stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from apps.escalation.models import TargetKind
from apps.integrations.importing.accounts import People
from apps.integrations.importing.plan import Chain, ImportPlan, Note, Outcome, Roster, Target, Team

Renamed = Callable[[str], str]


def as_known_here(plan: ImportPlan, people: People, notes: list[Note]) -> ImportPlan:
    """The plan with everybody by the address that they have here; ``people`` knows them by it from then on."""
    addresses = {
        email: user.email.lower() for email, user in list(people.by_email.items()) if user.email.lower() != email
    }
    if not addresses:
        return plan
    for there, here in addresses.items():
        people.by_email[here] = people.by_email[there]
        said = f"Their address there is {there} by now; here they keep {here}."
        notes.append(Note(f"person {here}", Outcome.NOTED, said))

    def renamed(email: str) -> str:
        return addresses.get(email, email)

    return replace(
        plan,
        people=tuple(replace(person, email=renamed(person.email)) for person in plan.people),
        teams=tuple(_team(team, renamed) for team in plan.teams),
        rosters=tuple(_roster(roster, renamed) for roster in plan.rosters),
        chains=tuple(_chain(chain, renamed) for chain in plan.chains),
    )


def _team(team: Team, renamed: Renamed) -> Team:
    return replace(team, members=tuple(replace(each, person=renamed(each.person)) for each in team.members))


def _roster(roster: Roster, renamed: Renamed) -> Roster:
    return replace(
        roster,
        layers=tuple(replace(each, people=tuple(map(renamed, each.people))) for each in roster.layers),
        overrides=tuple(replace(each, person=renamed(each.person)) for each in roster.overrides),
    )


def _chain(chain: Chain, renamed: Renamed) -> Chain:
    def target(each: Target) -> Target:
        return replace(each, ref=renamed(each.ref)) if each.kind == TargetKind.PERSON else each

    levels = (replace(level, targets=tuple(map(target, level.targets))) for level in chain.levels)
    return replace(chain, levels=tuple(levels))
