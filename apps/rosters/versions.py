"""What a roster is at: how somebody who edits it learns that somebody else did meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from apps.rosters.models import CalendarSource, Layer, LayerMember, Override, Restriction, Roster


def with_version(rosters: QuerySet[Roster]) -> QuerySet[Any]:
    """``rosters``, each with its ``version``: another text whenever it, a layer of it or a part of one is changed.

    Overrides, swaps and shifts are no part of it. In the same query.
    """
    layers = Layer.history.filter(roster_id=OuterRef(OuterRef("pk"))).values("id")
    parts = (
        Roster.history.filter(id=OuterRef("pk")),
        Layer.history.filter(roster_id=OuterRef("pk")),
        LayerMember.history.filter(layer_id__in=layers),
        Restriction.history.filter(layer_id__in=layers),
        CalendarSource.history.filter(layer_id__in=layers),
    )
    numbers = [_last_of(part) for part in parts]
    separated = [each for number in numbers for each in (Value("-"), number)][1:]
    return rosters.annotate(version=Concat(*separated, output_field=CharField()))


def version_of(roster: Roster) -> str:
    """The version of a stored roster as it is now; see ``with_version``. One query."""
    return str(with_version(Roster.objects.filter(pk=roster.pk)).values_list("version", flat=True).get())


def overrides_at(rosters: Collection[int]) -> dict[int, int]:
    """What the overrides of each of ``rosters`` are at, by its id: another number once one is put in or taken back.

    One query.
    """
    changes = Override.history.filter(roster_id__in=rosters).order_by().values_list("roster_id")
    return dict.fromkeys(rosters, 0) | dict(changes.annotate(Max("history_id")))


def _last_of(part: QuerySet[Any]) -> Cast:
    last = Subquery(part.order_by("-history_id").values("history_id")[:1])
    return Cast(Coalesce(last, Value(0)), CharField())
