"""Whose a row that is written once is: which team's, and whether it tells of a private incident."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.incidents.models import Incident
from apps.teams.models import Team

#: The ways to an incident, by the field that they begin with.
_INCIDENT = {"incident": "incident", "postmortem": "postmortem__incident"}

#: The ways to a team; those of the first field that a table has decide. Where there are several, the first that leads
#: somewhere does. What has none is the organisation's.
_TEAM = {
    "incident": ("incident__team",),
    "postmortem": ("postmortem__incident__team",),
    "level": ("level__policy__team", "level__policy__service__team"),
    "policy": ("policy__team", "policy__service__team"),
    "layer": ("layer__roster__team",),
    "role": (),
    "roster": ("roster__team", "team"),
    "team": ("team", "service__team"),
    "service": ("service__team",),
}


def rows_of(model: type[models.Model], *, team: Team | None, private: bool) -> QuerySet[models.Model] | None:
    """The rows of ``model`` that belong to ``team`` now (None: to anybody), or None if no row does.

    Without ``private`` only those are left that tell of no incident, or of one that is known not to be private.
    """
    rows: QuerySet[models.Model] = model._default_manager.order_by()
    if not private:
        rows = rows.filter(_tells_of_nothing_private(model))
    if team is None:
        return rows
    if model._meta.label == "teams.HistoricalTeam":
        return rows.filter(id=team.pk)
    paths = next((ways for field, ways in _TEAM.items() if _has(model, field)), ())
    known = [path for path in paths if _has(model, path.partition("__")[0])]
    if not known:
        return None
    owner = Coalesce(*(f"{path}_id" for path in known)) if len(known) > 1 else F(f"{known[0]}_id")
    owned: QuerySet[models.Model] = rows.alias(whose_row=owner).filter(whose_row=team.pk)
    return owned


def _tells_of_nothing_private(model: type[models.Model]) -> Q:
    open_to_all = Incident.objects.filter(private=False).order_by().values("pk")
    if model._meta.label == "incidents.HistoricalIncident":
        return Q(id__in=open_to_all)
    for field, path in _INCIDENT.items():
        if _has(model, field):
            return Q(**{f"{path}__in": open_to_all})
    return Q()


def _has(model: type[models.Model], field: str) -> bool:
    return any(each.name == field and each.is_relation for each in model._meta.fields)
