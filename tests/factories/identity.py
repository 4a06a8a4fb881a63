"""Groups of identity providers."""

from __future__ import annotations

from apps.identity.groups.models import ProviderGroup
from apps.identity.oidc.configuration import SCIM
from apps.teams.models import Team, TeamRole


def make_group(
    name: str, *gives: tuple[Team | None, TeamRole], external_id: str = "", provider: str = SCIM
) -> ProviderGroup:
    """A group that gives these roles."""
    group = ProviderGroup.objects.create(provider=provider, name=name, external_id=external_id)
    for team, role in gives:
        group.mappings.create(team=team, role=role)
    return group
