"""Puts the demo into the database, and takes all of it away.

Both empty every table but those that Django keeps about the code, append-only ones included: they run as the
database's owner, and keep the procedures that are in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pgtrigger
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Min, Model, QuerySet
from psycopg import sql

from apps.alerts.models import Integration
from apps.core import clock
from apps.core.errors import RuleViolation
from apps.incidents.models import Incident
from apps.notifications import actions as notifications
from apps.notifications import transports
from apps.procedures import current
from apps.procedures.apply import apply
from apps.procedures.demo import changes, incidents, organisation, stories
from apps.procedures.document import Document
from apps.teams.models import ApiToken, Team, User

#: What describes the code and not the organisation.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
#: Of a kind that is not of the demo: as many are named before they are only counted.
SHOWN = 10

Row = TypeVar("Row", bound=Model)


def is_empty() -> bool:
    """Whether nobody has begun to work here: no team, no incident, and nobody's own person or token."""
    return not (Team.objects.exists() or Incident.objects.exists() or strangers())


def strangers() -> list[str]:
    """What neither the demo nor the procedures made, and that would be lost, in words.

    Teams, people, integrations, tokens that are not revoked, and incidents; of each the first SHOWN and how many more.
    """
    slugs = [slug for slug, *_ in organisation.TEAMS]
    emails = [person.email for person in organisation.PEOPLE]
    people = User.objects.exclude(email__in=emails).filter(emergency_contacts__isnull=True)
    integrations = Integration.objects.select_related("team")
    for name, team in organisation.SENDERS:
        integrations = integrations.exclude(name=name, team__slug=team)
    tokens = ApiToken.objects.filter(revoked_at__isnull=True).select_related("person")
    return [
        *_listed("teams", Team.objects.exclude(slug__in=slugs), lambda team: f"the team {team}"),
        *_listed("people", people, lambda person: f"{person.name} <{person.email}>"),
        *_listed("integrations", integrations, lambda each: f"the integration {each} of {each.team}"),
        *_listed("tokens", tokens, lambda token: f"the token {token.name} of {token.person}"),
        *_listed("incidents", _incidents_of_others(), _named),
    ]


@transaction.atomic
def load(*, password: str) -> None:
    """Build the demo in a database that holds only procedures. Raises RuleViolation while none are in force."""
    if current.document() is None:
        raise RuleViolation("Load the procedures first: manage.py procedures apply procedures/ado.yml")
    with transports.going_nowhere():
        organisation.build(password=password)
        organisation.report()
        stories.tell(incidents.STORIES, now=clock.now())  # with them passes what is due, the notices of reports too
        changes.record(changes.CHANGES, now=clock.now())
        for person in User.objects.all():
            notifications.mark_read(person)
    organisation.connect()
    organisation.watch()


@transaction.atomic
def remove() -> None:
    """Empty the database but for the procedures in force, which begin anew with their first revision."""
    document: Document | None = current.document()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    names = sql.SQL(", ").join(sql.Identifier(table) for table in sorted(tables - KEPT))
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # a table whose foreign keys wait to be checked is not truncated
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
    if document is not None:
        apply(document)


def _listed(kind: str, found: QuerySet[Row], named: Callable[[Row], str]) -> Iterator[str]:
    yield from map(named, found[:SHOWN])
    if (more := found.count() - SHOWN) > 0:
        yield f"and {more} more {kind}"


def _incidents_of_others() -> QuerySet[Incident]:
    """Every incident that is none of the demo's stories; of two that share a story's title the first is the demo's."""
    told = Incident.objects.filter(title__in=[story.title for story in incidents.STORIES])
    return Incident.objects.exclude(pk__in=told.order_by().values("title").annotate(first=Min("pk")).values("first"))


def _named(incident: Incident) -> str:
    """What the incident is about stays unsaid where it is private: who resets the demo need not be involved."""
    return f"the incident {incident}" if incident.private else f'the incident {incident} "{incident.title}"'
