"""What the groups of people give: roles come with a group and go with it, and what was given by hand stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import transaction

from apps.core import audited, clock, locks
from apps.core.audited import Act
from apps.core.errors import Busy
from apps.engine import actions as engine
from apps.identity.groups.models import GroupMapping, GroupMember, ProviderGroup
from apps.identity.oidc.configuration import SCIM
from apps.teams import actions as teams
from apps.teams.models import Membership, MembershipSource, Team, TeamRole, User

Role = tuple[Team | None, TeamRole]


#: So many seconds a sign-in waits for whoever else changes roles; then it goes on, and the roles follow.
PATIENCE = 2.0
#: The kind of the timer by which they do.
FOLLOW = "identity.follow_groups"


@transaction.atomic
def hear(person: User, groups: Iterable[ProviderGroup], *, provider: str) -> None:
    """Note that ``provider`` says now that ``person`` is in ``groups``, and in no others of its own.

    Nobody waits for anybody here. Their roles are as they were: see ``follow_groups`` and ``follow_soon``.
    """
    now, wanted = clock.now(), {group.pk for group in groups}
    GroupMember.objects.filter(person=person, group__provider=provider).exclude(group__in=wanted).delete()
    GroupMember.objects.bulk_create(
        (GroupMember(group_id=pk, person=person, said_at=now) for pk in sorted(wanted)),
        update_conflicts=True,
        unique_fields=["group", "person"],
        update_fields=["said_at"],
    )


def follow_soon(person: User) -> None:
    """Give ``person`` the roles of their groups, now if that can be done within a moment, else by a timer."""
    try:
        with locks.patiently(PATIENCE):
            follow_groups(person, by=None)
    except Busy:
        known = {"person": person.pk}
        engine.schedule(FOLLOW, due_at=clock.now(), key=f"{FOLLOW}:{person.pk}", payload=known)


@transaction.atomic
def leave_all(person: User, *, by: User | None) -> None:
    """Let ``person`` be in no group at all, whoever said so; what groups gave them is taken back."""
    GroupMember.objects.filter(person=person).delete()
    follow_groups(person, by=by)


@transaction.atomic
def set_members(group: ProviderGroup, people: Iterable[User], *, by: User | None) -> None:
    """Let ``people`` be in the group, and nobody else; their roles follow."""
    teams.lock_administrators()
    wanted = {person.pk for person in people}
    held = set(group.members.values_list("person", flat=True))
    group.members.exclude(person__in=wanted).delete()
    GroupMember.objects.bulk_create(GroupMember(group=group, person_id=pk) for pk in wanted - held)
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


def hand_over(group: ProviderGroup, *, by: User | None) -> None:
    """Forget who is in the group: another provider says so from now on. What it gave them is taken back."""
    set_members(group, (), by=by)


def end_old_sayings() -> None:
    """Take out of the groups of sign-ins whoever was not said to be in them for ``OIDC_GROUPS_HOLD``; roles follow.

    A transaction for each of them: nobody waits for all.
    """
    said = GroupMember.objects.exclude(group__provider=SCIM)
    old = said.filter(said_at__lte=clock.now() - settings.OIDC_GROUPS_HOLD)
    for person in User.objects.filter(pk__in=old.values("person")).order_by("pk"):
        with transaction.atomic():
            old.filter(person=person).delete()
            follow_groups(person, by=None)


@transaction.atomic
def follow_groups(person: User, *, by: User | None) -> None:
    """Give ``person`` the roles that their groups give and they do not hold, and take back what none gives any more.

    Where nothing changes nobody is waited for. The last administrator stays one, and the audit stream says so.
    """
    if not any(_changes(person)):
        return
    teams.lock_administrators()
    give, take = _changes(person)
    if (kept := take.get((None, TeamRole.ADMIN))) and teams.is_last_administrator(person):
        del take[None, TeamRole.ADMIN]
        _tell(person, kept, "Stays {}, though no group gives it: nobody else is one", by=by)
    teams.change_mapped_roles(person, give=give, take=take.values())
    for team, role in give:
        _tell(person, Membership(person=person, team=team, role=role), "Became {} by their groups", by=by)
    for membership in take.values():
        _tell(person, membership, "Is no longer {}: their groups do not give it", by=by)


def _changes(person: User) -> tuple[set[Role], dict[Role, Membership]]:
    """Which roles their groups give that they do not hold, and which they hold by groups that give them no more."""
    mappings = GroupMapping.objects.filter(group__members__person=person).select_related("team")
    wanted = {(mapping.team, TeamRole(mapping.role)) for mapping in mappings}
    held = {(each.team, TeamRole(each.role)): each for each in person.memberships.select_related("team")}
    by_groups = {role: each for role, each in held.items() if each.source == MembershipSource.MAPPING}
    return wanted - held.keys(), {role: each for role, each in by_groups.items() if role not in wanted}


def _follow_all(people: Collection[int], *, by: User | None) -> None:
    for person in User.objects.filter(pk__in=people).order_by("pk"):  # each locks rosters: all in one order
        follow_groups(person, by=by)


def _tell(person: User, membership: Membership, words: str, *, by: User | None) -> None:
    team: Team | None = membership.team
    role = f"{membership.get_role_display().lower()} of {team or 'the organisation'}"
    audited.note(
        Act.ROLE_CHANGED,
        words.format(role),
        by=by,
        about=person,
        teams=(team.pk,) if team else (),
        role=membership.role,
    )
