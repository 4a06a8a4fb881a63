"""Makes heartbeats, takes their beats, and judges whether one is missing.

Everything that changes a heartbeat's state locks its row first: a beat and its timer, or a beat and a person who edits
it, come one after the other, and the later finds what the earlier did.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from apps.alerts.actions.integrations import give_key
from apps.alerts.actions.receiving import receive
from apps.alerts.formats import IncomingAlert
from apps.alerts.keys import digest_of
from apps.alerts.models import AlertStatus, Format, Heartbeat, HeartbeatState
from apps.catalog.models import Service
from apps.core import clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.engine.models import State, Timer
from apps.incidents.models import Severity
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User

#: The kind of the timer that is due when a heartbeat would be missing.
HEARTBEAT = "alerts.heartbeat"

#: A beat waits so long (milliseconds) for the database, then its sender is told to come again.
PATIENCE = 5_000

#: What stays missing fires again after its span, and no sooner than this.
FIRES_AGAIN = timedelta(hours=1)

#: What a person edits; the rest is not theirs, and may have changed since they began.
EDITED = ("team", "name", "service", "severity", "every", "is_active")

# A missing one stays so until it is judged, which ends its alert in the same transaction.
_BEAT = f"""
    UPDATE alerts_heartbeat AS heartbeat
       SET last_beat_at = {clock.DATABASE_NOW},
           state = CASE heartbeat.state WHEN 'missing' THEN 'missing' ELSE 'alive' END
      FROM alerts_integration AS integration
     WHERE integration.id = heartbeat.integration_ptr_id AND integration.key_digest = %s AND integration.is_active
    RETURNING heartbeat.integration_ptr_id, heartbeat.last_beat_at, heartbeat.every, heartbeat.state
"""  # noqa: S608  (constants of the house)


@transaction.atomic
def create_heartbeat(
    *,
    team: Team,
    name: str,
    every: timedelta,
    by: User | None,
    service: Service | None = None,
    severity: Severity | None = None,
) -> tuple[Heartbeat, str]:
    """Make a heartbeat of ``team`` and return it with its key, which is shown this once and kept as a digest only.

    Nothing is missing before its first beat. ``by`` is None on the command line. Raises NotAllowed unless ``by``
    manages the team, ValidationError for a name that the team has already, or a span that is too short or too long.
    """
    if by is not None:
        access.require_for_team(by, Permission.MANAGE, team)
    heartbeat = Heartbeat(
        team=team,
        name=name.strip(),
        format=Format.HEARTBEAT,
        service=service,
        every=every,
        severity=severity,
        created_by=by,
    )
    key = give_key(heartbeat)
    heartbeat.full_clean()
    heartbeat.save()
    return heartbeat, key


@transaction.atomic
def change_heartbeat(edited: Heartbeat, *, by: User) -> None:
    """Write what a person edited; its timer moves with the span, and is cancelled when it is switched off.

    One that is switched off and on again counts from its next beat. If it was missing it stays so, and its alert goes
    on, until it beats or is in time by a longer span. Raises NotAllowed unless ``by`` manages its team, the old and
    the new one, ValidationError as ``create_heartbeat``.
    """
    _lock(edited.pk)
    known = Heartbeat.objects.get(pk=edited.pk)
    access.require(by, Permission.MANAGE, known)
    access.require_for_team(by, Permission.MANAGE, edited.team)
    edited.full_clean(exclude=["state", "last_beat_at"])
    edited.save(update_fields=EDITED)
    was_and_is_watched = known.is_active and edited.is_active
    if known.state == HeartbeatState.ALIVE and not was_and_is_watched:
        known.state = HeartbeatState.WAITING
        Heartbeat.objects.filter(pk=known.pk).update(state=known.state)
    edited.state, edited.last_beat_at = known.state, known.last_beat_at
    if edited.is_active and edited.due_at is not None:
        _plan(edited, at_once=edited.state == HeartbeatState.MISSING)
    else:
        engine.cancel_key(_timer_key(edited.pk))


@transaction.atomic
def beat(key: str) -> bool:
    """Take a beat of the heartbeat that has ``key``; False if no active one has.

    Its timer moves in the same transaction. Whether a missing one is back is judged at once, by that timer. Raises the
    database's errors: it is away, or did not answer within PATIENCE.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
        cursor.execute(_BEAT, [clock.standing(), digest_of(key)])
        row = cursor.fetchone()
    if row is None:
        return False
    heartbeat_id, beat_at, every, state = row
    _schedule(heartbeat_id, None if state == HeartbeatState.MISSING else beat_at + every)
    return True


@transaction.atomic
def judge(heartbeat_id: int, *, at: datetime) -> None:
    """Raise the alert of a heartbeat that is missing ``at`` that instant, end it if it is back, and plan the next look.

    While it stays missing it fires again now and then, as monitoring systems do: an incident that somebody resolved
    is not over by that.

    ``at`` is when the timer was due, not when it runs: a beat that came meanwhile has moved what is due beyond it. One
    that is gone, switched off, or waits for its first beat is left alone. Raises what taking the alert in raises.
    """
    _lock(heartbeat_id)
    heartbeat = (
        Heartbeat.objects.select_related("team", "service__team", "severity")
        .filter(pk=heartbeat_id, is_active=True)
        .first()
    )
    if heartbeat is None or heartbeat.due_at is None:
        return
    is_missing, was_missing = at >= heartbeat.due_at, heartbeat.state == HeartbeatState.MISSING
    if is_missing != was_missing:
        heartbeat.state = HeartbeatState.MISSING if is_missing else HeartbeatState.ALIVE
        Heartbeat.objects.filter(pk=heartbeat.pk).update(state=heartbeat.state)
    if is_missing or was_missing:
        _deliver(heartbeat, AlertStatus.FIRING if is_missing else AlertStatus.RESOLVED)
    if is_missing:
        _schedule(heartbeat.pk, clock.now() + max(heartbeat.every, FIRES_AGAIN))
    else:
        _plan(heartbeat)


@transaction.atomic
def plan_what_is_overdue(*, by: timedelta) -> int:
    """Plan a look at each heartbeat that is overdue ``by`` more than that and has no timer; return how many."""
    overdue = Heartbeat.objects.exclude(state=HeartbeatState.WAITING).filter(
        is_active=True, last_beat_at__lt=clock.now() - by - F("every")
    )
    found = {_timer_key(each.pk): each for each in overdue}
    planned = Timer.objects.filter(key__in=found, state__in=(State.PENDING, State.LEASED))
    without = found.keys() - planned.values_list("key", flat=True)
    for key in without:
        _plan(found[key])
    return len(without)


def _lock(heartbeat_id: int) -> None:
    """Wait for whoever changes the heartbeat. What was read before this may be old, its integration's part included."""
    list(Heartbeat.objects.select_for_update(no_key=True, of=("self",)).filter(pk=heartbeat_id).values("pk"))


def _plan(heartbeat: Heartbeat, *, at_once: bool = False) -> None:
    _schedule(heartbeat.pk, None if at_once else heartbeat.due_at)


def _schedule(heartbeat_id: int, due_at: datetime | None) -> None:
    engine.schedule(HEARTBEAT, due_at=due_at, key=_timer_key(heartbeat_id), payload={"heartbeat": heartbeat_id})


def _timer_key(heartbeat_id: int) -> str:
    return f"{HEARTBEAT}:{heartbeat_id}"


def _deliver(heartbeat: Heartbeat, status: AlertStatus) -> None:
    """Take in its alert as if a sender had posted it."""
    alert = IncomingAlert(
        fingerprint=f"heartbeat-{heartbeat.pk}",
        status=status,
        title=f"{heartbeat} has not reported",
        description=f"Its last beat came at {heartbeat.last_beat_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"and the next was due within {in_words(heartbeat.every)}.",
        service=heartbeat.service.slug if heartbeat.service else "",
        severity=heartbeat.severity.code if heartbeat.severity else "",
    )
    for fault in receive(heartbeat, [alert], received_at=clock.now()).values():
        raise fault
