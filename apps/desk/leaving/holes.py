"""What somebody who leaves, or left, leaves a hole in, and how somebody else takes it over: nothing private."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from django.db.models import Q

from apps.contacts.models import EmergencyContact
from apps.core import clock
from apps.escalation import actions as escalation
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.incidents import actions as incidents
from apps.incidents.models import OPEN, Expert, RoleAssignment, RoleCandidate
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionItem, ActionStatus
from apps.rosters import actions as rosters
from apps.rosters import turn_taking
from apps.rosters.models import LayerMember, Override, Roster
from apps.teams import actions as teams
from apps.teams.models import Membership, Team, TeamRole, User

#: Roles of which a team without anybody is worth a word.
_ONLY_ONES = (TeamRole.MANAGER, TeamRole.COMMANDER)


@dataclass(frozen=True, slots=True)
class Hole:
    """Something of ``team`` (None: of the organisation) that needs somebody else, in words; ``key`` finds it again.

    ``hand_over`` gives it to somebody (``to``) in the name of ``by``, and raises as the actions do that it is made of;
    None where nobody can take it over here. ``is_for_administrators``: they alone give it to somebody.
    """

    key: str
    team: Team | None
    words: str
    hand_over: Callable[..., object] | None
    is_for_administrators: bool = False


def holes_of(person: User) -> list[Hole]:
    """What ``person`` holds that needs somebody else.

    Turns in rosters and stand-ins to come, chains that page them by name or as a contact, response roles and fields
    that they are named for, roles of open incidents, open action items, and being the only manager or commander of a
    team. Nothing private. By team, the organisation's last. As many queries for much as for little.
    """
    found = [hole for look in _LOOKS for hole in look(person)]
    return sorted(found, key=lambda hole: (hole.team is None, str(hole.team or "")))


Holes = Iterator[Hole]


def _in_turns(person: User) -> Holes:
    taken = Roster.objects.filter(turn_taking.has_turns_of(person), retired_at=None).select_related("team")
    goes_on = Q(layer__ends_on=None) | Q(layer__ends_on__gte=clock.now().date())
    in_layers = LayerMember.objects.filter(goes_on, person=person, layer__calendar=None)
    replaceable = set(in_layers.values_list("layer__roster", flat=True))
    for roster in taken.order_by("name", "pk").distinct():
        words = f"They take turns in the roster {roster}"
        if roster.pk in replaceable:
            yield Hole(
                f"turns-{roster.pk}", roster.team, f"{words}.", partial(rosters.replace_in_turns, roster, person)
            )
        else:
            yield Hole(f"turns-{roster.pk}", roster.team, f"{words}, as its calendar says.", None)


def _in_overrides(person: User) -> Holes:
    coming = Override.objects.filter(person=person, during__endswith__gt=clock.now(), roster__retired_at=None)
    found = {override.roster_id: override.roster for override in coming.select_related("roster__team")}
    for roster in sorted(found.values(), key=lambda each: (each.name, each.pk)):
        yield Hole(
            f"overrides-{roster.pk}", roster.team, f"They stand in for others in the roster {roster}.",
            partial(rosters.replace_in_overrides, roster, person),
        )  # fmt: skip


def _in_chains(person: User) -> Holes:
    named = LevelTarget.objects.filter(kind=TargetKind.PERSON, person=person).select_related(
        "level__policy__severity", "level__policy__team", "level__policy__service__team"
    )
    levels: dict[Policy, list[str]] = defaultdict(list)
    for target in named.order_by("level__policy", "level__number"):
        levels[target.level.policy].append(str(target.level.number))
    for policy, numbers in levels.items():
        which = f"Level {numbers[0]}" if len(numbers) == 1 else f"Levels {', '.join(numbers)}"
        verb = "pages" if len(numbers) == 1 else "page"
        yield Hole(
            f"chain-{policy.pk}", policy.owner, f"{which} of the chain {policy} {verb} them by name.",
            partial(escalation.replace_in_chain, policy.pk, person),
        )  # fmt: skip


def _behind_contacts(person: User) -> Holes:
    for contact in EmergencyContact.objects.filter(person=person, retired_at=None):
        group = contact.get_group_display().lower()
        words = f"They are paged as {contact} of the {group}: the procedures say who that is."
        yield Hole(f"contact-{contact.pk}", None, words, None)


def _named_for(person: User) -> Holes:
    for candidate in RoleCandidate.objects.filter(person=person).select_related("role", "team").order_by("role", "pk"):
        yield Hole(
            f"candidate-{candidate.pk}", candidate.team, f"They are named for the role {candidate.role}.",
            _to_person(incidents.name_candidate, candidate),
        )  # fmt: skip
    for expert in Expert.objects.filter(person=person).order_by("key"):
        yield Hole(
            f"expert-{expert.pk}", None, f"They are the expert for {expert.field}.",
            _to_person(incidents.name_expert, expert),
        )  # fmt: skip


def _in_incidents(person: User) -> Holes:
    held = RoleAssignment.objects.filter(
        person=person, until=None, incident__status__in=OPEN, incident__private=False
    ).select_related("role", "incident__team")
    for assignment in held.order_by("incident", "role"):
        incident = assignment.incident
        yield Hole(
            f"role-{assignment.pk}", incident.team, f"They are {assignment.role} of {incident}.",
            _to_person(partial(incidents.assign_role, role=assignment.role.key), incident.pk),
        )  # fmt: skip
    items = ActionItem.objects.filter(owner=person, status=ActionStatus.OPEN, incident__private=False)
    for item in items.select_related("incident__team").order_by("due_date", "pk"):
        words = f"They own an action item of {item.incident}, due on {item.due_date}: {item.action}"
        yield Hole(f"item-{item.pk}", item.incident.team, words, partial(_own_item, item.pk))


def _in_teams(person: User) -> Holes:
    held = Membership.objects.filter(person=person, role__in=_ONLY_ONES, team__is_active=True).select_related("team")
    others = _held_by_others(person)
    for membership in held.order_by("team", "role"):
        if membership.role not in others.get(membership.team_id or 0, ()):
            words = f"They are the only {membership.get_role_display().lower()} of {membership.team}."
            hand_over = partial(teams.hand_over_role, membership)
            yield Hole(f"membership-{membership.pk}", membership.team, words, hand_over, is_for_administrators=True)


def _held_by_others(person: User) -> Mapping[int, set[str]]:
    """Which of the roles are held by somebody else who is active, by the team."""
    found: dict[int, set[str]] = defaultdict(set)
    active = Membership.objects.filter(~Q(person=person), person__is_active=True, role__in=_ONLY_ONES)
    for team, role in active.exclude(team=None).values_list("team", "role"):
        found[team or 0].add(role)
    return found


def _to_person(give: Callable[..., object], thing: object) -> Callable[..., object]:
    """An action that calls whoever takes over ``person``."""

    def hand_over(*, to: User, by: User) -> object:
        return give(thing, person=to, by=by)

    return hand_over


def _own_item(item_id: int, *, to: User, by: User) -> object:
    return postmortems.change_action_item(item_id, owner=to, by=by)


_LOOKS = (_in_turns, _in_overrides, _in_chains, _behind_contacts, _named_for, _in_incidents, _in_teams)
