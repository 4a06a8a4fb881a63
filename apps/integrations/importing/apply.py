"""Writes a plan: all of it or nothing of it, and a second time nothing.

What is to be done is found out first (``prepare``), which is all that a dry run does. What was edited here since the
last import is not taken back unless that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction

from apps.core.errors import Conflict, NotAllowed
from apps.integrations.importing import accounts, overrides, policies, rosters
from apps.integrations.importing.accounts import People, Teams
from apps.integrations.importing.addresses import as_known_here
from apps.integrations.importing.limits import beyond
from apps.integrations.importing.plan import ImportPlan, Member, Note, Outcome, Roster, Team
from apps.integrations.importing.policies import Here, Place
from apps.integrations.importing.rosters import Rosters
from apps.integrations.importing.steps import Change, Hand, References, Step
from apps.integrations.models import ImportedKind
from apps.rosters import actions, queries
from apps.rosters.models import Roster as StoredRoster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team as StoredTeam
from apps.teams.models import TeamRole, User


class EditedHere(Conflict):
    """The import would take back what was edited here since the last one."""

    def __init__(self, overwritten: Sequence[Change]) -> None:
        self.overwritten = tuple(overwritten)
        super().__init__(
            "This would take back what was edited here since the last import; --force does so, and nothing was changed."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What there is to do for a plan, in the order in which it is done, and what cannot be done here."""

    plan: ImportPlan
    people: People
    teams: Teams
    rosters: Rosters
    references: References
    person_steps: tuple[Step, ...]
    team_steps: tuple[Step, ...]
    roster_steps: tuple[Step, ...]
    override_steps: tuple[Step, ...]
    chain_steps: tuple[tuple[Step, Place], ...]
    notes: tuple[Note, ...]

    @property
    def steps(self) -> list[Step]:
        """Every step."""
        chains = [step for step, _ in self.chain_steps]
        return [*self.person_steps, *self.team_steps, *self.roster_steps, *self.override_steps, *chains]

    @property
    def changes(self) -> list[Change]:
        """Everything that would be written."""
        return [change for step in self.steps for change in step.changes]

    @property
    def overwrites(self) -> list[Change]:
        """What of that takes back an edit made here."""
        return [change for change in self.changes if change.overwrites]


def prepare(plan: ImportPlan, *, now: datetime, fallback: StoredTeam | None = None) -> Prepared:
    """Find out what there is to do, and change nothing. What has no team goes to ``fallback``, or is left out."""
    references = References(plan.vendor)
    notes: list[Note] = list(plan.notes)
    named = plan.rosters
    plan = _within_limits(_with_teams(plan, fallback, notes), notes)
    people = People(plan.people, references)
    plan = as_known_here(plan, people, notes)
    plan = _with_responders(plan, people, notes)
    teams = Teams(plan.teams, references)
    here = Rosters(plan.rosters, references)
    override_steps, refused = overrides.override_steps(plan.rosters, here, people, references, now=now)
    chain_steps, lost = policies.chain_steps(
        plan.chains, Here(people, teams, here), references, fallback=_ref(fallback) if fallback else ""
    )
    return Prepared(
        plan=plan,
        people=people,
        teams=teams,
        rosters=here,
        references=references,
        person_steps=tuple(accounts.person_steps(plan.people, people, references)),
        team_steps=tuple(accounts.team_steps(plan.teams, teams, people, references)),
        roster_steps=tuple(rosters.roster_steps(plan.rosters, here, teams, references)),
        override_steps=tuple(override_steps),
        chain_steps=tuple(chain_steps),
        notes=(*notes, *refused, *lost, *_no_longer_named(named, references)),
    )


@transaction.atomic
def apply(
    plan: ImportPlan, *, by: User, now: datetime, fallback: StoredTeam | None = None, force: bool = False
) -> Prepared:
    """Do what there is to do, signed by ``by``; return what that was.

    Raises NotAllowed unless ``by`` administrates the organisation, EditedHere where it would take back what was
    edited here and ``force`` is not set, Invalid for what cannot be stored.
    """
    if not access.is_administrator(by):
        raise NotAllowed(f"{by} does not administrate the organisation, which an import needs.")
    with connection.cursor() as cursor:  # one at a time: each decides by what is here
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('importing'))")
    prepared = prepare(plan, now=now, fallback=fallback)
    if prepared.overwrites and not force:
        raise EditedHere(prepared.overwrites)
    _Writing(prepared, Hand(by, f"imported from {plan.vendor.label}", now)).write()
    return prepared


class _Writing:
    """Carries out the steps, people first, and keeps what each left behind."""

    def __init__(self, prepared: Prepared, hand: Hand) -> None:
        self._prepared = prepared
        self._hand = hand

    def write(self) -> None:
        prepared, plan, hand = self._prepared, self._prepared.plan, self._hand
        people, teams, here = prepared.people, prepared.teams, prepared.rosters
        actions.lock(queries.with_stood_for(here.rows.values()))  # by their ids, as everybody does
        for step, person in zip(prepared.person_steps, plan.people, strict=True):
            row = accounts.write_person(step, person, people, hand) if step.changes else step.row
            self._remember(step, row)
        for step, team in zip(prepared.team_steps, plan.teams, strict=True):
            self._remember(step, accounts.write_team(step, team, teams, people, hand) if step.changes else step.row)
        # What somebody may see is remembered on them, and there are teams now that were not there before.
        hand = self._hand = replace(hand, by=User.objects.get(pk=hand.by.pk))
        first = policies.primaries(plan.chains, plan.rosters)
        for step, roster in zip(prepared.roster_steps, plan.rosters, strict=True):
            primary = first[roster.team] == roster.ref and not rosters.has_primary(teams.rows[roster.team])
            written = (
                rosters.write_roster(step, roster, here, teams=teams, people=people, hand=hand, primary=primary)
                if step.changes
                else step.row
            )
            self._remember(step, written)
        touched: set[int] = set()
        for step in prepared.override_steps:
            if step.changes:
                override = overrides.write_override(step, people=people, here=here, hand=hand)
                self._remember(step, override)
                touched |= {override.roster_id} if override else set()
        for roster_id in sorted(touched):
            actions.materialise(StoredRoster.objects.get(pk=roster_id))
        for step, place in prepared.chain_steps:
            policy = policies.write_chain(step, place, Here(people, teams, here), hand) if step.changes else step.row
            self._remember(step, policy)

    def _remember(self, step: Step, row: object) -> None:
        if row is None:
            self._prepared.references.forget(step)
        else:
            self._prepared.references.remember(step, row, now=self._hand.now)  # type: ignore[arg-type]


def _no_longer_named(rosters: Sequence[Roster], references: References) -> list[Note]:
    """What an earlier document had beside ``rosters``: it may be in use here, so it is left as it is."""
    named = {roster.ref for roster in rosters}
    return [
        Note(f"schedule {reference.state['name']}", Outcome.NOTED, "The document no longer has it; it stays as it is.")
        for reference in references.of_kind(ImportedKind.ROSTER)
        if reference.ref not in named
    ]


def _with_teams(plan: ImportPlan, fallback: StoredTeam | None, notes: list[Note]) -> ImportPlan:
    """The plan with a team for every roster; what has none goes to ``fallback``, or is left out."""
    if fallback is not None:
        team = Team(ref=_ref(fallback), name=fallback.slug)
        named = tuple(replace(roster, team=roster.team or team.ref) for roster in plan.rosters)
        return replace(plan, teams=(*plan.teams, team), rosters=named)
    kept: list[Roster] = []
    for roster in plan.rosters:
        if roster.team:
            kept.append(roster)
        else:
            said = "It belongs to no team, and every roster has one here; --team names one."
            notes.append(Note(f"schedule {roster.name}", Outcome.LEFT_OUT, said))
    return replace(plan, rosters=tuple(kept))


def _within_limits(plan: ImportPlan, notes: list[Note]) -> ImportPlan:
    """The plan without the rosters of which more would be kept than there may be here: none is imported by half."""
    why = {roster.ref: beyond(roster) for roster in plan.rosters}
    notes += (
        Note(f"schedule {roster.name}", Outcome.LEFT_OUT, why[roster.ref]) for roster in plan.rosters if why[roster.ref]
    )
    return replace(plan, rosters=tuple(roster for roster in plan.rosters if not why[roster.ref]))


def _ref(fallback: StoredTeam) -> str:
    """What stands for the team that is given what has none; no vendor's id has a space."""
    return f"--team {fallback.slug}"


def _with_responders(plan: ImportPlan, people: People, notes: list[Note]) -> ImportPlan:
    """The plan with everybody who is on a roster responding for some team: nobody else could answer a page."""
    responding = {
        member.person for team in plan.teams for member in team.members if member.role != TeamRole.STAKEHOLDER
    }
    added: dict[str, list[Member]] = {}
    for roster, person in overrides.people_of(plan.rosters):
        user = people.by_email.get(person)
        if person in responding or (user is not None and access.team_ids(user, Permission.RESPOND)):
            continue
        responding.add(person)
        added.setdefault(roster.team, []).append(Member(person, TeamRole.RESPONDER))
        said = f"{person} is on it and responds for no team; they become responder of its team."
        notes.append(Note(f"schedule {roster.name}", Outcome.NOTED, said))
    teams = (replace(team, members=(*team.members, *added.get(team.ref, []))) for team in plan.teams)
    return replace(plan, teams=tuple(teams))
