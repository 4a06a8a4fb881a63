"""Swaps: asked for by whoever has a shift, accepted or refused by another, and then carried out."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from apps.core import clock, events
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.rosters import rules
from apps.rosters.actions.leave import hold_leave_of
from apps.rosters.actions.overrides import check_stands_in
from apps.rosters.actions.shifts import lock, locked, materialise
from apps.rosters.models import Override, Roster, Swap, SwapState
from apps.rosters.queries import holds, is_away, open_swaps_of, seats_of
from apps.rosters.rules import Window, clipped, outside
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: Published with the swap when it is asked for, and when it is accepted, refused or withdrawn.
SWAP_ASKED = "rosters.swap_asked"
SWAP_ANSWERED = "rosters.swap_answered"


@transaction.atomic
def ask_for_swap(
    roster: Roster,
    *,
    by: User,
    start: datetime,
    end: datetime,
    asked_of: User | None = None,
    in_return: Window | None = None,
    reason: str = "",
) -> Swap:
    """Ask ``asked_of`` to take what ``by`` has from ``start`` to ``end``, and give ``in_return`` back for it.

    Without ``asked_of`` it is a request for cover that anybody who may stand in can take. A start that has passed
    means now. Nothing changes before the answer. Raises Invalid, naming ``start``, ``end``, ``asked_of`` or
    ``in_return``, unless each gives what they have in one seat, and is there and free when they take the other's;
    RuleViolation for a retired roster, for one that stands in for another (it is asked for there, where it is paged),
    or where it is asked already.
    """
    roster = locked(roster)
    if roster.stands_in_for is not None:
        raise RuleViolation(f"{roster} stands in for {roster.stands_in_for}: ask for it there.")
    now = clock.now()
    rules.check_override(start, end, now=now, horizon=settings.ROSTER_HORIZON)
    start = max(start, now)
    given = Window(start, end)
    seat = _seat_given(roster, by, given, field="start")
    hold_leave_of(person.pk for person in (by, asked_of) if person is not None)
    if asked_of is not None:
        if asked_of == by:
            raise Invalid("A swap is between two.", field="asked_of")
        _check_takes(roster, asked_of, given, gives=in_return, field="asked_of")
    seat_in_return = 0
    if in_return is not None:
        if asked_of is None:
            raise Invalid("Whoever is to give something in return is named.", field="asked_of")
        if not now <= in_return.start < in_return.end:
            raise Invalid("What is given in return is still to come, and ends after it starts.", field="in_return")
        seat_in_return = _seat_given(roster, asked_of, in_return, field="in_return")
        _check_takes(roster, by, in_return, gives=given, field="in_return")
    during = DateTimeTZRange(start, end)
    if roster.swaps.filter(state=SwapState.ASKED, asked_by=by, during__overlap=during).exists():
        raise RuleViolation("You asked for this time already; withdraw that first.")
    swap = Swap(
        roster=roster,
        seat=seat,
        asked_by=by,
        asked_of=asked_of,
        during=during,
        in_return=DateTimeTZRange(in_return.start, in_return.end) if in_return else None,
        in_return_seat=seat_in_return,
        reason=reason,
        asked_at=now,
    )
    made_by(swap, by)
    swap.save()
    events.publish(SWAP_ASKED, swap)
    return swap


@transaction.atomic
def accept_swap(swap: Swap, *, by: User) -> Swap:
    """Carry the swap out: from its start, or now if that has passed, each has what the other had.

    Raises NotAllowed unless ``by`` was asked, or responds for the roster's team where everybody was; RuleViolation
    once it was answered, is over, or where one of the two no longer has what they give, is away when they take the
    other's, or would hold two seats.
    """
    roster = locked(swap.roster)
    swap = Swap.objects.select_for_update(no_key=True).get(pk=swap.pk)
    _require_may_answer(swap, roster, by)
    now = clock.now()
    _check_open(swap, now)
    hold_leave_of((by.pk, swap.asked_by_id))
    _check_can_be(swap, roster, taker=by, now=now)
    given, back = _given(swap, now), _given_back(swap)
    _answer(swap, SwapState.ACCEPTED, by, now)
    _put_in(swap, by, swap.seat, given, now)
    if back:
        _put_in(swap, swap.asked_by, swap.in_return_seat, back, now)
    materialise(roster, now=now)
    return swap


@transaction.atomic
def refuse_swap(swap: Swap, *, by: User) -> Swap:
    """Say no; whoever asked is told. Raises NotAllowed unless ``by`` was asked, RuleViolation once it was answered."""
    roster = locked(swap.roster)
    swap = Swap.objects.select_for_update(no_key=True).get(pk=swap.pk)
    if swap.asked_of_id != by.pk:
        raise NotAllowed("Only whoever was asked refuses a swap.")
    _require_may_answer(swap, roster, by)
    now = clock.now()
    _check_open(swap, now)
    _answer(swap, SwapState.REFUSED, by, now)
    return swap


@transaction.atomic
def withdraw_swap(swap: Swap, *, by: User) -> Swap:
    """Ask no longer. Raises NotAllowed unless ``by`` asked or manages the team, RuleViolation once it was answered."""
    [roster] = lock([swap.roster_id])
    swap = Swap.objects.select_for_update(no_key=True).get(pk=swap.pk)
    if swap.asked_by_id != by.pk:
        access.require_for_team(by, Permission.MANAGE, roster.team)
    now = clock.now()
    if swap.state != SwapState.ASKED:
        raise RuleViolation(f"It is {swap.get_state_display().lower()} already.")
    _answer(swap, SwapState.WITHDRAWN, by, now)
    return swap


def withdraw_open(roster: Roster, *, by: User, now: datetime) -> None:
    """Withdraw, for ``by``, every request of ``roster``, which is locked, that nobody answered and that is not over."""
    waiting = roster.swaps.filter(state=SwapState.ASKED, during__endswith__gt=now)
    for swap in waiting.select_for_update(no_key=True, of=("self",)).select_related("asked_by", "asked_of"):
        swap.roster = roster
        _answer(swap, SwapState.WITHDRAWN, by, now)


def end_swaps_of(person: User, away: Window, *, by: User, now: datetime) -> None:
    """Answer for ``by`` what cannot be carried out any more of the open swaps of ``person``, who is ``away``.

    Where ``by`` was asked they refuse, else it is withdrawn; who else it concerns is told. The rosters of all of them
    are locked, and their shifts filled.
    """
    during = DateTimeTZRange(away.start, away.end)
    concerned = open_swaps_of(person, now).filter(Q(during__overlap=during) | Q(in_return__overlap=during))
    for swap in concerned.select_for_update(no_key=True, of=("self",)):
        try:
            _check_can_be(swap, swap.roster, taker=swap.asked_of, now=now)
        except RuleViolation:
            _answer(swap, SwapState.REFUSED if swap.asked_of == by else SwapState.WITHDRAWN, by, now)


def _given(swap: Swap, now: datetime) -> Window:
    """What of it is still to be given."""
    return Window(max(swap.start, now), swap.end)


def _given_back(swap: Swap) -> Window | None:
    """What is given in return, if anything."""
    return Window(swap.in_return.lower, swap.in_return.upper) if swap.in_return else None


def _check_can_be(swap: Swap, roster: Roster, *, taker: User | None, now: datetime) -> None:
    """Raise RuleViolation unless ``taker`` could take it now; None: unless whoever asked could give it."""
    given, back = _given(swap, now), _given_back(swap)
    if not holds(roster, swap.asked_by, given, seat=swap.seat):
        raise RuleViolation(f"{swap.asked_by} no longer has all of that shift.")
    if taker is None:
        return
    if back and (back.start < now or not holds(roster, taker, back, seat=swap.in_return_seat)):
        raise RuleViolation(f"{taker} no longer has all of what would be given in return.")
    for person, takes, gives in ((taker, given, back), (swap.asked_by, back, given)):
        if takes is not None and (why := _why_not(roster, person, takes, gives=gives)):
            raise RuleViolation(why)


def _check_takes(roster: Roster, person: User, takes: Window, *, gives: Window | None, field: str) -> None:
    """Raise Invalid, naming ``field``, where ``person`` cannot hold what they would take, besides what they give."""
    if why := _why_not(roster, person, takes, gives=gives):
        raise Invalid(why, field=field)


def _why_not(roster: Roster, person: User, takes: Window, *, gives: Window | None) -> str:
    """Why ``person`` cannot hold ``takes``, or nothing: they cannot be on call, are away, or hold a seat then.

    But for what of it they give.
    """
    try:
        check_stands_in(person, field="")
    except Invalid as unable:
        return str(unable)
    if is_away(person, takes):
        return f"{person} is away then."
    other = roster.shifts.filter(person=person, during__overlap=DateTimeTZRange(takes.start, takes.end))
    held = clipped([Window(each.start, each.end) for each in other.order_by("during")], takes)
    if any(True for _ in outside(held, [gives] if gives else [])):
        return f"{person} is on call for {roster} within that time already."
    return ""


def _seat_given(roster: Roster, person: User, during: Window, *, field: str) -> int:
    """The seat that ``person`` holds for all of ``during``; raises Invalid, naming ``field``, if there is none."""
    for seat in seats_of(roster, person, during):
        if holds(roster, person, during, seat=seat):
            return seat
    raise Invalid(f"{person} is not on call for {roster} for all of that time.", field=field)


def _require_may_answer(swap: Swap, roster: Roster, by: User) -> None:
    if swap.asked_of_id is not None:
        if swap.asked_of_id != by.pk:
            raise NotAllowed("Only whoever was asked answers a swap.")
        return
    if swap.asked_by_id == by.pk:
        raise NotAllowed("Somebody else takes what you ask for.")
    access.require_for_team(by, Permission.RESPOND, roster.team)


def _check_open(swap: Swap, now: datetime) -> None:
    if swap.state != SwapState.ASKED:
        raise RuleViolation(f"It is {swap.get_state_display().lower()} already.")
    if swap.end <= now:
        raise RuleViolation("That shift is over.")


def _answer(swap: Swap, state: SwapState, by: User, now: datetime) -> None:
    swap.state, swap.answered_by, swap.answered_at = state, by, now
    made_by(swap, by)
    swap.save(update_fields=["state", "answered_by", "answered_at"])
    events.publish(SWAP_ANSWERED, swap)


def _put_in(swap: Swap, person: User, seat: int, during: Window, now: datetime) -> None:
    override = Override(
        roster=swap.roster,
        seat=seat,
        person=person,
        during=DateTimeTZRange(during.start, during.end),
        reason=swap.reason,
        swap=swap,
        created_by=swap.answered_by,
        created_at=now,
    )
    made_by(override, swap.answered_by)
    override.save()
