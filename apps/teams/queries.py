"""Reads of people and teams that are worth a name."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.teams.access import GRANTS, Permission
from apps.teams.models import Membership, User

#: The roles whose holders respond for their team.
RESPONDING = tuple(role for role, granted in GRANTS.items() if Permission.RESPOND in granted)


def responds() -> Q:
    """What fits the people who can be on call: active, and responding for some team."""
    held = Membership.objects.filter(person=OuterRef("pk"), role__in=RESPONDING)
    return Q(Q(Exists(held)) | Q(is_superuser=True), is_active=True)


def responders() -> QuerySet[User]:
    """Who can be on call: whoever is active and responds for some team."""
    return User.objects.filter(responds())
