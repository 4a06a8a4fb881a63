"""Whom one pages by hand: a person, whoever is on call for a team, a whole team, or a roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import transaction

from apps.contacts.queries import people_who_answer
from apps.core import clock
from apps.core.errors import Invalid
from apps.desk.queries import visible_teams
from apps.notifications import actions
from apps.notifications import queries as notifications
from apps.notifications.models import DirectPage, Urgency
from apps.rosters import queries as rosters
from apps.teams.models import Team, User
from apps.teams.queries import RESPONDING, is_a_person

#: The same words to the same receivers within this span are one page: a button that was pressed twice.
SAME_WITHIN = timedelta(minutes=1)


class Kind(StrEnum):
    """What a page by hand may be addressed to."""

    PERSON = "person"
    ON_CALL = "on_call"
    TEAM = "team"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the sender chose, in words, and who that is now: those who can be reached, and those who cannot."""

    label: str
    people: list[User]
    missed: list[User]


def choices(viewer: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """What ``viewer`` may choose from, by group: the teams and rosters that they see, and every person here."""
    teams = visible_teams(viewer)
    in_use = rosters.rosters_at(clock.now()).filter(team__in=teams).order_by("name")
    people = people_who_answer().exclude(pk=viewer.pk)
    return [
        ("On call now", [(f"{Kind.ON_CALL}:{team.slug}", f"{team}: on call") for team in teams]),
        ("Everybody who responds", [(f"{Kind.TEAM}:{team.slug}", f"{team}: everybody") for team in teams]),
        ("Rosters", [(f"{Kind.ROSTER}:{roster.slug}", str(roster)) for roster in in_use]),
        ("People", [(f"{Kind.PERSON}:{person.pk}", str(person)) for person in people]),
    ]


def resolve(to: str, *, viewer: User) -> Target:
    """Who stands behind ``to`` (``team:platform``, ``person:7``). Raises Invalid for what ``viewer`` cannot page."""
    kind, _, key = to.partition(":")
    if kind == Kind.PERSON:
        found = people_who_answer().filter(pk=int(key)) if key.isdecimal() and len(key) < 18 else None
        person = found.first() if found is not None else None
        if person is None:
            raise Invalid("There is no such person.", field="to")
        return of_person(person)
    if kind == Kind.ROSTER:
        return of_roster(key, viewer=viewer)
    if kind in (Kind.TEAM, Kind.ON_CALL):
        return of_team(key, viewer=viewer, everybody=kind == Kind.TEAM)
    raise Invalid("Choose whom to page.", field="to")


def of_person(person: User) -> Target:
    """One person."""
    return _target(str(person), [person])


def of_team(slug: str, *, viewer: User, everybody: bool) -> Target:
    """Whoever is on call for the team now, or ``everybody`` who responds for it but the viewer."""
    team = next((team for team in visible_teams(viewer) if team.slug == slug), None)
    if team is None:
        raise Invalid(f"There is no team {slug} that you can page.", field="to")
    if everybody:
        return _target(f"everybody of {team}", [person for person in _responders(team) if person != viewer])
    return _target(f"on call for {team}", rosters.on_call_people(team, clock.now()))


def of_roster(slug: str, *, viewer: User) -> Target:
    """Whoever holds the roster's seats now."""
    now = clock.now()
    roster = rosters.rosters_at(now).filter(slug=slug, team__in=visible_teams(viewer)).first()
    if roster is None:
        raise Invalid(f"There is no roster {slug} that you can page.", field="to")
    return _target(f"on call in {roster}", rosters.people_on(roster, now))


@transaction.atomic
def page_once(target: Target, *, text: str, urgency: Urgency, by: User) -> DirectPage:
    """Page the target's people; a page that says the same to the same within SAME_WITHIN is returned, not repeated.

    The same are exactly those people, as urgently: whoever else is meant, or is to be woken after all, is paged. Raises
    what ``actions.page_by_hand`` raises.
    """
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.pk)
    since = clock.now() - SAME_WITHIN
    wanted = {(person.pk, str(urgency)) for person in target.people}
    said = DirectPage.objects.filter(by=by, text=text.strip(), created_at__gt=since).prefetch_related("notifications")
    for before in said:
        if {(each.person_id, each.urgency) for each in before.notifications.all()} == wanted:
            return before
    return actions.page_by_hand(target.people, to=target.label, text=text, by=by, urgency=urgency)


def _responders(team: Team) -> list[User]:
    return list(
        User.objects.filter(
            is_a_person(), is_active=True, memberships__team=team, memberships__role__in=RESPONDING
        ).distinct()
    )


def _target(label: str, asked: list[User]) -> Target:
    able = notifications.reachable(dict.fromkeys(asked))
    return Target(label, able, [person for person in dict.fromkeys(asked) if person not in able])
