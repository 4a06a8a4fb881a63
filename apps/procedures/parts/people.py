"""People and rosters that a document names: found, never made."""

from __future__ import annotations

from collections.abc import Iterator

from apps.core.errors import Invalid
from apps.procedures.document import Candidate, Document, Expert, LevelTarget
from apps.procedures.problems import Path, dotted
from apps.rosters.models import Roster
from apps.teams.models import User


class Directory:
    """The people by email address and the rosters by slug that ``document`` names.

    Raises Invalid, with every place that names one, if any of them does not exist.
    """

    def __init__(self, document: Document) -> None:
        people = {named.person: (*path, "person") for path, named in _named(document) if named.person}
        rosters = {
            named.roster: (*path, "roster")
            for path, named in _named(document)
            if not isinstance(named, Expert) and named.roster
        }
        self._people = {row.email: row for row in User.objects.filter(email__in=people)}
        self._rosters = {row.slug: row for row in Roster.objects.filter(slug__in=rosters)}
        unknown = [
            *(f"{dotted(people[email])}: nobody has the address {email}" for email in people.keys() - self._people),
            *(f"{dotted(rosters[slug])}: there is no roster {slug}" for slug in rosters.keys() - self._rosters),
        ]
        if unknown:
            raise Invalid("\n".join(sorted(unknown)))

    def person(self, email: str | None) -> User | None:
        """Return the person, None for None."""
        return self._people[email] if email else None

    def roster(self, slug: str | None) -> Roster | None:
        """Return the roster, None for None."""
        return self._rosters[slug] if slug else None


def _named(document: Document) -> Iterator[tuple[Path, Candidate | LevelTarget | Expert]]:
    for key, expert in document.experts.items():
        yield ("experts", key), expert
    for key, role in document.roles.items():
        for index, candidate in enumerate(role.candidates):
            yield ("roles", key, "candidates", index), candidate
    for severity, levels in document.escalation.items():
        for index, level in enumerate(levels):
            for place, target in enumerate(level.targets):
                yield ("escalation", severity, index, "targets", place), target
