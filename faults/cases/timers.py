"""Timers that nobody can handle: poison, murder, and what an older version left behind."""

from __future__ import annotations

import json

from apps.engine import actions as engine
from faults import kinds
from faults.house import House
from faults.organisation import ADMINISTRATOR
from faults.table import case

_DEAD = "SELECT count(*) FROM engine_timer WHERE state = 'dead' AND key LIKE %s"
#: Each notice that was sent, and under which key: its own, or that of the summary it went out in.
_TOLD = """
    SELECT notice.id, coalesce(summary.message_id, delivery.message_id)
      FROM notifications_notification AS notice
      JOIN notifications_delivery AS delivery ON delivery.notification_id = notice.id
      LEFT JOIN notifications_delivery AS summary ON summary.id = delivery.bundled_into_id
     WHERE notice.step LIKE 'engine_dead:%%' AND delivery.address = %s AND delivery.state = 'sent'
"""
_OLD = """
    INSERT INTO engine_timer (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at)
    VALUES (%s, 'pages', now() - interval '1 hour', %s, '', %s, 'pending', %s, '', now()) RETURNING id
"""
#: Kind and payload of timers that an older or newer version could have planned; none of them means anything now.
OLD_PAYLOADS = (
    ("escalation.level", {}),
    ("escalation.level", {"level": 999_999_999}),
    ("notifications.deliver", {}),
    ("notifications.deliver", {"delivery": "7f0c"}),
    ("incidents.clock_breach", {"incident": 1}),
    ("incidents.role_backup", {}),
)
UNKNOWN = ("escalation.step", "notifications.fax")
LAST_ATTEMPT = 11
"""Attempts that were made before: the next one is the last, so that the case need not wait for twelve."""


@case(
    "poison",
    numbers={"timers": (5, 5), "attempts": (kinds.ATTEMPTS, kinds.ATTEMPTS), "incidents": (20, 20)},
    done="{timers} timers of a kind that always raises are due in the lane of pages before anything else; its attempts "
    "are {attempts}; {incidents} incidents are declared",
    expected="no page waits for them; each is dead after its attempts, and the administrator is told of each",
)
def poison(house: House) -> str:
    number = house.number("timers")
    for index in range(number):
        engine.schedule(kinds.POISON, key=f"poison:{index}")
    house.start("worker", "beat", "standby")
    house.declare(house.number("incidents"))
    account = house.finish()
    house.until(lambda: house.count(_DEAD, "poison:%") == number, within=60, what="all of them dead")
    tried = house.rows("SELECT min(attempts), max(attempts) FROM engine_timer WHERE key LIKE 'poison:%'")[0]
    house.expect(tried == (kinds.ATTEMPTS, kinds.ATTEMPTS), f"attempts {tried}")
    house.until(lambda: _told(house) == number, within=100, what="the administrator told of each")
    house.expect_prompt(account.latest, within=15)
    return f"{house.count(_DEAD, 'poison:%')} dead after {tried[1]} attempts, {_told(house)} told\n{account}"


@case(
    "murder",
    numbers={"attempts": (kinds.ATTEMPTS, kinds.ATTEMPTS), "incidents": (20, 20)},
    done="a timer is due in the lane of pages that ends whatever worker takes it; two workers are started again each "
    "time; its attempts are {attempts}; {incidents} incidents are declared",
    expected="it is dead after its attempts, the administrator is told, and every page goes out",
)
def murder(house: House) -> str:
    engine.schedule(kinds.MURDER, key="murder:0")
    house.start("worker 1", "worker 2", "beat")
    house.declare(house.number("incidents"))
    deaths = 0

    def over() -> bool:
        nonlocal deaths
        for name in ("worker 1", "worker 2"):
            if house.has_ended(name):
                deaths += 1
                house.start(name)
        return house.count(_DEAD, "murder:%") == 1

    house.until(over, within=90, what="it is dead")
    account = house.finish()
    house.until(lambda: _told(house) == 1, within=30, what="the administrator told")
    house.expect(deaths == kinds.ATTEMPTS, f"{deaths} workers ended, not {kinds.ATTEMPTS}")
    return f"{deaths} workers ended by it, then dead; {_told(house)} told\n{account}"


@case(
    "old payloads",
    numbers={
        "unknown": (len(UNKNOWN), len(UNKNOWN)),
        "broken": (len(OLD_PAYLOADS), len(OLD_PAYLOADS)),
        "incidents": (20, 20),
    },
    done="{unknown} timers of kinds that nobody knows, and {broken} of known kinds with keys missing or of another "
    "shape, are overdue in the lane of pages; {incidents} incidents are declared",
    expected="no page waits for them; what is unknown is kept, what is broken is dead, and the administrator is told",
)
def old_payloads(house: House) -> str:
    for index, (kind, payload) in enumerate(OLD_PAYLOADS):
        house.rows(_OLD, kind, f"old:{index}", json.dumps(payload), LAST_ATTEMPT)
    for kind in UNKNOWN:
        house.rows(_OLD, kind, f"unknown:{kind}", "[]", 0)
    broken = len(OLD_PAYLOADS)
    house.start("worker", "beat", "standby")
    house.declare(house.number("incidents"))
    house.until(lambda: house.count(_DEAD, "old:%") == broken, within=60, what="what is broken is dead")
    house.until(lambda: _told(house) == broken, within=60, what="the administrator told of each")
    account = house.finish()
    kept = house.count("SELECT count(*) FROM engine_timer WHERE state = 'pending' AND key LIKE 'unknown:%'")
    house.expect(kept == len(UNKNOWN), f"{kept} of the unknown are kept")
    house.expect_prompt(account.latest, within=10)
    return f"{broken} broken are dead, {_told(house)} told, {kept} unknown are kept\n{account}"


def _told(house: House) -> int:
    """Of how many timers the administrator was told: by mails of their own, and (more than six) by a summary."""
    told = house.rows(_TOLD, ADMINISTRATOR)
    mails = {mail.message_id for mail in house.mail.kept("other") if mail.to == ADMINISTRATOR}
    return len(told) if {f"<{key}@127.0.0.1>" for _, key in told} == mails else 0
