"""What a reader gathers on its way through a document: people by their reference, and notes of what is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.contacts.models import MethodKind
from apps.core.zones import known_zones
from apps.integrations.importing.document import Place
from apps.integrations.importing.plan import Layer, Member, Method, Note, Outcome, Override, Person, Roster, Team
from apps.integrations.importing.rhythm import Remark
from apps.rosters.rules import LONGEST_OVERRIDE, Window
from apps.teams.models import TeamRole

LONGEST_NAME = 120
LONGEST_EMAIL = 254
#: Where people are on the roster of a team and belong to it in no role of their own.
_RANK = {TeamRole.MANAGER: 0, TeamRole.RESPONDER: 1, TeamRole.STAKEHOLDER: 2}


class Gathering:
    """The people, teams and notes of one document."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._people: dict[str, Person] = {}
        self._emails: dict[str, str] = {}
        self._teams: dict[str, Team] = {}

    def note(self, place: Place, outcome: Outcome, text: str) -> None:
        """Remember what became of the thing at ``place``."""
        self.notes.append(Note(place.where, outcome, text))

    def left_out(self, place: Place, text: str) -> None:
        """Note that the thing at ``place`` is not imported, and why."""
        self.note(place, Outcome.LEFT_OUT, text)

    def differs(self, place: Place, text: str) -> None:
        """Note that the thing at ``place`` is imported as something else, and why."""
        self.note(place, Outcome.DIFFERS, text)

    def remarks(self, place: Place, remarks: Iterable[Remark]) -> None:
        """Note all ``remarks`` of the thing at ``place``."""
        for outcome, text in remarks:
            self.note(place, outcome, text)

    def name(self, place: Place, key: str = "name", *, default: str | None = None) -> str:
        """The name under ``key``, as long as names are here; ``default`` where there is none."""
        name = place.text(key, default=default)
        if len(name) > LONGEST_NAME:
            self.differs(place.at(key), f"The name is longer than {LONGEST_NAME} signs and is cut off.")
        return name[:LONGEST_NAME].strip()

    def zone(self, place: Place, key: str) -> str:
        """The IANA zone under ``key``; empty where there is none that is known here, which is noted."""
        name = place.text(key, default="")
        if name and name not in known_zones():
            self.differs(place.at(key), f"“{name[:60]}” is no time zone that is known here.")
            return ""
        return name

    def add_person(
        self, place: Place, *, ref: str, email: str, name: str, zone: str, methods: Iterable[Method]
    ) -> None:
        """Remember somebody, by reference and by address; one without an address that can be one is noted."""
        email = email.lower()
        if not _is_email(email):
            self.left_out(place, f"“{email[:60]}” is no email address, by which people are known here.")
            return
        self._emails[ref] = email
        usable = tuple(dict.fromkeys(self._usable(place, methods)))
        known = self._people.get(email)
        if known is None:
            self._people[email] = Person(ref=ref, email=email, name=name, time_zone=zone, methods=usable)
            return
        self.note(place, Outcome.NOTED, f"{email} stands in the document twice and is one person here.")
        self._people[email] = replace(known, methods=tuple(dict.fromkeys([*known.methods, *usable])))

    def _usable(self, place: Place, methods: Iterable[Method]) -> Iterable[Method]:
        for method in methods:
            if method.kind == MethodKind.EMAIL and not _is_email(method.value):
                self.left_out(place, f"“{method.value[:60]}” is no email address.")
            elif len(method.value) > LONGEST_EMAIL:
                self.left_out(place, "A contact method is longer than any address or number.")
            else:
                yield method

    def person(self, ref: str) -> str | None:
        """The address of whom ``ref`` names; None for somebody the document does not have."""
        return self._emails.get(ref)

    def person_at(self, place: Place, ref: str) -> str | None:
        """As ``person``; that there is nobody is noted at ``place``."""
        email = self._emails.get(ref)
        if email is None:
            self.left_out(place, f"The user {ref} is not in the document; deleted there, perhaps.")
        return email

    def add_team(self, place: Place, *, ref: str, name: str, description: str, members: Iterable[Member]) -> None:
        """Remember a team; each of its members has one role, the strongest."""
        roles: dict[str, TeamRole] = {}
        for member in members:
            held = roles.setdefault(member.person, member.role)
            if _RANK[member.role] < _RANK[held]:
                roles[member.person] = member.role
        if ref in self._teams:
            self.note(place, Outcome.NOTED, f"The team {ref} stands in the document twice; the later one counts.")
        self._teams[ref] = Team(
            ref=ref, name=name, description=description, members=tuple(Member(*each) for each in roles.items())
        )

    def team_at(self, place: Place, refs: Sequence[str]) -> str:
        """The team that a thing of all ``refs`` belongs to here: the first that is known; empty if there is none."""
        known = [ref for ref in refs if ref in self._teams]
        for ref in refs:
            if ref not in self._teams:
                self.left_out(place, f"The team {ref} is not in the document.")
        if len(known) > 1:
            self.differs(place, f"It belongs to {len(known)} teams; here to one, {self._teams[known[0]].name}.")
        return known[0] if known else ""

    def has_team(self, ref: str) -> bool:
        """Whether the document has the team."""
        return ref in self._teams

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody so far."""
        return tuple(self._people.values())

    @property
    def teams(self) -> tuple[Team, ...]:
        """All teams so far."""
        return tuple(self._teams.values())

    def override(self, place: Place, *, ref: str, person: str, window: Window, seat: int = 0) -> Override | None:
        """Return the override, or note why there is none."""
        if window.end <= window.start:
            self.left_out(place, "It ends before it starts.")
        elif window.end - window.start > LONGEST_OVERRIDE:
            self.left_out(place, f"It lasts longer than {LONGEST_OVERRIDE.days} days; make it a layer.")
        else:
            return Override(ref=ref, person=person, start=window.start, end=window.end, seat=seat)
        return None


def several(name: str, count: int) -> list[str]:
    """The names of the rosters that one schedule becomes."""
    return [name, *(f"{name[: LONGEST_NAME - 5]} ({number})" for number in range(2, count + 1))]


def rosters_of(
    *, ref: str, name: str, team: str, zone: str, tracks: Sequence[Sequence[Layer]], within: Window | None
) -> list[Roster]:
    """The rosters, without overrides yet, of a schedule whose layers run on so many tracks."""
    return [
        Roster(
            ref=ref if number == 0 else f"{ref}#{number + 1}",
            name=roster_name,
            team=team,
            time_zone=zone,
            layers=tuple(layers),
            overrides_within=within,
        )
        for number, (roster_name, layers) in enumerate(zip(several(name, len(tracks)), tracks, strict=True))
    ]


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_EMAIL
