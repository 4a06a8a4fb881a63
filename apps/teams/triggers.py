"""What the database itself refuses of teams and people: too many levels, a house that nobody administrates, and who was
erased as somebody again.
"""

from __future__ import annotations

import pgtrigger

#: So many teams stand one below the other at most.
MOST_LEVELS = 5
#: By this name the database refuses that nobody is left who administrates the organisation.
AN_ADMINISTRATOR_STAYS = "an_administrator_stays"

#: Looks up and down from a team that got a parent, never further than is allowed: a circle is then too long, too. Two
#: that change at once wait for one another, and the second sees what the first did.
_CHECK_PARENT = f"""
    PERFORM pg_advisory_xact_lock(hashtext('teams_team.parent'));
    WITH RECURSIVE above(id, levels) AS (
        SELECT NEW.parent_id, 1
        UNION ALL
        SELECT team.parent_id, above.levels + 1 FROM teams_team AS team JOIN above ON team.id = above.id
         WHERE team.parent_id IS NOT NULL AND above.levels <= {MOST_LEVELS}
    ), below(id, levels) AS (
        SELECT NEW.id, 1
        UNION ALL
        SELECT team.id, below.levels + 1 FROM teams_team AS team JOIN below ON team.parent_id = below.id
         WHERE below.levels <= {MOST_LEVELS}
    )
    SELECT (SELECT max(levels) FROM above) + (SELECT max(levels) FROM below) INTO deepest;
    IF deepest > {MOST_LEVELS} THEN
        RAISE EXCEPTION 'More than {MOST_LEVELS} teams stand one below the other, or in a circle.'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'team_levels';
    END IF;
    RETURN NULL;
"""  # noqa: S608  (constants of the house)
LEVELS = pgtrigger.Trigger(
    name="levels",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),  # type: ignore[no-untyped-call]  # ships no types
    condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
    declare=[("deepest", "integer")],
    func=_CHECK_PARENT,
)

_HELD = "SELECT FROM teams_membership AS held WHERE held.team_id IS NULL AND held.role = 'admin'"


def _way_in(row: str) -> str:
    """Whether the person of the row can sign in, as ``factors.has_a_way_in`` says it, by whatever provider."""
    return f"""(
        {row}.password <> '' AND {row}.password NOT LIKE '!%'
        OR EXISTS (SELECT FROM mfa_authenticator AS key WHERE key.user_id = {row}.id AND key.type = 'webauthn')
        OR EXISTS (SELECT FROM socialaccount_socialaccount AS linked WHERE linked.user_id = {row}.id)
    )"""  # noqa: S608  (constants of the house)


_REMAINING = f"""
    SELECT FROM teams_user AS one WHERE one.is_active AND one.kind = 'person'
       AND (one.is_superuser OR EXISTS ({_HELD} AND held.person_id = one.id))
"""


def _check_administrators(*, was_one: str, could_sign_in: str) -> str:
    """Asked once the transaction is complete, and after whoever else takes an administrator away at the same time."""
    return f"""
        PERFORM pg_advisory_xact_lock(hashtext('teams.administrators'));
        IF {was_one} AND (
            NOT EXISTS ({_REMAINING}) OR {could_sign_in} AND NOT EXISTS ({_REMAINING} AND {_way_in("one")})
        ) THEN
            RAISE EXCEPTION 'Nobody would administrate the organisation and be able to sign in.'
                  USING ERRCODE = 'check_violation', CONSTRAINT = '{AN_ADMINISTRATOR_STAYS}';
        END IF;
        RETURN NULL;
    """


STAYS_ADMINISTRATED_BY_PEOPLE = pgtrigger.Trigger(
    name=AN_ADMINISTRATOR_STAYS,
    when=pgtrigger.After,
    timing=pgtrigger.Deferred,
    operation=pgtrigger.UpdateOf("is_active", "is_superuser", "password"),  # type: ignore[no-untyped-call]  # as above
    condition=pgtrigger.Condition(
        "OLD.is_active AND (NOT NEW.is_active OR OLD.is_superuser AND NOT NEW.is_superuser"
        " OR OLD.password NOT LIKE '!%' AND NEW.password LIKE '!%')"
    ),
    func=_check_administrators(
        was_one=f"(OLD.is_superuser OR EXISTS ({_HELD} AND held.person_id = OLD.id))", could_sign_in=_way_in("OLD")
    ),
)
STAYS_ADMINISTRATED_BY_MEMBERS = pgtrigger.Trigger(
    name=AN_ADMINISTRATOR_STAYS,
    when=pgtrigger.After,
    timing=pgtrigger.Deferred,
    operation=pgtrigger.Update | pgtrigger.Delete,
    condition=pgtrigger.Condition("OLD.team_id IS NULL AND OLD.role = 'admin'"),
    func=_check_administrators(
        was_one="TRUE",
        could_sign_in=f"EXISTS (SELECT FROM teams_user AS was WHERE was.id = OLD.person_id AND {_way_in('was')})",
    ),
)

#: Whoever was erased is what the erasure made of them (``privacy.belongings.become``) from then on.
_STAYS_ERASED = """
    IF EXISTS (
        SELECT FROM core_erasure AS gone WHERE gone.subject = 'person:' || NEW.id
           AND (NEW.is_active OR NEW.name <> gone.pseudonym OR NEW.email NOT LIKE '%@erased.invalid')
    ) THEN
        RAISE EXCEPTION 'Person % was erased, and nobody is them again.', NEW.id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'person_stays_erased';
    END IF;
    RETURN NEW;
"""
STAYS_ERASED = pgtrigger.Trigger(
    name="person_stays_erased",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("is_active", "name", "email"),  # type: ignore[no-untyped-call]  # as above
    condition=pgtrigger.Condition(
        "NOT OLD.is_active AND (NEW.is_active OR NEW.name <> OLD.name OR NEW.email <> OLD.email)"
    ),
    func=_STAYS_ERASED,
)
