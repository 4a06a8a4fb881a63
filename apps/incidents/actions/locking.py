"""How an action gets hold of its incident: locked, so that two who act at once act one after the other."""

from __future__ import annotations

from apps.core.history import made_by
from apps.incidents.models import Incident
from apps.teams.models import User


def locked(incident_id: int, *, by: User | None = None) -> Incident:
    """The incident with its row locked until the transaction ends; its history names ``by`` as who changes it.

    A key-share-friendly lock (``no_key``): a plain FOR UPDATE would deadlock with inserts that refer to the row. The
    row alone is locked, and what it refers to is read afterwards: who waited for a row that changed would match it
    anew with the join as it was before, and one whose severity changed would not be found at all.
    """
    Incident.objects.select_for_update(no_key=True).values_list("pk").get(pk=incident_id)
    incident = Incident.objects.select_related("severity", "team").get(pk=incident_id)
    made_by(incident, by)
    return incident
