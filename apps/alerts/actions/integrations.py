"""Makes integrations and their keys."""

from __future__ import annotations

import secrets

from django.db import transaction

from apps.alerts.keys import digest_of
from apps.alerts.models import Format, Integration
from apps.catalog.models import Service
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User

HINT_LENGTH = 6


@transaction.atomic
def create_integration(
    *,
    team: Team,
    name: str,
    sender_format: Format,
    by: User | None,
    service: Service | None = None,
    secret: str = "",
    acknowledges: bool = False,
) -> tuple[Integration, str]:
    """Make an integration of ``team`` and return it with its key, which is shown this once and kept as a digest only.

    ``by`` is None on the command line. Raises NotAllowed unless ``by`` manages the team, ValidationError for a name
    that the team has already, an unknown format, or a secret where the format has none, ValueError for a heartbeat,
    which has an action of its own.
    """
    if sender_format == Format.HEARTBEAT:
        raise ValueError("A heartbeat is made by create_heartbeat.")
    if by is not None:
        access.require_for_team(by, Permission.MANAGE, team)
    integration = Integration(
        team=team,
        name=name.strip(),
        format=sender_format,
        service=service,
        secret=secret,
        acknowledges=acknowledges,
        created_by=by,
    )
    key = give_key(integration)
    integration.full_clean()
    integration.save()
    return integration, key


@transaction.atomic
def rotate_key(integration: Integration, *, by: User) -> str:
    """Give the integration a new key and return it; the old one is refused from now on, 5 s at the latest.

    Raises NotAllowed unless ``by`` manages the integration's team.
    """
    access.require(by, Permission.MANAGE, integration)
    locked = type(integration)._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=integration.pk)
    key = give_key(locked)
    locked.save(update_fields=["key_digest", "key_hint"])
    return key


def give_key(integration: Integration) -> str:
    """Put a new key into ``integration``, which is not saved, and return it."""
    key = secrets.token_urlsafe(24)
    integration.key_digest = digest_of(key)
    integration.key_hint = f"{key[:HINT_LENGTH]}…"
    return key
