"""Rosters of a plan against those that are here. A roster is the same by its reference, whatever it is called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from apps.integrations.importing import plan as wanted
from apps.integrations.importing.accounts import People, Slugs, Teams
from apps.integrations.importing.steps import Hand, References, State, Step
from apps.integrations.models import ImportedKind
from apps.rosters import actions
from apps.rosters.models import Layer, LayerMember, Restriction, Roster, Rotation
from apps.teams.models import Team

_OF_A_LAYER = (
    "name", "rotation", "length", "at_once", "time_zone", "handoff_time", "handoff_weekday", "starts_on", "ends_on",
)  # fmt: skip


class Rosters:
    """Which roster each reference stands for: the row, where it is here, and the slug that it has or will have."""

    def __init__(self, named: Iterable[wanted.Roster], references: References) -> None:
        named = list(named)
        known = {roster.ref: references.of(ImportedKind.ROSTER, roster.ref) for roster in named}
        rows = Roster.objects.select_related("team").prefetch_related("layers__members__person", "layers__restrictions")
        by_id = rows.in_bulk([reference.row for reference in known.values() if reference])
        self.rows: dict[str, Roster] = {}
        self.slugs: dict[str, str] = {}
        slugs = Slugs(Roster)
        for roster in named:
            reference = known[roster.ref]
            row = by_id.get(reference.row) if reference else None
            if row is not None:
                self.rows[roster.ref] = row
            self.slugs[roster.ref] = row.slug if row else slugs.free(roster.name)


def roster_steps(named: Iterable[wanted.Roster], here: Rosters, teams: Teams, references: References) -> list[Step]:
    """What is to be done about each roster, all of which have a team."""
    found: list[Step] = []
    for roster in named:
        row = here.rows.get(roster.ref)
        reference = references.of(ImportedKind.ROSTER, roster.ref)
        state: State = {
            "name": roster.name,
            "team": teams.slugs[roster.team],
            "time_zone": roster.time_zone,
            "retired": False,
            "layers": [_as_state(layer) for layer in roster.layers],
        }
        found.append(
            Step(
                kind=ImportedKind.ROSTER,
                ref=roster.ref,
                what=f"roster {here.slugs[roster.ref]}",
                row=row,
                wanted=state,
                current=_stored(row) if row else None,
                last=reference.state if reference else None,
            )
        )
    return found


def _as_state(layer: wanted.Layer) -> State:
    return {
        "name": layer.name,
        "people": list(layer.people),
        "rotation": str(layer.rotation),
        "length": layer.length,
        "at_once": layer.at_once,
        "time_zone": layer.zone,
        "handoff_time": layer.handoff_time.isoformat(),
        "handoff_weekday": layer.handoff_weekday,
        "starts_on": layer.starts_on.isoformat(),
        "ends_on": layer.ends_on.isoformat() if layer.ends_on else None,
        "restrictions": [
            [sorted(each.weekdays), each.start.isoformat(), each.end.isoformat(), each.days]
            for each in layer.restrictions
        ],
    }


def _stored(roster: Roster) -> State:
    layers = [
        wanted.Layer(
            name=layer.name,
            people=tuple(member.person.email.lower() for member in layer.members.all()),
            rotation=Rotation(layer.rotation),
            length=layer.length,
            handoff_time=layer.handoff_time,
            handoff_weekday=layer.handoff_weekday,
            starts_on=layer.starts_on,
            ends_on=layer.ends_on,
            zone=layer.time_zone,
            at_once=layer.at_once,
        )
        for layer in roster.layers.all()
    ]
    states = [_as_state(layer) for layer in layers]
    for state, layer in zip(states, roster.layers.all(), strict=True):
        state["restrictions"] = [
            [sorted(each.weekdays), each.start.isoformat(), each.end.isoformat(), each.days]
            for each in layer.restrictions.all()
        ]
    return {
        "name": roster.name,
        "team": roster.team.slug,
        "time_zone": roster.time_zone,
        "retired": roster.retired_at is not None,
        "layers": states,
    }


def write_roster(
    step: Step, roster: wanted.Roster, here: Rosters, *, teams: Teams, people: People, hand: Hand, primary: bool
) -> Roster:
    """Do what ``step`` says, and fill the shifts from now on; a new roster is ``primary`` if that is said.

    Raises RuleViolation for one whose layers stand still, if they are to change.
    """
    state = step.wanted or {}
    row = here.rows.get(roster.ref)
    if row is not None:
        row = Roster.objects.select_for_update(no_key=True).get(pk=row.pk)
        if any(change.field in ("layers", "time_zone") for change in step.changes):
            actions.check_layers_move(row, now=hand.now)
    else:
        row = Roster(slug=here.slugs[roster.ref], is_primary=primary)
    team = teams.rows[roster.team]
    first = row.is_primary and not has_primary(team, beside=row)
    zone = state["time_zone"]
    hand.put(row, name=state["name"], team=team, time_zone=zone, retired_at=None, is_primary=first)
    here.rows[roster.ref] = row
    held = list(row.layers.prefetch_related("members", "restrictions"))
    for position, layer in enumerate(state["layers"], start=1):
        _write_layer(held.pop(0) if held else Layer(roster=row), layer, position, people=people, hand=hand)
    for layer in held:
        for part in (*layer.members.all(), *layer.restrictions.all(), layer):
            hand.remove(part)
    actions.materialise(row)
    return row


def has_primary(team: Team, *, beside: Roster | None = None) -> bool:
    """Whether a roster in use, other than ``beside``, is the team's primary one."""
    primary = Roster.objects.filter(team=team, is_primary=True, retired_at__isnull=True)
    return (primary.exclude(pk=beside.pk) if beside and beside.pk else primary).exists()


def _write_layer(layer: Layer, state: State, position: int, *, people: People, hand: Hand) -> None:
    parsed = {
        **{name: state[name] for name in _OF_A_LAYER},
        "handoff_time": time.fromisoformat(state["handoff_time"]),
        "starts_on": date.fromisoformat(state["starts_on"]),
        "ends_on": date.fromisoformat(state["ends_on"]) if state["ends_on"] else None,
    }
    hand.put(layer, position=position, **parsed)
    members = {member.person_id: member for member in layer.members.all()}
    for place, email in enumerate(state["people"], start=1):
        person = people.by_email[email]
        member = members.pop(person.pk, None) or LayerMember(layer=layer, person=person)
        hand.put(member, position=place)
    for gone in members.values():
        hand.remove(gone)
    held = list(layer.restrictions.all())
    for weekdays, start, end, days in state["restrictions"]:
        row = held.pop(0) if held else Restriction(layer=layer)
        values = {"start": time.fromisoformat(start), "end": time.fromisoformat(end), "days": days}
        hand.put(row, weekdays=weekdays, **values)
    for left in held:
        hand.remove(left)
