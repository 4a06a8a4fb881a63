"""What the groups of people give: roles come with a group and go with it, and what was given by hand stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from apps.core import audited
from apps.core.audited import Act
from apps.identity.groups.models import GroupMapping, GroupMember, ProviderGroup
from apps.teams import actions as teams
from apps.teams.models import Membership, MembershipSource, Team, TeamRole, User


@transaction.atomic
def apply_groups(person: User, groups: Iterable[ProviderGroup], *, told_by: str, by: User | None) -> None:
    """Let ``person`` be in ``groups``, and of what ``told_by`` said so far in no others; their roles follow.

    What another provider said stays. ``by``: whose token said it, None where the person signed in.
    """
    teams.lock_administrators()
    wanted = {group.pk for group in groups}
    told = GroupMember.objects.filter(person=person, told_by=told_by)
    told.exclude(group__in=wanted).delete()
    missing = wanted - set(told.values_list("group", flat=True))
    GroupMember.objects.bulk_create(GroupMember(group_id=pk, person=person, told_by=told_by) for pk in missing)
    follow_groups(person, by=by)


@transaction.atomic
def set_members(group: ProviderGroup, people: Iterable[User], *, told_by: str, by: User | None) -> None:
    """Let ``people`` be in the group, and of what ``told_by`` said so far nobody else; their roles follow."""
    teams.lock_administrators()
    wanted = {person.pk for person in people}
    told = GroupMember.objects.filter(group=group, told_by=told_by)
    held = set(told.values_list("person", flat=True))
    told.exclude(person__in=wanted).delete()
    GroupMember.objects.bulk_create(GroupMember(group=group, person_id=pk, told_by=told_by) for pk in wanted - held)
    _follow_all(wanted ^ held, by=by)


@transaction.atomic
def delete_group(group: ProviderGroup, *, by: User | None) -> None:
    """Forget the group; what it alone gave is taken back."""
    teams.lock_administrators()
    members = set(group.members.values_list("person", flat=True))
    group.delete()
    _follow_all(members, by=by)


@transaction.atomic
def follow_mappings(group: ProviderGroup, *, by: User | None) -> None:
    """Give everybody in the group what it gives now. Call it where its mappings changed."""
    teams.lock_administrators()
    _follow_all(set(group.members.values_list("person", flat=True)), by=by)


@transaction.atomic
def follow_groups(person: User, *, by: User | None) -> None:
    """Give ``person`` the roles that their groups give and they do not hold, and take back what none gives any more.

    The last administrator stays one, and the audit stream says so.
    """
    teams.lock_administrators()
    mappings = GroupMapping.objects.filter(group__members__person=person).select_related("team")
    wanted = {(mapping.team, TeamRole(mapping.role)) for mapping in mappings}
    held = {(each.team, TeamRole(each.role)): each for each in person.memberships.select_related("team")}
    give = wanted - held.keys()
    take = {
        role: membership
        for role, membership in held.items()
        if membership.source == MembershipSource.MAPPING and role not in wanted
    }
    if (kept := take.get((None, TeamRole.ADMIN))) and teams.is_last_administrator(person):
        del take[None, TeamRole.ADMIN]
        _tell(person, kept, "stays {}, though no group gives it: nobody else is one", by=by)
    teams.change_mapped_roles(person, give=give, take=take.values())
    for team, role in give:
        _tell(person, Membership(person=person, team=team, role=role), "became {} by their groups", by=by)
    for membership in take.values():
        _tell(person, membership, "is no longer {}: their groups do not give it", by=by)


def _follow_all(people: Collection[int], *, by: User | None) -> None:
    for person in User.objects.filter(pk__in=people).order_by("pk"):  # each locks rosters: all in one order
        follow_groups(person, by=by)


def _tell(person: User, membership: Membership, words: str, *, by: User | None) -> None:
    team: Team | None = membership.team
    role = f"{membership.get_role_display().lower()} of {team or 'the organisation'}"
    audited.note(
        Act.ROLE_CHANGED,
        f"{person} {words.format(role)}",
        by=by,
        about=person,
        teams=(team.pk,) if team else (),
        role=membership.role,
    )
