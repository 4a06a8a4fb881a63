"""Tests connections: asked for in the admin, done by the engine (law 5), told where it was asked for."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock
from apps.core.errors import ProviderError
from apps.engine import actions as engine
from apps.integrations.models import CheckState, Connection, ConnectionCheck
from apps.integrations.tools import checked, provider_of

#: The kind of the timer that tests a connection.
CHECK = "integrations.check"


@transaction.atomic
def check_later(connection: Connection) -> None:
    """Let the engine test the connection now."""
    _keep(connection, CheckState.ASKED, "")
    engine.schedule(CHECK, key=f"{CHECK}:{connection.pk}", payload={"connection": connection.pk})


def check(connection_id: int) -> None:
    """Ask the provider who we are, and keep what it says."""
    connection = Connection.objects.get(pk=connection_id)
    try:
        state, words = CheckState.GOOD, checked(provider_of(connection.provider), connection.settings)
    except ProviderError as error:
        state, words = CheckState.BAD, str(error)
    _keep(connection, state, words)


def _keep(connection: Connection, state: CheckState, words: str) -> None:
    known = {"state": state, "words": words[:300], "at": clock.now()}
    ConnectionCheck.objects.update_or_create(connection=connection, defaults=known)
