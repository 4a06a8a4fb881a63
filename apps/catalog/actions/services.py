"""Writes of services."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.catalog.models import Service
from apps.core.history import made_by
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User


@transaction.atomic
def create_service(*, by: User, team: Team, fields: Mapping[str, object]) -> Service:
    """Add a service of ``team``. Raises NotAllowed unless ``by`` manages it, ValidationError for wrong fields."""
    access.require_for_team(by, Permission.MANAGE, team)
    return _save(Service(team=team), by=by, fields=fields)


@transaction.atomic
def update_service(service: Service, *, by: User, fields: Mapping[str, object]) -> Service:
    """Change fields of a service, its team included.

    Raises NotAllowed unless ``by`` manages both the team that has it and the one that gets it, ValidationError for
    wrong fields.
    """
    service = Service.objects.select_for_update(no_key=True).select_related(None).get(pk=service.pk)
    access.require_for_team(by, Permission.MANAGE, service.team)
    service = _save(service, by=by, fields=fields)
    access.require_for_team(by, Permission.MANAGE, service.team)
    return service


def _save(service: Service, *, by: User, fields: Mapping[str, object]) -> Service:
    for name, value in fields.items():
        setattr(service, name, value)
    service.full_clean()
    made_by(service, by)
    service.save()
    return service
