"""Tries the procedures out: declares an incident, lets its time pass, answers when asked to, and takes all of it back.

What happens is what the engine would do, because it is the engine's own handlers that do it, within one transaction
that is rolled back; only the incident's own timers are touched, no message is sent, no provider is asked (what talks
to the network runs in no transaction), nobody loses a turn by it, and nobody waits for it: it changes and locks no row
but its own, and keys of its own number are nobody else's.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from psycopg.errors import LockNotAvailable, QueryCanceled

from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import Conflict, HouseError, Invalid
from apps.core.spans import in_words
from apps.engine.models import State, Timer
from apps.engine.registry import handler_of
from apps.escalation import turns
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.models import (
    Detection,
    EventKind,
    Incident,
    Severity,
    Via,
)
from apps.notifications.actions import DELIVER
from apps.notifications.models import Notification, NotificationKind
from apps.procedures import story
from apps.procedures.answers import Answer
from apps.procedures.story import Moment
from apps.teams.models import User

#: The numbers of simulated incidents are below this and far beyond those of the record: none of them is spent on it.
SIMULATED = 10**18
#: So many numbers there are, drawn by lot: two simulations at once do not wait for one another.
NUMBERS = 10**9
#: What somebody else has locked is waited for no longer than this.
PATIENCE = timedelta(seconds=2)
#: Nothing is simulated for longer after the last level: by then every clock has run out.
HORIZON = timedelta(days=14)
#: What nobody answers may repeat for ever: after so many moments the simulation ends, and its last one says so.
MOST_MOMENTS = 500
#: A declaration further from now than this is a slip of the pen, and its clocks may have no date at all.
FURTHEST = timedelta(days=3660)


class _Budget:
    """How much more may happen: so many things, and in a time."""

    def __init__(self, most: int, within: timedelta | None) -> None:
        self._left, self._most, self._within = most, most, within
        self._ends = time.monotonic() + within.total_seconds() if within is not None else None
        #: What was too much, in words; empty while nothing was.
        self.too_much = ""

    def allows_one_more(self) -> bool:
        """Whether one thing more may happen; it counts as having happened."""
        if self._ends is not None and self._within is not None and time.monotonic() > self._ends:
            self.too_much = f"it took longer than {in_words(self._within)}"
        elif self._left == 0:
            self.too_much = f"more than {self._most} things would happen"
        self._left -= 1
        return not self.too_much


def simulate(
    severity: Severity,
    service: Service,
    *,
    at: datetime,
    answers: Iterable[Answer] = (),
    within: timedelta | None = None,
) -> list[Moment]:
    """Everything that would happen to an incident of ``severity`` declared for ``service`` at ``at`` (aware), answered
    as ``answers`` say and else left alone, in order, until nothing is due any more. Changes nothing, sends nothing.

    What is due at the instant of an answer happens before it. Where it goes on beyond the shifts that are planned it
    says so. After MOST_MOMENTS, or when it took longer than ``within``, it breaks off, and the last moment, of the
    kind CUT_OFF, says so; later answers are not given. Raises Invalid for an ``at`` ten years from now, Conflict where
    the database lets it wait for too long.
    """
    if abs(at - clock.now()) > FURTHEST:
        raise Invalid(f"{at.isoformat()} is more than ten years from now.", field="at")
    budget = _Budget(MOST_MOMENTS, within)
    try:
        with transaction.atomic(), turns.for_show():
            try:
                _be_impatient(within)
                return list(_play(severity, service, at, sorted(answers, key=lambda answer: answer.after), budget))
            finally:
                transaction.set_rollback(True)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | QueryCanceled):
            raise Conflict("The database is busy with other work; try again in a moment.") from error
        raise


def _be_impatient(within: timedelta | None) -> None:
    """Wait for no lock, and for no single statement, longer than one would; until the transaction ends."""
    limits = {"lock_timeout": PATIENCE, "statement_timeout": within}
    with connection.cursor() as cursor:
        for name, limit in limits.items():
            if limit is not None:
                cursor.execute("SELECT set_config(%s, %s, true)", [name, f"{limit // timedelta(milliseconds=1)}ms"])


def _play(
    severity: Severity, service: Service, at: datetime, answers: Sequence[Answer], budget: _Budget
) -> Iterator[Moment]:
    with clock.stands_at(at):
        incident = incidents.declare(
            title=f"Simulated {severity} of {service}",
            severity=severity,
            team=service.team,
            by=None,
            via=Via.ALERT,
            services=[service],
            detection=Detection.MONITORING,
            number=SIMULATED - 1 - secrets.randbelow(NUMBERS),
        )
    _let_pass(incident, answers, budget)
    yield from story.of(incident, too_much=budget.too_much)


def _let_pass(incident: Incident, answers: Sequence[Answer], budget: _Budget) -> None:
    """Let the answers be given at their time, and then as much time pass as there is to say something about."""
    at = incident.declared_at
    for answer in answers:
        if not _do_what_is_due(incident, until=at + answer.after, budget=budget):
            return
        with clock.stands_at(at + answer.after):
            _answer(incident, answer)
    last = incident.escalation_runs.aggregate(last=Max("levels__due_at"))["last"] or at
    _do_what_is_due(incident, until=max(last, at) + HORIZON, budget=budget)


def _do_what_is_due(incident: Incident, *, until: datetime, budget: _Budget) -> bool:
    """Do what is due, in order, up to and including ``until``; False where that is more than the budget allows."""
    now = incident.declared_at
    while (timer := _next(incident)) is not None and timer.due_at <= until:
        if not budget.allows_one_more():
            return False
        now = max(now, timer.due_at)
        timer.state = State.DONE
        timer.finished_at = now
        timer.save(update_fields=["state", "finished_at"])
        handler = handler_of(timer.kind)
        if handler is not None and handler.transactional and timer.kind not in DELIVER.values():
            with clock.stands_at(now):
                handler.function(timer)
    return True


def _answer(incident: Incident, answer: Answer) -> None:
    """Let somebody answer; what the rules refuse them is said instead."""
    by = answer.by or _paged_first(incident) or _somebody(incident)
    try:
        answer.act(incident, by)
    except HouseError as refused:
        timeline.record(incident, EventKind.NOTE, text=f"Refused: {refused}")


def _paged_first(incident: Incident) -> User | None:
    """Whoever was paged first of those who did not decline; what stands behind a webhook answers nothing."""
    pages = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE, declined_at=None)
    answering = pages.filter(person__is_active=True, person__webhook_endpoint=None).select_related("person")
    first = answering.order_by("created_at", "pk").first()
    return first.person if first is not None else None


def _somebody(incident: Incident) -> User:
    """Who answers while nobody was paged: a person made for it, who is gone with the rest."""
    address = f"somebody@{incident.pk}.invalid"
    person = User.objects.filter(email=address).first() or User.objects.create_user(address, name="Somebody")
    incidents.involve(incident, person, reason="answers")
    return person


def _next(incident: Incident) -> Timer | None:
    own = Timer.objects.filter(subject__regex=rf"^incident:{incident.pk}(:|$)", state=State.PENDING)
    return own.order_by("due_at", "pk").first()
