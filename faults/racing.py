"""One incident that is acknowledged and whose next level is decided at the same moment, over and over."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from faults import beside

TIMEOUT = 120.0
#: So many complaints are enough to know.
ENOUGH = 5

#: Back to where the first level has fired, its page is not sent yet, and the second is due. Functions and statements of
#: the connection are planned once, so that the machine races and does not plan.
_PREPARE = """
    CREATE FUNCTION pg_temp.back_to_the_start(incident bigint, second bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM escalation_runlevel_people WHERE runlevel_id = second;
        DELETE FROM notifications_delivery WHERE notification_id IN (
            SELECT id FROM notifications_notification WHERE incident_id = incident AND level = 2);
        DELETE FROM notifications_notification WHERE incident_id = incident AND level = 2;
        UPDATE escalation_runlevel SET state = 'planned', at = NULL, reason = '' WHERE id = second;
        UPDATE notifications_notification SET stopped_at = NULL, acknowledged_at = NULL WHERE incident_id = incident;
        UPDATE notifications_delivery SET state = 'planned' WHERE channel <> 'in_app' AND notification_id IN (
            SELECT id FROM notifications_notification WHERE incident_id = incident);
        UPDATE incidents_incident SET status = 'declared', acknowledged_at = NULL, acknowledged_by_id = NULL
         WHERE id = incident;
    END $$;
    PREPARE afterwards(bigint, bigint) AS
        SELECT level.state,
               (SELECT max(id) FROM incidents_timelineevent WHERE incident_id = $1 AND kind = 'level_fired')
             > (SELECT max(id) FROM incidents_timelineevent WHERE incident_id = $1 AND kind = 'acknowledged'),
               (SELECT count(*) FROM notifications_notification WHERE incident_id = $1 AND level = 2),
               (SELECT count(*) FROM notifications_delivery AS delivery
                  JOIN notifications_notification AS page ON page.id = delivery.notification_id
                 WHERE page.incident_id = $1 AND delivery.channel <> 'in_app'
                   AND (delivery.state <> 'cancelled' OR page.stopped_at IS NULL)),
               (SELECT acknowledged_at IS NOT NULL FROM incidents_incident WHERE id = $1)
          FROM escalation_runlevel AS level WHERE level.id = $2
"""
_RESET = "SELECT pg_temp.back_to_the_start(%s, %s)"
#: What must hold afterwards: the state of the second level, whether it fired after the acknowledgement (the timeline is
#: in the order of the lock), its pages, and how many deliveries would still go out.
_AFTER = "EXECUTE afterwards(%s, %s)"


@dataclass
class Races:
    """How many tries ended which way, and what should not have been."""

    skipped: int = 0
    fired: int = 0
    complaints: list[str] = field(default_factory=list)


def race(incident_id: int, tries: int) -> Races:
    """Race ``tries`` times on one incident, over two connections of this process."""
    from django.db import connection

    from apps.core.threads import take_short_turns
    from apps.escalation import actions as escalation
    from apps.escalation.models import RunLevel
    from apps.incidents import actions as incidents
    from apps.incidents.models import Incident
    from apps.teams.models import User
    from faults.organisation import on_call

    take_short_turns()
    incident = Incident.objects.select_related("team").get(pk=incident_id)
    responder = User.objects.get(email=on_call(incident.team.slug))
    first, second = RunLevel.objects.filter(run__incident=incident).order_by("number").values_list("pk", flat=True)
    escalation.fire_when_due(first)
    _do_not_wait_for_the_disk()
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)
    races = Races()
    opponent = _Opponent(lambda: incidents.acknowledge(incident_id, by=responder))
    head_start = 0.0
    for _ in range(tries):
        with connection.cursor() as cursor:
            cursor.execute(_RESET, [incident_id, second])
            opponent.go(after=max(head_start, 0.0) * random.random())
            time.sleep(max(-head_start, 0.0) * random.random())
            escalation.fire_when_due(second)
            opponent.wait()
            cursor.execute(_AFTER, [incident_id, second])
            fired = _judge(races, *cursor.fetchone())
        # Whoever loses begins a little earlier the next time, so that they meet as often as may be.
        head_start += 0.0002 if not fired else -0.0002
        if len(races.complaints) >= ENOUGH:
            break
    opponent.end()
    connection.close()  # with what was prepared: the next incident's race begins as this one did
    races.complaints += opponent.raised
    return races


def _judge(races: Races, state: str, after: bool | None, pages: int, going_out: int, acknowledged: bool) -> bool:
    """Count the try and note what is wrong with it; return whether the level fired."""
    fired = state == "fired"
    races.fired += fired
    races.skipped += state == "skipped"
    wrong = {
        f"the level is {state}": state not in ("fired", "skipped"),
        "nobody acknowledged": not acknowledged,
        "the level fired after the acknowledgement": fired and after,
        f"the level is {state} and has {pages} pages": pages != fired,
        f"{going_out} deliveries go on after the acknowledgement": going_out,
    }
    races.complaints += [text for text, is_so in wrong.items() if is_so]
    return fired


def _do_not_wait_for_the_disk() -> None:
    """What is raced for is locks; whether the disk has it is the subject of other cases. The others go first."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT pg_backend_pid()")
        beside.stand_back(cursor.fetchone()[0])


class _Opponent:
    """The other side, in a thread and so with a connection of its own."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.raised: list[str] = []
        self._act = act
        self._after = 0.0
        self._started, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._over = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def go(self, *, after: float) -> None:
        """Act once, ``after`` so many seconds."""
        self._after = after
        self._started.release()

    def wait(self) -> None:
        """Wait until it has acted."""
        if not self._done.acquire(timeout=TIMEOUT):
            raise TimeoutError("The acknowledgement did not end.")

    def end(self) -> None:
        """Let the thread end."""
        self._over = True
        self._started.release()
        self._thread.join(TIMEOUT)

    def _run(self) -> None:
        from django.db import connection

        _do_not_wait_for_the_disk()
        while self._started.acquire() and not self._over:
            try:
                time.sleep(self._after)
                self._act()
            except Exception as error:  # noqa: BLE001  (noted for the table)
                self.raised.append(repr(error))
            finally:
                self._done.release()
        connection.close()
