"""Whether people may do what their memberships say, and the database refuses what it must."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from apps.core.database_roles import append_only_tables
from apps.operation.integrity.findings import Finding, Found, Kind
from apps.teams.access.matrix import GRANTS, GRANTS_BELOW
from apps.teams.models import Membership, TeamGroupObjectPermission, TeamRole, User


def somebody_administrates(component: str) -> Found:
    """Once there are people, one of them administrates the organisation."""
    held = Membership.objects.filter(team=None, role=TeamRole.ADMIN, person__is_active=True)
    if User.objects.exists() and not (held.exists() or User.objects.filter(is_superuser=True, is_active=True).exists()):
        yield Finding(Kind.PERMISSION, component, "Nobody who is active administrates the organisation.")


def grants_follow_memberships(component: str) -> Found:
    """The derived grants are those of the roles, and everybody is in the groups of their memberships and no other."""
    yield from _groups(component)
    wanted = {
        (f"team:{team}:{role}", team, str(permission))
        for team, role in _roles_in_use()
        for permission in GRANTS[TeamRole(role)]
    }
    found = set(_granted())
    for group, team, permission in sorted(wanted - found):
        yield Finding(Kind.PERMISSION, component, f"The group {group} lacks {permission} on team {team}.")
    below = {each for granted in GRANTS_BELOW.values() for each in granted}
    for group, team, held in sorted(found - wanted):
        is_own = group.startswith(f"team:{team}:")
        allowed = GRANTS[TeamRole(group.rpartition(":")[2])] if is_own else below
        if held not in allowed:
            yield Finding(Kind.PERMISSION, component, f"The group {group} holds {held} on team {team}.")


def _groups(component: str) -> Found:
    held = {(m.person_id, f"team:{m.team_id}:{m.role}") for m in Membership.objects.exclude(team=None)}
    given = set(User.objects.filter(groups__name__startswith="team:").values_list("pk", "groups__name"))
    for person, group in sorted(held - given):
        yield Finding(Kind.PERMISSION, component, f"Person {person} lacks the group {group} of their membership.")
    for person, group in sorted(given - held):
        yield Finding(Kind.PERMISSION, component, f"Person {person} is in the group {group} without a membership.")


def _roles_in_use() -> set[tuple[int, str]]:
    return {(team, role) for team, role in Membership.objects.exclude(team=None).values_list("team_id", "role")}


def _granted() -> list[tuple[str, int, str]]:
    rows = TeamGroupObjectPermission.objects.values_list("group__name", "content_object_id", "permission__codename")
    return list(rows)


def the_record_cannot_be_rewritten(component: str) -> Found:
    """Triggers stand on every table that is written once, and the application's role may not rewrite any."""
    role = settings.DATABASE_APPLICATION_ROLE
    for table, guarded, allowed in _guards(role):
        if not guarded:
            yield Finding(
                Kind.PERMISSION, component, f"Nothing refuses to rewrite {table}: its triggers are off.", table
            )
        if allowed:
            yield Finding(Kind.PERMISSION, component, f"The database role {role} may rewrite {table}.", table)


def _guards(role: str) -> list[tuple[str, bool, bool]]:
    """Of each table that is written once: whether its triggers are on, and whether the role may rewrite it.

    A role that owns the tables, as where there is one for everything, is not asked: the triggers alone refuse then.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname,
                   count(*) FILTER (WHERE t.tgenabled IN ('O', 'A') AND t.tgname LIKE 'pgtrigger_%%') >= 2,
                   bool_and(NOT r.rolsuper AND r.oid <> c.relowner
                            AND has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE'))
              FROM pg_class c JOIN pg_roles r ON r.rolname = %s
              LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
             WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)
             GROUP BY c.relname ORDER BY c.relname
            """,
            [role, append_only_tables()],
        )
        return list(cursor.fetchall())
