"""People and teams of a plan against those that are here.

People are the same by their address, whatever its case; a team is the same by its reference, at first by its slug.
Who was here before keeps name and time zone, a team its name; they are only added to. What somebody takes away at
the vendor is not taken away here: contact methods may be verified by now, and memberships carry rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.text import slugify

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, MethodKind, normalise
from apps.core.errors import Invalid
from apps.integrations.importing import plan as wanted
from apps.integrations.importing.steps import Hand, References, State, Step
from apps.integrations.models import ImportedKind
from apps.teams import actions as teams
from apps.teams.models import Membership, Team, TeamRole, User

LONGEST_SLUG = 50


class People:
    """Whom the addresses of a plan stand for here; some may not be here yet."""

    def __init__(self, people: Iterable[wanted.Person], references: References) -> None:
        people = list(people)
        emails = [person.email for person in people]
        here = User.objects.annotate(address=Lower("email")).filter(address__in=emails)
        self.by_email: dict[str, User] = {user.email.lower(): user for user in here}
        known = {person.ref: references.of(ImportedKind.PERSON, person.ref) for person in people}
        by_id = User.objects.in_bulk([reference.row for reference in known.values() if reference])
        for person in people:
            reference = known[person.ref]
            if person.email not in self.by_email and reference and reference.row in by_id:
                self.by_email[person.email] = by_id[reference.row]

    def pk(self, email: str) -> int | None:
        """The id that the person has here; None for somebody who is not here yet."""
        user = self.by_email.get(email)
        return user.pk if user else None

    def active(self, email: str) -> bool:
        """Whether the person is here and active, or will be once they are imported."""
        user = self.by_email.get(email)
        return user is None or user.is_active


def person_steps(people: Iterable[wanted.Person], here: People, references: References) -> list[Step]:
    """What is to be done about each person."""
    everybody = list(people)
    methods = ContactMethod.objects.filter(person__in=here.by_email.values())
    held: dict[int, list[list[str]]] = {}
    for method in methods:
        held.setdefault(method.person_id, []).append([method.kind, method.normalised])
    return [_person_step(person, here.by_email.get(person.email), held, references) for person in everybody]


def _person_step(
    person: wanted.Person, row: User | None, held: Mapping[int, list[list[str]]], references: References
) -> Step:
    reference = references.of(ImportedKind.PERSON, person.ref)
    last: State | None = reference.state if reference else None
    ways = [[str(method.kind), normalise(method.kind, method.value)] for method in person.methods]
    ways = [way for number, way in enumerate(ways) if way not in ways[:number]]
    state: State = {"methods": ways}
    current: State | None = None
    if row is None or (last is not None and "name" in last):
        state |= {"name": person.name, "time_zone": person.time_zone or "UTC"}
    if row is not None:
        current = {"methods": [way for way in ways if way in held.get(row.pk, [])]}
        current |= {"name": row.name, "time_zone": row.time_zone}
    return Step(
        kind=ImportedKind.PERSON, ref=person.ref, what=f"person {person.email}",
        row=row, wanted=state, current=current, last=last,
    )  # fmt: skip


def write_person(step: Step, person: wanted.Person, here: People, hand: Hand) -> User:
    """Do what ``step`` says. Nobody is invited, and nothing added counts as verified."""
    user = here.by_email.get(person.email)
    if user is None:
        user = User(email=person.email)
        user.set_unusable_password()
        here.by_email[person.email] = user
    fields = {name: value for name, value in (step.wanted or {}).items() if name in ("name", "time_zone")}
    if fields:
        hand.put(user, **fields)
    missing = [entry for change in step.changes for entry in _missing_ways(change.field, change.after)]
    for method in person.methods:
        way = [str(method.kind), normalise(method.kind, method.value)]
        if way in missing:
            missing.remove(way)
            _add_method(user, method, hand)
    return user


def _missing_ways(field: str, after: object) -> list[list[str]]:
    """The contact methods that a change adds: a change of all of a person, or of their methods."""
    found = after.get("methods") if isinstance(after, dict) else after if field == "methods" else None
    return list(found) if isinstance(found, list) else []


def _add_method(user: User, method: wanted.Method, hand: Hand) -> None:
    try:
        contacts.add_method(user, kind=MethodKind(method.kind), value=method.value, label=method.label, by=hand.by)
    except ValidationError as refused:
        raise Invalid(f"{user}: {method.value}: {' '.join(refused.messages)}") from refused


class Teams:
    """Which team each reference stands for: the row, where it is here, and the slug that it has or will have."""

    def __init__(self, named: Iterable[wanted.Team], references: References) -> None:
        named = list(named)
        self.rows: dict[str, Team] = {}
        self.slugs: dict[str, str] = {}
        known = {team.ref: references.of(ImportedKind.TEAM, team.ref) for team in named}
        by_id = Team.objects.in_bulk([reference.row for reference in known.values() if reference])
        by_slug = {team.slug: team for team in Team.objects.filter(is_active=True)}
        slugs = Slugs(Team)
        for team in named:
            reference = known[team.ref]
            row = by_id.get(reference.row) if reference else by_slug.get(slug_of(team.name))
            if row is not None:
                self.rows[team.ref] = row
            self.slugs[team.ref] = row.slug if row else slugs.free(team.name)


class Slugs:
    """Slugs that nothing has yet, each given once."""

    def __init__(self, model: type[models.Model]) -> None:
        self._taken = set(model._default_manager.values_list("slug", flat=True))

    def free(self, name: str) -> str:
        """A slug for something of that name, with a number where others have it."""
        base = slug_of(name)
        number, slug = 1, base
        while slug in self._taken:
            number += 1
            slug = f"{base[: LONGEST_SLUG - 6]}-{number}"
        self._taken.add(slug)
        return slug


def slug_of(name: str) -> str:
    """The slug that a name makes; one made of other signs only is called imported."""
    return slugify(name)[:LONGEST_SLUG].strip("-") or "imported"


def team_steps(named: Iterable[wanted.Team], here: Teams, people: People, references: References) -> list[Step]:
    """What is to be done about each team."""
    found: list[Step] = []
    for team in named:
        row = here.rows.get(team.ref)
        reference = references.of(ImportedKind.TEAM, team.ref)
        last: State | None = reference.state if reference else None
        members = [[member.person, str(member.role)] for member in team.members]
        state: State = {"members": members}
        current: State | None = None
        if row is None or (last is not None and "name" in last):
            state |= {"name": team.name, "description": team.description}
        if row is not None:
            held = set(Membership.objects.filter(team=row).values_list("person", "role"))
            current = {"members": [[email, role] for email, role in members if (people.pk(email), role) in held]}
            current |= {"name": row.name, "description": row.description}
        found.append(
            Step(
                kind=ImportedKind.TEAM,
                ref=team.ref,
                what=f"team {here.slugs[team.ref]}",
                row=row,
                wanted=state,
                current=current,
                last=last,
            )
        )
    return found


def write_team(step: Step, team: wanted.Team, here: Teams, people: People, hand: Hand) -> Team:
    """Do what ``step`` says; a membership that is there already stays as it is."""
    state = step.wanted or {}
    fields = {name: value for name, value in state.items() if name in ("name", "description")}
    row = here.rows.get(team.ref)
    if row is None:
        row = teams.create_team(by=hand.by, slug=here.slugs[team.ref], **fields)
        here.rows[team.ref] = row
    elif any(getattr(row, name) != value for name, value in fields.items()):
        row = teams.change_team(row, by=hand.by, **fields)
    held = set(Membership.objects.filter(team=row).values_list("person", "role"))
    for member in team.members:
        user = people.by_email[member.person]
        if (user.pk, str(member.role)) not in held:
            teams.add_member(user, row, TeamRole(member.role))
    return row
