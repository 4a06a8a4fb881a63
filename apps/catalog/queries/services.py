"""Reads of services."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.catalog.models import Service
from apps.teams.models import Team


def active_services() -> QuerySet[Service]:
    """The services in use, by name, with their team."""
    return Service.objects.filter(is_active=True).select_related("team")


def services_of(teams: Iterable[Team | int]) -> QuerySet[Service]:
    """The services in use of ``teams``, by name, with their links and what they depend on."""
    return active_services().filter(team__in=teams).prefetch_related("links", "dependencies__depends_on")


def by_slug(slug: str) -> Service | None:
    """The service in use that is called ``slug``, or None."""
    return active_services().filter(slug=slug).first()
