"""Components of the status page, and incidents that are published there."""

from __future__ import annotations

from typing import Any

from apps.catalog.models import Service
from apps.communications.models import Component, ComponentStatus, Publication, PublicImpact, PublicStatus
from apps.communications.status_page import actions
from apps.communications.status_page.rules import Notice
from apps.incidents.models import Incident
from apps.teams.models import Team, User


def make_component(team: Team, slug: str = "api", name: str = "Public API", **known: Any) -> Component:
    """A service of the team that customers know by that name."""
    service = Service.objects.create(slug=slug, name=f"{slug} internally", team=team)
    return Component.objects.create(service=service, name=name, **known)


def notice(**known: Any) -> Notice:
    """What is told to everybody; a component is affected if one is named."""
    standard: dict[str, Any] = {
        "name": "Requests are slow", "status": PublicStatus.INVESTIGATING, "impact": PublicImpact.MAJOR,
        "message": "We look into it.", "components": {},
    }  # fmt: skip
    return Notice(**{**standard, **known})


def publish(incident: Incident, by: User | None = None, *affected: Component, **known: Any) -> Publication:
    """The incident on the status page, with a partial outage of what is affected."""
    components = {component.pk: str(ComponentStatus.PARTIAL) for component in affected}
    return actions.publish(incident.pk, notice(**{"components": components, **known}), by=by)
