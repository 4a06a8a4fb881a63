"""Tells an incident as providers are told of it."""

from __future__ import annotations

from django.conf import settings

from apps.communications.models import Component
from apps.communications.status_page import queries as status_page
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.integrations.tools import PUBLIC, Brief, Notice, StepKind
from apps.notifications.messages import PRIVATE
from apps.teams.models import User
from apps.teams.queries import is_a_person

#: Where only those read who are asked in: they are told everything.
_AMONG_THE_INVOLVED = frozenset({StepKind.CHANNEL})


def _who_respond(incident: Incident) -> tuple[str, ...]:
    """The addresses of who responds and of whoever was paged or asked, as far as they are people and may see it."""
    involved = User.objects.filter(is_a_person(), involvements__incident=incident, is_active=True).distinct()
    people = {*incidents.response_team(incident), *incidents.those_who_see(incident, involved)}
    return tuple(sorted(person.email for person in people))


def _whose_access_is_gone(incident: Incident) -> tuple[str, ...]:
    """The addresses of whose access was taken back and who see it for no other reason."""
    taken_back = User.objects.filter(
        access_grants__incident=incident, access_grants__taken_back_at__isnull=False
    ).distinct()  # fmt: skip
    seeing = {person.pk for person in incidents.those_who_see(incident, taken_back)}
    return tuple(sorted(person.email for person in taken_back if person.pk not in seeing))


def _notices(incident: Incident) -> tuple[Notice, ...]:
    """What everybody may read of it now, by the incident itself and not by what was read of it before."""
    publication = status_page.with_updates(status_page.standing().filter(incident=incident)).first()
    updates = sorted(publication.updates.all(), key=lambda update: update.pk) if publication else []
    slugs = dict(Component.objects.values_list("pk", "service__slug")) if updates else {}
    return tuple(
        Notice(
            key=update.pk,
            name=update.name,
            status=update.status,
            impact=update.impact,
            message=update.update.message,
            components={slugs[int(component)]: status for component, status in update.components.items()},
        )
        for update in updates
    )


def _components(incident: Incident) -> dict[str, str]:
    """How each component is now that was published with it, though nobody may read of it any more."""
    statuses = status_page.named_now(incident)
    slugs = Component.objects.filter(pk__in=statuses).values_list("pk", "service__slug")
    return {slug: str(statuses[pk]) for pk, slug in slugs}


def brief_of(incident: Incident, kind: StepKind) -> Brief:
    """The incident, with its severity and team read, for what is made as ``kind``."""
    hidden = incident.private and kind not in _AMONG_THE_INVOLVED
    drill = "DRILL " if incident.drill else ""
    url = f"{settings.SITE_URL}{incident.get_absolute_url()}"
    commander = incidents.holder_of(incident, "commander")
    return Brief(
        mark=f"{url}#{int(incident.declared_at.timestamp())}",
        reference=incident.reference,
        title=f"{drill}{PRIVATE if hidden else incident.title}",
        summary="" if hidden else incident.summary,
        severity=incident.severity.code,
        impact=incident.severity.impact,
        status=incident.status,
        status_label=str(incident.get_status_display()),
        team=incident.team.name,
        services=() if hidden else tuple(incident.services.values_list("name", flat=True)),
        commander=str(commander) if commander else "",
        people=_who_respond(incident),
        url=url,
        private=incident.private,
        drill=incident.drill,
        declared_at=incident.declared_at,
        acknowledged_at=incident.acknowledged_at,
        gone=_whose_access_is_gone(incident),
        notices=_notices(incident) if kind in PUBLIC else (),
        components=_components(incident) if kind in PUBLIC else {},
    )
