"""The house of one case: its processes, what was declared in it, and what it is asked while things break."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import connections

from apps.engine.identity import me
from apps.escalation.actions.proving import TITLE as PROOF_FOUND_GAPS
from faults import account, declaring
from faults.account import Account, Fact, Page, Way
from faults.forms import Form
from faults.ground import Ground
from faults.mail import MailServer
from faults.organisation import TEAMS, TEXTED, person
from faults.programs import Program, Twist
from faults.providers import Provider

_FACTS = """
    SELECT 'INC-' || incident.id, team.slug, severity.code
      FROM incidents_incident AS incident
      JOIN teams_team AS team ON team.id = incident.team_id
      JOIN incidents_severity AS severity ON severity.id = incident.severity_id
     WHERE incident.acknowledged_at IS NULL
"""
_DUE = """
    SELECT 'INC-' || run.incident_id, level.number, level.due_at
      FROM escalation_runlevel AS level JOIN escalation_run AS run ON run.id = level.run_id
"""
_UNKNOWN = """
    SELECT 'INC-' || notification.incident_id, notification.level, delivery.address, delivery.unknown_attempts
      FROM notifications_delivery AS delivery
      JOIN notifications_notification AS notification ON notification.id = delivery.notification_id
     WHERE delivery.unknown_attempts > 0 AND notification.kind = 'page'
"""
#: Timers about pages that are not settled. A page that was handed to the next address leaves nothing behind here.
_UNSETTLED = """
    SELECT count(*) FROM engine_timer
     WHERE state IN ('pending', 'leased') AND (payload ? 'level' OR payload ? 'delivery')
"""
#: So many incidents are declared by two processes at once.
MANY = 500
#: For so long (seconds) it is watched whether anything comes twice once everything has come.
AFTERWARDS = 2.0


class House:
    """The product on a fresh database, for a case in one of its forms."""

    def __init__(self, ground: Ground, *, form: Form, numbers: Mapping[str, int]) -> None:
        self.ground = ground
        self.form = form
        self._numbers = numbers
        self.complaints: list[str] = []
        self._programs: dict[str, Program] = {}
        self._database: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def mail(self) -> MailServer:
        """What the house sends to."""
        return self.ground.mail

    @property
    def provider(self) -> Provider:
        """What text messages are sent to."""
        return self.ground.provider

    def number(self, name: str) -> int:
        """How many of what the case calls ``name``, in the form that runs."""
        return self._numbers[name]

    def expect(self, true: object, otherwise: str) -> None:
        """Note ``otherwise`` as not expected unless ``true``."""
        if not true:
            self.complaints.append(otherwise)

    def expect_prompt(self, seconds: float, *, within: float, what: str = "a page") -> None:
        """Note ``what`` as late if it took longer than ``within``, which the form multiplies."""
        limit = within * self.form.patience
        self.expect(seconds < limit, f"{what} came {seconds:.1f} s after it was due, not within {limit:.0f} s")

    def start(self, *names: str, twist: Twist | None = None) -> None:
        """Start programs (``programs.COMMANDS``); what follows a space in a name tells two of a kind apart."""
        for name in names:
            if name not in self._programs or twist is not None:
                log = self.ground.folder / f"{name.replace(' ', '-')}.log"
                self._programs[name] = Program(name.partition(" ")[0], log=log, twist=twist or Twist())
            self._programs[name].start()

    def kill(self, *names: str) -> None:
        """``kill -9`` the named programs, without names all of them."""
        for name in names or tuple(self._programs):
            self._programs[name].kill()

    def has_ended(self, name: str) -> bool:
        """Whether a program that was started runs no more."""
        return self._programs[name].has_ended

    def declare(
        self, number: int, *, severity: str = "P0", teams: Sequence[str] = TEAMS, within: float = 600.0
    ) -> list[str]:
        """Declare ``number`` incidents, of the teams in turn, in a transaction each; return how those that failed did.

        The house is then told no more of them: what was committed is asked of the database afterwards.
        """
        at_once = declaring.declare_together if number >= MANY else declaring.declare
        tried, failed = at_once(number, severity=severity, teams=teams, within=within)
        self.expect(tried == number, f"only {tried} of {number} incidents were declared within {within:.0f} s")
        return failed

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What ``query`` finds, asked by the superuser over a connection of its own. Raises psycopg.Error.

        One that failed is left, so that the next question goes to a server that is back.
        """
        if self._database is None or self._database.closed:
            self._database = psycopg.connect(self.ground.case_url, autocommit=True, connect_timeout=5)
        try:
            return self._database.execute(query, parameters or None).fetchall()
        except psycopg.OperationalError:
            self._database.close()
            raise

    def count(self, query: str, *parameters: object) -> int:
        """The number that ``query`` finds."""
        return int(self.rows(query, *parameters)[0][0])

    def until(self, true: Callable[[], object], *, within: float, what: str) -> bool:
        """Wait until ``true()``; after ``within`` seconds note that ``what`` did not happen. A database may be away."""
        deadline = time.monotonic() + within
        while True:
            try:
                if true():
                    return True
            except psycopg.OperationalError as error:
                reason = f" ({error})"
            else:
                reason = ""
            if time.monotonic() > deadline:
                self.complaints.append(f"not within {within:.0f} s: {what}{reason}")
                return False
            time.sleep(0.1)

    def facts(self) -> list[Fact]:
        """The incidents that were declared and that nobody answered."""
        return [Fact(*row) for row in self.rows(_FACTS)]

    def account(self, *, of: Collection[str] = (*TEAMS, *TEXTED)) -> Account:
        """Compare what should have been paged for the teams with what mail server and provider got, as it stands."""
        due: dict[tuple[str, int], datetime] = {(incident, level): at for incident, level, at in self.rows(_DUE)}
        unknown = {Way(Page(incident, level, person(to)), to): n for incident, level, to, n in self.rows(_UNKNOWN)}
        arrivals = (*self.mail.kept("page"), *self.provider.kept("page"))
        facts = [fact for fact in self.facts() if fact.team in of]
        return account.settle(facts, arrivals, unknown=unknown, due=due)

    def finish(self, *, within: float = 120.0) -> Account:
        """Wait until every page is settled, and a little longer for what comes twice; then compare."""
        self.until(lambda: not self.count(_UNSETTLED), within=within, what="every page settled")
        time.sleep(AFTERWARDS)
        settled = self.account()
        self.complaints += settled.complaints
        repaired = self.count("SELECT count(*) FROM incidents_incident WHERE title = %s", PROOF_FOUND_GAPS)
        self.expect(not repaired, "the proof had to repair pages that were missing")
        return settled

    def close(self) -> None:
        """End every process and every connection of this one."""
        self.kill()
        if self._database is not None:
            self._database.close()
        me.release()
        connections.close_all()
        self.mail.forget()
        self.provider.forget()
