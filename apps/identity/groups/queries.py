"""Reads of groups that are worth a name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from apps.identity.groups.models import GroupMapping, ProviderGroup


def named(names: Iterable[str], *, provider: str) -> QuerySet[ProviderGroup]:
    """The groups of ``provider`` with one of ``names``: as their external id; where they have none, in any case."""
    told = [name for name in names if name]
    lowered = [name.lower() for name in told]
    groups = ProviderGroup.objects.filter(provider=provider).annotate(lowered=Lower("name"))
    return groups.filter(Q(external_id__in=told) | Q(external_id="", lowered__in=lowered))


def give_anything(groups: Iterable[ProviderGroup]) -> bool:
    """Whether one of the groups gives a role."""
    return GroupMapping.objects.filter(group__in=list(groups)).exists()
