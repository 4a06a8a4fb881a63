"""Acknowledged, and then nobody does anything, or a hold is over: it asks, and after that the chain goes on.

Lock order: the incident's row, then the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.escalation import queries
from apps.escalation.actions import levels
from apps.escalation.actions.going_on import go_on
from apps.escalation.actions.nobody import Reason, say_if_nobody_is_left
from apps.escalation.models import Run, RunLevel
from apps.incidents import maintenance, timeline
from apps.incidents import queries as incidents
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident
from apps.notifications import actions as notifications
from apps.notifications import messages
from apps.notifications import queries as reach
from apps.notifications.models import Notification, NotificationKind, Until
from apps.teams.models import User

SILENCE = "escalation.silence"


def plan(run: Run, *, at: datetime | None = None) -> None:
    """Let the engine look at the end of a hold, else after a span of silence, or ``at`` another time.

    It then sees whether anybody acted since. Nothing is planned where neither is to come.
    """
    if run.held_by_id is not None:
        due_at = run.held_until
    elif run.asks_again_after is not None:
        due_at = house_clock.now() + run.asks_again_after
    else:
        return
    engine.schedule(
        SILENCE,
        due_at=at or due_at,
        key=f"{SILENCE}:{run.pk}",
        subject=f"incident:{run.incident_id}",
        payload={"run": run.pk},
    )


def listen(incident: Incident) -> None:
    """Begin to wait for silence, or for the end of the hold, by the run that goes on now."""
    run = queries.current_run(incident)
    if run is not None and incident.is_open and may_ask(run, incident):
        plan(run)


def may_ask(run: Run, incident: Incident) -> bool:
    """Whether somebody said that they are on it, or that it may wait."""
    return incident.acknowledged_at is not None or run.held_by_id is not None


def somebody_acted(incident: Incident, by: User) -> None:
    """Whoever does anything answers what was asked: the span begins anew, and nobody is called for it any more."""
    for run in Run.objects.filter(incident=incident, ended_at=None, asked_again_at__isnull=False):
        asked = Notification.objects.filter(incident=incident, step=_step(run))
        for page in asked.filter(person=by):
            notifications.answer_one(page)
        notifications.stop(asked)
        run.incident = incident
        _stop_what_silence_fired(run, by)
        run.asked_again_at = None
        run.save(update_fields=["asked_again_at"])
        plan(run)


def _stop_what_silence_fired(run: Run, by: User) -> None:
    """Whoever was paged because nobody did anything need not be called any longer: somebody does."""
    fired = RunLevel.objects.filter(
        run__incident=run.incident_id, for_silence=True, at__gt=queries.activity_before(run.incident)
    )
    pages = Notification.objects.filter(
        incident=run.incident_id, kind=NotificationKind.PAGE, step__in=[levels.step_of(level) for level in fired]
    )
    for page in pages.filter(person=by):
        notifications.answer_one(page)
    notifications.stop(pages)


@transaction.atomic
def look(run_id: int) -> None:
    """Ask again, go on, or wait for longer: as it is now, however late the engine comes."""
    incident = locked(Run.objects.values_list("incident", flat=True).get(pk=run_id))
    run = Run.objects.select_related("held_by").get(pk=run_id)
    run.incident = incident
    if run.ended_at is not None or not incident.is_open:
        return
    due = _due(run)
    if due is None:
        return
    if (held := maintenance.holding(incident, at=house_clock.now())) is not None:
        due = max(due, held.until)
    if due > house_clock.now():
        plan(run, at=due)
    elif run.held_by is not None:
        _ask_who_held_it(run, run.held_by)
    elif run.asked_again_at is not None or not _ask(run):
        _go_on(run, f"Nobody did anything for {_silent_for(incident)}.")


def _due(run: Run) -> datetime | None:
    """When to ask, as things stand: at the end of a hold, else after a span of silence; None: never."""
    if run.held_by is not None:
        return run.held_until
    if run.asks_again_after is None or run.incident.acknowledged_at is None:
        return None
    since = run.asked_again_at or queries.last_activity(run.incident)
    return max(since + run.asks_again_after, run.held_until or since)


def go_on_if_all_declined(run: Run, incident: Incident) -> None:
    """Whoever was asked whether they are still on it said no: the chain need not wait for another span, but for a hold.

    Their answer is no work on the incident. The incident's row is locked.
    """
    held = run.held_until is not None and run.held_until > house_clock.now()
    if run.asked_again_at is None or held or maintenance.holding(incident, at=house_clock.now()) is not None:
        return
    asked = Notification.objects.filter(incident=incident, step=_step(run))
    if asked.exists() and not asked.filter(declined_at=None, person__is_active=True).exists():
        run.incident = incident
        _go_on(run, "Everybody who was asked whether they are still on it declined.")


def _ask_who_held_it(run: Run, held_by: User) -> None:
    """Page whoever held it, else who would be asked after a silence: a hold ends with somebody awake.

    Whoever held it before another took it on and worked on it is left to sleep.
    """
    run.held_by = None
    run.save(update_fields=["held_by"])
    theirs = run.incident.acknowledged_by in (None, held_by) or queries.last_who_acted(run.incident) == held_by
    asked = (_reached([held_by]) if theirs else []) or _on_it(run.incident)
    if asked:
        _page(run, asked, because="The hold is over", text=messages.hold_is_over(run.incident, held_by=held_by))
        return
    because = "The hold is over, and nobody who is on it is reached."
    if run.incident.acknowledged_at is not None:
        _go_on(run, because)


def _ask(run: Run) -> bool:
    """Page whoever did something last, else who acknowledged, and who commands; False where nobody is reached."""
    asked = _on_it(run.incident)
    if not asked:
        return False
    span = _silent_for(run.incident)
    text = messages.still_on_it(run.incident, silent_for=span)
    _page(run, asked, because=f"Nobody did anything for {span}", text=text)
    return True


def _on_it(incident: Incident) -> list[User]:
    """Who is to be asked whether they are still on it, as far as they are reached."""
    last, commander = queries.last_who_acted(incident), incidents.holder_of(incident, "commander")
    on_it = _reached([last]) or _reached([incident.acknowledged_by])
    return list(dict.fromkeys([*on_it, *_reached([commander])]))


def _page(run: Run, asked: list[User], *, because: str, text: str) -> None:
    incident = run.incident
    _wait_again(run)
    timeline.record(
        incident,
        EventKind.ASKED_AGAIN,
        text=f"{because}: {', '.join(map(str, asked))} asked whether they are still on it.",
        data={"run": run.pk, "people": [person.pk for person in asked]},
    )
    notifications.notify_all(
        dict.fromkeys(asked, text),
        incident=incident,
        kind=NotificationKind.PAGE,
        step=_step(run),
        subject=messages.subject(incident, "still on it?"),
        until=Until.RESOLVED,
    )


def _reached(people: Iterable[User | None]) -> list[User]:
    return reach.reachable([person for person in people if person is not None])


def _go_on(run: Run, because: str) -> None:
    """Page the next level; at the end of the chain ask again, for as long as nobody acts."""
    fired = go_on(run, run.incident, because=because, spared_too=True)
    if fired is not None:
        fired.for_silence = True
        fired.save(update_fields=["for_silence"])
        _wait_again(run)
    elif not _ask(run):
        timeline.record(run.incident, EventKind.NOTE, text=f"{because} Nobody is left to be paged.")
        say_if_nobody_is_left(run, run.incident, reason=Reason.SILENT, because=because)
        _wait_again(run)


def _wait_again(run: Run) -> None:
    """Look again a span later. What was asked before need not go out any more."""
    if run.asked_again_at is not None:
        notifications.stop(Notification.objects.filter(incident=run.incident, step=_step(run)))
    run.asked_again_at = house_clock.now()
    run.save(update_fields=["asked_again_at"])
    plan(run)


def _silent_for(incident: Incident) -> str:
    return in_words(house_clock.now() - queries.last_activity(incident))


def _step(run: Run) -> str:
    """The occasion of one asking."""
    return f"silence:{run.asked_again_at.isoformat() if run.asked_again_at else ''}"
