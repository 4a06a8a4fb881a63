"""Gives people access to a private incident, and takes it back (decision 5)."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.incidents import timeline
from apps.incidents.actions import roles
from apps.incidents.actions.locking import locked
from apps.incidents.models import AccessGrant, EventKind, Incident, Via
from apps.teams import access
from apps.teams.models import User

LONGEST_REASON = AccessGrant._meta.get_field("reason").max_length or 0


@transaction.atomic
def give_access(incident_id: int, *, person: User, reason: str, by: User, via: Via = Via.WEB) -> AccessGrant:
    """Let ``person`` see a private incident, and answer it unless they only read; told on its timeline with the reason.

    Giving it to somebody who has it changes nothing. Raises NotAllowed unless ``by`` commands the incident's team,
    Invalid, naming ``reason`` or ``user``, without a reason or for somebody who left, RuleViolation for an incident
    that is not private.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.COMMAND, incident)
    if not incident.private:
        raise RuleViolation(f"{incident} is not private: whoever may see its team's matters sees it.")
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Invalid(f"Say why, in at most {LONGEST_REASON} characters.", field="reason")
    if not person.is_active:
        raise Invalid(f"{person} is deactivated.", field="user")
    standing = incident.access_grants.filter(person=person, taken_back_at=None).first()
    if standing is not None:
        return standing
    grant = _give(incident, person, reason=reason, by=by)
    timeline.record(
        incident,
        EventKind.ACCESS_GIVEN,
        text=f"{by} gives {person} access: {reason}",
        actor=by,
        via=via,
        data={"grant": grant.pk, "person": person.pk},
    )
    return grant


@transaction.atomic
def take_access_back(grant_id: int, *, by: User, via: Via = Via.WEB) -> AccessGrant:
    """End what ``give_access`` gave; whoever is involved for another reason stays so. Told on the timeline.

    Raises NotAllowed unless ``by`` commands the incident's team, RuleViolation once it was taken back.
    """
    incident = locked(AccessGrant.objects.values_list("incident_id", flat=True).get(pk=grant_id))
    access.require(by, access.Permission.COMMAND, incident)
    grant = AccessGrant.objects.select_related("person", "given_by").get(pk=grant_id)
    if not grant.stands:
        raise RuleViolation(f"The access of {grant.person} was taken back already.")
    grant.taken_back_at, grant.taken_back_by = house_clock.now(), by
    made_by(grant, by)
    grant.save(update_fields=["taken_back_at", "taken_back_by"])
    incident.involvements.filter(person=grant.person, reason=grant.involvement).delete()
    timeline.record(
        incident,
        EventKind.ACCESS_TAKEN_BACK,
        text=f"{by} takes back the access of {grant.person}.",
        actor=by,
        via=via,
        data={"grant": grant.pk, "person": grant.person_id},
    )
    return grant


def take_grants_along(incident: Incident, target: Incident) -> set[tuple[int, str]]:
    """Whoever was given access to a merged incident has it to the one it is a part of; both are locked.

    Returns by person the involvements that the grants of the merged one made.
    """
    standing = list(incident.access_grants.filter(taken_back_at=None).select_related("person", "given_by"))
    there = set(target.access_grants.filter(taken_back_at=None).values_list("person_id", flat=True))
    for grant in standing:
        if grant.person_id not in there:
            _give(target, grant.person, reason=grant.reason, by=grant.given_by)
    return {(grant.person_id, grant.involvement) for grant in standing}


def _give(incident: Incident, person: User, *, reason: str, by: User) -> AccessGrant:
    grant = AccessGrant(incident=incident, person=person, given_by=by, reason=reason, given_at=house_clock.now())
    made_by(grant, by)
    grant.save()
    roles.involve(incident, person, reason=grant.involvement)
    return grant
