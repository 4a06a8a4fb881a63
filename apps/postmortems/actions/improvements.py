"""What was changed because of an incident: runbooks, procedures, templates, training material (R32)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid
from apps.core.history import made_by
from apps.incidents.actions.locking import locked
from apps.incidents.models import ProceduresRevision
from apps.postmortems.models import Improvement, ImprovementKind
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def record_improvement(
    incident_id: int,
    *,
    kind: ImprovementKind | str,
    title: str,
    by: User | None,
    url: str = "",
    revision: ProceduresRevision | None = None,
) -> Improvement:
    """Record what was changed, and where it is found; ``by`` None is whoever works at the house's own command line.

    Raises Invalid, naming the field, for what cannot be, for example no place; NotAllowed without the right.
    """
    incident = locked(incident_id)
    if by is not None:
        access.require(by, access.Permission.RESPOND, incident)
    improvement = Improvement(
        incident=incident, kind=kind, title=" ".join(title.split()), url=url.strip(), revision=revision,
        made_at=house_clock.now(), made_by=by,
    )  # fmt: skip
    try:
        improvement.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field="url" if field == "__all__" else field) from error
    made_by(improvement, by)
    improvement.save()
    return improvement


@transaction.atomic
def withdraw_improvement(improvement_id: int, *, by: User) -> None:
    """Take back what was recorded by mistake; the history keeps it. Raises NotAllowed without the right."""
    incident = locked(Improvement.objects.values_list("incident", flat=True).get(pk=improvement_id))
    access.require(by, access.Permission.RESPOND, incident)
    improvement = Improvement.objects.get(pk=improvement_id)
    made_by(improvement, by)
    improvement.delete()
