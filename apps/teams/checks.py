"""What is asked of the settings of people and their roles, before anything runs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from apps.teams.models import TeamRole


@checks.register(checks.Tags.security)
def factors_are_required_of_roles(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """An error where a second factor is required of what is no role: of nobody, that is."""
    unknown = [name for name in settings.FACTOR_REQUIRED_ROLES if name not in TeamRole.values]
    if not unknown:
        return []
    hint = f"Roles are {', '.join(TeamRole.values)}."
    return [checks.Error(f"FACTOR_REQUIRED_ROLES names {', '.join(unknown)}.", hint=hint, id="teams.E001")]


@checks.register(checks.Tags.security, deploy=True)
def administrators_have_factors(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """A warning where administrators sign in with a password alone."""
    if TeamRole.ADMIN in settings.FACTOR_REQUIRED_ROLES:
        return []
    hint = "Set FACTOR_REQUIRED_ROLES=admin,manager, unless an identity provider asks for a factor."
    return [checks.Warning("No second factor is required of administrators.", hint=hint, id="teams.W001")]
