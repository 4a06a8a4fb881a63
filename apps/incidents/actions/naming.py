"""Names people for the response roles and as experts, outside of any incident."""

from __future__ import annotations

from django.db import transaction

from apps.core.errors import Invalid, NotAllowed
from apps.core.history import made_by
from apps.incidents.models import Expert, RoleCandidate
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User


@transaction.atomic
def name_candidate(candidate: RoleCandidate, *, person: User, by: User) -> None:
    """Let ``person`` be asked where ``candidate`` was.

    Raises NotAllowed unless ``by`` manages the team, or, for every team, administrates; Invalid, naming ``person``, for
    whoever is not there to respond.
    """
    _require(by, candidate.team)
    _check(person)
    stored = RoleCandidate.objects.select_for_update().get(pk=candidate.pk)
    stored.person = person
    made_by(stored, by)
    stored.save()


@transaction.atomic
def name_expert(expert: Expert, *, person: User, by: User) -> None:
    """Let ``person`` be the expert for the field. Raises as ``name_candidate`` does for every team."""
    _require(by, None)
    _check(person)
    stored = Expert.objects.select_for_update().get(pk=expert.pk)
    stored.person = person
    made_by(stored, by)
    stored.save()


def _require(by: User, team: Team | None) -> None:
    if team is not None:
        access.require_for_team(by, Permission.MANAGE, team)
    elif not access.is_administrator(by):
        raise NotAllowed("What holds for every team is changed by administrators.")


def _check(person: User) -> None:
    if not person.is_active:
        raise Invalid(f"{person} is deactivated.", field="person")
    if access.only_reads(person):
        raise Invalid(f"{person} reads and changes nothing here; a role is for who responds.", field="person")
