"""How far a token lets whom it acts for reach: into the teams that it is limited to, and no further.

The limit stands on the object of the person that the request carries (as what is remembered of them does), so that
every decision which asks ``teams.access`` of that object is the intersection of the person's rights and the token's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from apps.teams.access.deciding import Viewer

_LIMIT = "_limited_to"


def limit(person: Viewer, team_ids: Iterable[int] | None) -> None:
    """Let this object of the person reach into these teams alone; with None wherever the person may.

    To be called before anything is asked of the object.
    """
    person.__dict__[_LIMIT] = None if team_ids is None else frozenset(team_ids)


def is_limited(person: Viewer) -> bool:
    """Whether the person comes with a token that is limited to teams."""
    return person.__dict__.get(_LIMIT) is not None


def reached(person: Viewer, team_ids: Iterable[int]) -> set[int]:
    """Those of the teams that are within the limit."""
    limited: frozenset[int] | None = person.__dict__.get(_LIMIT)
    return set(team_ids) if limited is None else set(team_ids) & limited


def in_reach(person: Viewer, path: str = "team") -> Q:
    """What fits the rows whose team, at ``path``, is within the limit: all of them where there is none."""
    limited: frozenset[int] | None = person.__dict__.get(_LIMIT)
    return Q() if limited is None else Q((f"{path}__in", limited))
