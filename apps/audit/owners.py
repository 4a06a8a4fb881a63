"""Whose a row that is written once is: which team's, and of which incident it tells."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.audit.models import Entry
from apps.incidents.models import Incident

#: The ways to an incident, by the field that they begin with.
_INCIDENT = {"incident": "incident", "postmortem": "postmortem__incident", "publication": "publication__incident"}

#: The ways to a team; those of the first field that a table has decide. Where there are several, the first that leads
#: somewhere does. What has none is the organisation's.
_TEAM = {
    "incident": ("incident__team",),
    "postmortem": ("postmortem__incident__team",),
    "publication": ("publication__incident__team",),
    "level": ("level__policy__team", "level__policy__service__team"),
    "policy": ("policy__team", "policy__service__team"),
    "layer": ("layer__roster__team",),
    "role": (),
    "roster": ("roster__team", "team"),
    "team": ("team", "service__team"),
    "service": ("service__team",),
}


def rows_of(
    model: type[models.Model], *, teams: Collection[int] | None, incidents: QuerySet[Incident] | None
) -> QuerySet[models.Model] | None:
    """The rows of ``model`` that belong to one of ``teams`` now (None: to anybody), or None if no row does.

    With ``incidents`` only those are left that tell of no incident, or of one that is known to be among these.
    """
    rows: QuerySet[models.Model] = model._default_manager.order_by()
    if incidents is not None:
        rows = rows.filter(_tells_of_none_but(incidents, model))
    if teams is None:
        return rows
    if model._meta.label == "teams.HistoricalTeam":
        return rows.filter(id__in=teams)
    if model is Entry:
        return rows.filter(teams__overlap=list(teams))
    paths = next((ways for field, ways in _TEAM.items() if _has(model, field)), ())
    known = [path for path in paths if _has(model, path.partition("__")[0])]
    if not known:
        return None
    owner = Coalesce(*(f"{path}_id" for path in known)) if len(known) > 1 else F(f"{known[0]}_id")
    owned: QuerySet[models.Model] = rows.alias(whose_row=owner).filter(whose_row__in=teams)
    return owned


def incident_of(model: type[models.Model]) -> str | None:
    """The way from a row of ``model`` to the incident that it tells of; None: it tells of none."""
    if model._meta.label == "incidents.HistoricalIncident":
        return "id"
    return next((path for field, path in _INCIDENT.items() if _has(model, field)), None)


def _tells_of_none_but(incidents: QuerySet[Incident], model: type[models.Model]) -> Q:
    path = incident_of(model)
    if path is None:
        return Q()
    among = Q(**{f"{path}__in": incidents.order_by().values("pk")})
    return among | Q(incident=None) if model is Entry else among


def _has(model: type[models.Model], field: str) -> bool:
    return any(each.name == field and each.is_relation for each in model._meta.fields)
