"""Puts the demo into the database, and takes all of it away.

Both empty every table but those that Django keeps about the code, append-only ones included: they run as the
database's owner, and keep the procedures that are in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from apps.core import clock
from apps.core.errors import RuleViolation
from apps.incidents.models import Incident
from apps.notifications import actions as notifications
from apps.procedures import current
from apps.procedures.apply import apply
from apps.procedures.demo import incidents, organisation, stories
from apps.procedures.document import Document
from apps.teams.models import Team, User

#: What describes the code and not the organisation.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def is_empty() -> bool:
    """Whether nobody has begun to work here: no team and no incident."""
    return not Team.objects.exists() and not Incident.objects.exists()


def strangers() -> list[str]:
    """The names of teams and people that neither the demo nor the procedures made, and that would be lost."""
    slugs = [slug for slug, *_ in organisation.TEAMS]
    emails = [person.email for person in organisation.PEOPLE]
    teams = Team.objects.exclude(slug__in=slugs)
    people = User.objects.exclude(email__in=emails).filter(emergency_contacts__isnull=True)
    return [*(f"the team {team}" for team in teams), *(f"{person.name} <{person.email}>" for person in people)]


@transaction.atomic
def load(*, password: str) -> None:
    """Build the demo in a database that holds only procedures. Raises RuleViolation while none are in force."""
    if current.document() is None:
        raise RuleViolation("Load the procedures first: manage.py procedures apply procedures/ado.yml")
    with _mails_go_nowhere():
        organisation.build(password=password)
        stories.tell(incidents.STORIES, now=clock.now())
        for person in User.objects.all():
            notifications.mark_read(person)


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


@contextmanager
def _mails_go_nowhere() -> Iterator[None]:
    """What the demo's people were sent in the past is recorded as sent, and not sent now."""
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = backend
