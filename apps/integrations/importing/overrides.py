"""Overrides of a plan against those that are here: one that is over is left, one that was taken back there goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings

from apps.integrations.importing import plan as wanted
from apps.integrations.importing.accounts import People
from apps.integrations.importing.plan import Note, Outcome
from apps.integrations.importing.rosters import Rosters
from apps.integrations.importing.steps import Hand, References, State, Step
from apps.integrations.models import ImportedKind
from apps.rosters import actions
from apps.rosters.models import Override, Roster


def override_steps(
    named: Iterable[wanted.Roster], here: Rosters, people: People, references: References, *, now: datetime
) -> tuple[list[Step], list[Note]]:
    """What is to be done about the overrides of each roster, and those that cannot be made now."""
    steps: list[Step] = []
    notes: list[Note] = []
    known = references.of_kind(ImportedKind.OVERRIDE)
    rows = Override.objects.in_bulk([reference.row for reference in known])
    for roster in named:
        coming = [override for override in roster.overrides if override.end > now]
        refs = {_ref(roster, override) for override in coming}
        for override in coming:
            reason = _refusal(override, people, now=now)
            if reason:
                notes.append(Note(f"override {override.ref} of {here.slugs[roster.ref]}", Outcome.LEFT_OUT, reason))
                continue
            reference = references.of(ImportedKind.OVERRIDE, _ref(roster, override))
            last: State | None = reference.state if reference else None
            row = rows.get(reference.row) if reference else None
            steps.append(
                Step(
                    kind=ImportedKind.OVERRIDE,
                    ref=_ref(roster, override),
                    row=row,
                    what=f"override of {here.slugs[roster.ref]} by {override.person}",
                    wanted=_as_state(roster, override),
                    current=last if row else None,
                    last=last,
                )
            )
        for reference in known:
            row = rows.get(reference.row)
            gone = reference.state["roster"] == roster.ref and reference.ref not in refs and row is not None
            if gone and row and row.end > now and _is_named_if_there(roster, reference.state):
                steps.append(
                    Step(
                        kind=ImportedKind.OVERRIDE,
                        ref=reference.ref,
                        row=row,
                        what=f"override {row}",
                        wanted=None,
                        current=reference.state,
                        last=reference.state,
                    )
                )
    return steps, notes


def write_override(step: Step, *, people: People, here: Rosters, hand: Hand) -> Override | None:
    """Do what ``step`` says; an override that is another one by now is taken back and made anew.

    An override of a vendor is one of every seat. The roster's shifts are to be filled after it.
    """
    if isinstance(step.row, Override):
        actions.remove_override(step.row, by=hand.by)
    if step.wanted is None:
        return None
    person = people.by_email[step.wanted["person"]]
    return actions.enter_override(
        Roster.objects.get(pk=here.rows[step.wanted["roster"]].pk),
        person=person,
        start=datetime.fromisoformat(step.wanted["start"]),
        end=datetime.fromisoformat(step.wanted["end"]),
        seat=step.wanted["seat"],
        by=hand.by,
        reason=hand.reason,
        fills_every_seat=True,
    )


def _ref(roster: wanted.Roster, override: wanted.Override) -> str:
    return f"{roster.ref}/{override.ref}/{override.seat}"


def _as_state(roster: wanted.Roster, override: wanted.Override) -> State:
    return {
        "roster": roster.ref,
        "person": override.person,
        "start": override.start.isoformat(),
        "end": override.end.isoformat(),
        "seat": override.seat,
    }


def _refusal(override: wanted.Override, people: People, *, now: datetime) -> str:
    """Why it cannot be made now; empty if it can."""
    if override.start > now + settings.ROSTER_HORIZON:
        return f"It begins more than {settings.ROSTER_HORIZON.days} days from now; import again later."
    if not people.active(override.person):
        return f"{override.person} is not active here."
    return ""


def _is_named_if_there(roster: wanted.Roster, state: State) -> bool:
    """Whether the document would name an override of that state if the vendor still had it."""
    within = roster.overrides_within
    return within is not None and within.start <= datetime.fromisoformat(state["start"]) < within.end


def people_of(rosters: Iterable[wanted.Roster]) -> Iterator[tuple[wanted.Roster, str]]:
    """Everybody on each roster, once a roster."""
    for roster in rosters:
        on_it = [person for layer in roster.layers for person in layer.people]
        for person in dict.fromkeys([*on_it, *(override.person for override in roster.overrides)]):
            yield roster, person
