"""How an action gets hold of its incident: locked, so that two who act at once act one after the other."""

from __future__ import annotations

from apps.incidents.models import Incident


def locked(incident_id: int) -> Incident:
    """The incident with its row locked until the transaction ends.

    A key-share-friendly lock (``no_key``): a plain FOR UPDATE would deadlock with inserts that refer to the row.
    """
    return (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("severity", "team")
        .get(pk=incident_id)
    )
