"""What a list of incidents costs somebody who sees a tenth of the teams, beside somebody who sees all of them.

A million incidents in five hundred teams, one in fifty of them open, one in a hundred private, the member involved in
a thousand. Each page is asked for in turns by a member of fifty teams and by a superuser, through all of the web
application but the network; beside them an auditor, and a manager of the fifty teams, search the record.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.house import manage, prepared

if TYPE_CHECKING:
    from django.test import Client

TEAMS, OF_MEMBER, INCIDENTS, ROUNDS = 500, 50, 1_000_000, 21
MOST_QUERIES = 12
RATIO_TARGET = 2.0

PAGES = {
    "open incidents": "/incidents/",
    "all incidents": "/incidents/?open=false",
    "all, page 100": "/incidents/?open=false&page=100",
    "of one team": "/incidents/?open=false&team=team-10",
    "with words": "/incidents/?open=false&q=disk+777",
    "the first page": "/",
    "API, all": "/api/v1/incidents/",
    "API, open": "/api/v1/incidents/?open=true",
}
#: What of the record is asked by an auditor of the organisation, and by a manager of fifty teams.
RECORD = {
    "the record": "/audit/",
    "its timelines": "/audit/?what=timeline",
    "a year ago": "/audit/?end=2025-11-01T00:00:00Z",
    "a rare kind": "/audit/?verb=merged",
    "with words": "/audit/?q=nobody+wrote+this",
    "of a request": "/audit/?request=nobody-asked-this",
    "of an incident": "/audit/?incident={incident}",
}


@dataclass(frozen=True)
class Page:
    """A page's medians in seconds, and the queries that the member's takes."""

    name: str
    member: float
    superuser: float
    queries: int

    @property
    def ratio(self) -> float:
        return self.member / self.superuser

    @property
    def is_good(self) -> bool:
        return self.ratio <= RATIO_TARGET and (self.queries <= MOST_QUERIES or self.name == "the first page")

    def __str__(self) -> str:
        return (
            f"{self.name:20}{self.member * 1000:10.1f} ms{self.superuser * 1000:10.1f} ms"
            f"{self.ratio:8.2f}{self.queries:10}{'' if self.is_good else '    MISSED'}"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared():
        manage("procedures", "apply", "procedures/ado.yml")
        print(f"Writing {INCIDENTS:,} incidents of {TEAMS} teams…", flush=True)
        emails = fill()
        pages = [measured(name, address, *map(signed_in, emails)) for name, address in PAGES.items()]
        auditors = signed_in("auditor@example.com"), signed_in("manager@example.com")
        asked = {name: address.format(incident=somebodys_incident()) for name, address in RECORD.items()}
        record = [(name, *(median(asking(each, address)) for each in auditors)) for name, address in asked.items()]
    print(f"{'':20}{'member':>13}{'superuser':>13}{'ratio':>8}{'queries':>10}")
    print("\n".join(map(str, pages)))
    print(f"targets: a ratio of {RATIO_TARGET} or less; a list in {MOST_QUERIES} queries or fewer")
    print(f"\n{'':20}{'auditor':>13}{'manager':>13}")
    print(
        "\n".join(f"{name:20}{auditor * 1000:10.1f} ms{manager * 1000:10.1f} ms" for name, auditor, manager in record)
    )
    return all(page.is_good for page in pages)


def fill() -> tuple[str, str]:
    """Write everything, and return the addresses of the member and of the superuser."""
    from apps.teams import actions
    from apps.teams.models import Team, TeamRole, User

    Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(TEAMS))
    member = User.objects.create_user("member@example.com", name="Member")
    superuser = User.objects.create_superuser("superuser@example.com", name="Superuser")
    auditor = User.objects.create_user("auditor@example.com", name="Auditor")
    actions.add_member(auditor, None, TeamRole.AUDITOR)
    manager = User.objects.create_user("manager@example.com", name="Manager")
    for team in Team.objects.order_by("pk")[:: TEAMS // OF_MEMBER]:
        actions.add_member(member, team, TeamRole.RESPONDER)
        actions.add_member(manager, team, TeamRole.MANAGER)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as application:
        for statement in (_INCIDENTS, _INVOLVEMENTS, _CLOCKS, _EVENTS, history_of_incidents()):
            application.execute(statement, {"incidents": INCIDENTS, "member": member.pk})
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    return member.email, superuser.email


def history_of_incidents() -> str:
    """The statement that writes the state in which each incident was declared."""
    from apps.incidents.models import Incident

    columns = ", ".join(field.column for field in Incident._meta.concrete_fields)
    return f"""
        INSERT INTO incidents_historicalincident ({columns}, history_date, history_type)
        SELECT {columns}, declared_at, '+' FROM incidents_incident ORDER BY id
    """  # noqa: S608  (the model's own columns)


def somebodys_incident() -> str:
    """The reference of an incident that both may see who search the record."""
    from apps.incidents.models import Incident

    seen = Incident.objects.filter(team__memberships__person__email="manager@example.com", private=False)
    return seen.latest("pk").reference


def signed_in(email: str) -> Client:
    """A browser in which that person is signed in."""
    from django.test import Client

    from apps.teams.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email=email), backend="apps.teams.backends.PeopleBackend")
    return client


def measured(name: str, address: str, member: Client, superuser: Client) -> Page:
    """Ask for the page in turns, after each was asked for once."""
    from django.db import connection

    queries: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        queries.append(sql)
        return execute(sql, *arguments)

    by_member, by_superuser = asking(member, address), asking(superuser, address)
    by_superuser()
    with connection.execute_wrapper(count):
        by_member()
    times = [(timed(by_member), timed(by_superuser)) for _ in range(ROUNDS)]
    members, superusers = zip(*times, strict=True)
    return Page(name, statistics.median(members), statistics.median(superusers), len(queries))


def asking(client: Client, address: str) -> Callable[[], None]:
    """A call that asks for the page. Raises RuntimeError for an answer that is none."""

    def ask() -> None:
        if (status := client.get(address).status_code) != 200:
            raise RuntimeError(f"{address} was answered {status}.")

    return ask


def median(call: Callable[[], None]) -> float:
    """The median of so many rounds, in seconds."""
    return statistics.median(timed(call) for _ in range(ROUNDS))


def timed(call: Callable[[], None]) -> float:
    """How long ``call`` takes, in seconds."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


_INCIDENTS = """
    INSERT INTO incidents_incident (title, summary, severity_id, status, team_id, detection, private, drill,
        procedures_id, declared_at, response_started_at, resolved_at, closed_at)
    SELECT 'Incident ' || n || ' of the disk', '', severities[1 + mod(n, array_length(severities, 1))],
           CASE WHEN mod(n, 50) = 0 THEN 'investigating' ELSE 'closed' END,
           teams[1 + mod(hashint8extended(n, 7) & 2147483647, array_length(teams, 1))],
           'internal', mod(n, 100) = 1, false, revision,
           at, at, CASE WHEN mod(n, 50) <> 0 THEN at + interval '1 hour' END,
           CASE WHEN mod(n, 50) <> 0 THEN at + interval '2 days' END
      FROM (SELECT n, now() - (%(incidents)s - n) * interval '1 minute' AS at
              FROM generate_series(1, %(incidents)s::bigint) AS n) AS numbered,
           (SELECT array_agg(id ORDER BY id) AS severities FROM incidents_severity) AS s,
           (SELECT array_agg(id ORDER BY id) AS teams FROM teams_team WHERE slug LIKE 'team-%%') AS t,
           (SELECT max(id) AS revision FROM incidents_proceduresrevision) AS r
     ORDER BY n
"""
_INVOLVEMENTS = """
    INSERT INTO incidents_involvement (incident_id, person_id, reason, since)
    SELECT id, %(member)s, 'paged', declared_at FROM incidents_incident WHERE mod(id, 1000) = 1
"""
_CLOCKS = """
    INSERT INTO incidents_clock (incident_id, name, started_at, made_at, due_at, met_at)
    SELECT id, 'response', declared_at, declared_at, declared_at + interval '15 minutes',
           declared_at + interval '5 minutes'
      FROM incidents_incident
"""
_EVENTS = """
    INSERT INTO incidents_timelineevent (incident_id, at, kind, via, text, data)
    SELECT id, declared_at, 'declared', 'web', 'Declared', '{}' FROM incidents_incident ORDER BY id
"""
