"""From what whoever keeps a chain may choose: whose it is, and whom its levels page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from apps.catalog.models import Service
from apps.catalog.queries import active_services
from apps.contacts.models import EmergencyContact, WebhookEndpoint
from apps.contacts.queries import people_who_answer
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.escalation.models.policies import REFERENCES
from apps.incidents.models import ResponseRole
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission, Viewer
from apps.teams.models import Team


def keeps(person: Viewer, policy: Policy) -> bool:
    """Whether ``person`` may write the policy: managers that of their team and its services, administrators each."""
    owner = policy.owner
    return access.is_administrator(person) or (
        owner is not None and owner.pk in access.team_ids(person, Permission.MANAGE)
    )


def teams(person: Viewer) -> QuerySet[Team]:
    """The teams in use whose chains ``person`` keeps."""
    return Team.objects.filter(pk__in=access.team_ids(person, Permission.MANAGE), is_active=True)


def services(person: Viewer) -> QuerySet[Service]:
    """The services in use whose chains ``person`` keeps."""
    return active_services().filter(team__in=access.team_ids(person, Permission.MANAGE))


def targets(person: Viewer, *, kept: QuerySet[LevelTarget]) -> dict[str, QuerySet[Any]]:
    """What ``person`` may let a level page, by the name of the target's reference.

    What is in use and of a team whose matters they see, or of no team at all; and what ``kept`` name, whatever that is.
    """
    seen = access.team_ids(person, Permission.VIEW)
    in_use: dict[str, QuerySet[Any]] = {
        "role": ResponseRole.objects.all(),
        "contact": EmergencyContact.objects.filter(retired_at=None),
        "person": people_who_answer(),
        "roster": Roster.objects.filter(retired_at=None, team__in=seen),
        "team": Team.objects.filter(is_active=True, pk__in=seen),
        "webhook": WebhookEndpoint.objects.filter(Q(team=None) | Q(team__in=seen), retired_at=None),
    }
    return {
        name: found.model._default_manager.filter(
            Q(pk__in=found.order_by().values("pk"))
            | Q(pk__in=kept.filter(**{f"{name}__isnull": False}).order_by().values(name))
        )
        for name, found in in_use.items()
    }


def allowed(person: Viewer, chosen: Iterable[LevelTarget], *, kept: QuerySet[LevelTarget]) -> bool:
    """Whether ``person`` may let levels page all of ``chosen``; a query for each kind of reference among them."""
    named: dict[str, set[int]] = defaultdict(set)
    for target in chosen:
        name = REFERENCES.get(TargetKind(target.kind))
        if name is not None:
            named[name].add(getattr(target, f"{name}_id"))
    open_to = targets(person, kept=kept)
    return all(open_to[name].filter(pk__in=ids).count() == len(ids) for name, ids in named.items())
