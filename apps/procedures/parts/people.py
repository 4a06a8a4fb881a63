"""People, rosters, teams, services and webhook endpoints that a document names: found, never made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apps.catalog.models import Service
from apps.contacts.models import WebhookEndpoint
from apps.core.errors import Invalid
from apps.procedures.document import Document, LevelTarget
from apps.procedures.problems import Path, dotted
from apps.rosters.models import Roster
from apps.teams.models import Team, User

PERSON, ROSTER, TEAM, SERVICE, WEBHOOK = "person", "roster", "team", "service", "webhook"

#: What is said of a name that stands for nothing.
_UNKNOWN = {
    PERSON: "nobody has the address {}",
    ROSTER: "there is no roster {}",
    TEAM: "there is no team {}",
    SERVICE: "there is no service {}",
    WEBHOOK: "there is no webhook endpoint {}",
}


class Directory:
    """The people by address, and the rosters, teams, services and webhooks by slug, that ``document`` names.

    Raises Invalid, with every place that names one, if any of them does not exist.
    """

    def __init__(self, document: Document) -> None:
        places: dict[tuple[str, str], Path] = {}
        for kind, name, path in _named(document):
            if name:
                places[kind, name] = path
        names = {kind: [name for of_kind, name in places if of_kind == kind] for kind in _UNKNOWN}
        self._people = {row.email: row for row in User.objects.filter(email__in=names[PERSON])}
        self._rosters = {row.slug: row for row in Roster.objects.filter(slug__in=names[ROSTER])}
        self._teams = {row.slug: row for row in Team.objects.filter(slug__in=names[TEAM])}
        self._services = {row.slug: row for row in Service.objects.filter(slug__in=names[SERVICE])}
        self._webhooks = {row.slug: row for row in WebhookEndpoint.objects.filter(slug__in=names[WEBHOOK])}
        known: dict[str, Mapping[str, object]] = {
            PERSON: self._people,
            ROSTER: self._rosters,
            TEAM: self._teams,
            SERVICE: self._services,
            WEBHOOK: self._webhooks,
        }
        unknown = [
            f"{dotted(path)}: {_UNKNOWN[kind].format(name)}"
            for (kind, name), path in places.items()
            if name not in known[kind]
        ]
        if unknown:
            raise Invalid("\n".join(sorted(unknown)))

    def person(self, email: str | None) -> User | None:
        """Return the person, None for None."""
        return self._people[email] if email else None

    def roster(self, slug: str | None) -> Roster | None:
        """Return the roster, None for None."""
        return self._rosters[slug] if slug else None

    def team(self, slug: str | None) -> Team | None:
        """Return the team, None for None."""
        return self._teams[slug] if slug else None

    def service(self, slug: str | None) -> Service | None:
        """Return the service, None for None."""
        return self._services[slug] if slug else None

    def webhook(self, slug: str | None) -> WebhookEndpoint | None:
        """Return the webhook endpoint, None for None."""
        return self._webhooks[slug] if slug else None


def _named(document: Document) -> Iterator[tuple[str, str | None, Path]]:
    """Every name with its kind and place."""
    for key, expert in document.experts.items():
        yield PERSON, expert.person, ("experts", key, "person")
    for key, role in document.roles.items():
        for index, candidate in enumerate(role.candidates):
            yield PERSON, candidate.person, ("roles", key, "candidates", index, "person")
            yield ROSTER, candidate.roster, ("roles", key, "candidates", index, "roster")
    for severity, levels in document.escalation.items():
        for index, level in enumerate(levels):
            yield from _targets(level.targets, ("escalation", severity, index, "targets"))
    for place, policy in enumerate(document.escalation_policies or ()):
        path: Path = ("escalation_policies", place)
        yield TEAM, policy.team, (*path, "team")
        yield SERVICE, policy.service, (*path, "service")
        for index, level in enumerate(policy.levels):
            yield from _targets(level.targets, (*path, "levels", index, "targets"))


def _targets(targets: tuple[LevelTarget, ...], path: Path) -> Iterator[tuple[str, str | None, Path]]:
    for place, target in enumerate(targets):
        yield PERSON, target.person, (*path, place, "person")
        yield ROSTER, target.roster, (*path, place, "roster")
        yield ROSTER, target.next_of, (*path, place, "next_of")
        yield TEAM, target.team, (*path, place, "team")
        yield WEBHOOK, target.webhook, (*path, place, "webhook")
