"""Personal data in what is written once, and the one way in which they can be taken out of it again.

What is sealed of them is a hash under a key of their person (``apps.audit.canonical``). ``erase_personal``, a function
of the database that belongs to its owner, writes down these hashes, empties the columns and destroys the key. It is
defined after each migration, from what the models declare: it reaches no other column, and the triggers let nothing
else through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import connections, models
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Personal:
    """Which columns of a table hold personal data, and whose: the ``kind`` of person that column ``of`` numbers.

    They are texts but for ``objects``, which are JSON. ``own``: they concern nobody else, whom the record does not show
    them either.
    """

    columns: tuple[str, ...]
    of: str
    kind: str = "person"
    objects: tuple[str, ...] = ()
    own: bool = False

    def emptied(self, column: str) -> str:
        """What an erasure leaves of the column, as a constant of SQL. What is null stays null."""
        return "'{}'::jsonb" if column in self.objects else "''"


def subject(kind: str, number: int | str) -> str:
    """As what keys and erasures name the ``kind`` of person of that number: ``person:42``."""
    return f"{kind}:{number}"


def refuse_rewriting_but_erasure(personal: Personal) -> pgtrigger.Trigger:
    """The trigger of a history that lets ``personal`` columns be emptied once an erasure of their person wrote them."""
    emptied = " ".join(
        f"allowed.{column} := CASE WHEN OLD.{column} IS NOT NULL THEN {personal.emptied(column)} END;"
        for column in personal.columns
    )
    whose = f"'{personal.kind}:' || OLD.{personal.of}"
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        declare=[("allowed", "record")],
        func=_REFUSE.replace("EMPTY THE PERSONAL COLUMNS;", emptied).replace("THEIR SUBJECT", whose),
    )


_REFUSE = """
    IF TG_OP = 'UPDATE' AND EXISTS (
        SELECT FROM core_commitment c JOIN core_erasure e ON e.id = c.erasure_id
         WHERE c."table" = TG_TABLE_NAME AND c."row" = OLD.history_id AND e.subject = THEIR SUBJECT
    ) THEN
        allowed := OLD;
        EMPTY THE PERSONAL COLUMNS;
        IF NEW IS NOT DISTINCT FROM allowed THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
"""


def define_erasing(using: str = "default", **_: Any) -> None:
    """After a migration, run by the owner: define ``erase_personal`` anew, for the tables that there are now.

    ``erase_personal(kind, erasure)`` erases the data of the person that the row of ``Erasure`` names as its subject, in
    a few statements a table. It may be executed by the application's role (``database_roles``) and nobody else.
    """
    parts = [_part(model) for model in personal_models()]
    function = _FUNCTION.format(body=sql.SQL("").join(parts))
    with connections[using].cursor() as cursor:
        cursor.execute(function)
        cursor.execute("REVOKE ALL ON FUNCTION erase_personal(text, bigint) FROM PUBLIC")


def personal_models() -> list[type[models.Model]]:
    """Every model with personal data, by the name of its table."""
    found = [model for model in apps.get_models() if getattr(model, "personal", None) is not None]
    return sorted(found, key=lambda model: model._meta.db_table)


def _part(model: type[models.Model]) -> sql.Composed:
    personal: Personal = model.personal  # type: ignore[attr-defined]  # of AppendOnly and History
    columns = [sql.Identifier(column) for column in personal.columns]
    said = [
        sql.SQL(
            "{name}, CASE WHEN t.{column} IS NOT NULL"
            " THEN encode(sha256(held.key || convert_to(t.{column}::text, 'UTF8')), 'hex') END"
        ).format(name=sql.Literal(name), column=column)
        for name, column in zip(personal.columns, columns, strict=True)
    ]
    emptied = [
        sql.SQL("{0} = CASE WHEN t.{0} IS NOT NULL THEN {1} END").format(column, sql.SQL(personal.emptied(name)))
        for name, column in zip(personal.columns, columns, strict=True)
    ]
    return _PART.format(
        kind=sql.Literal(personal.kind), of=sql.Identifier(personal.of), table=sql.Identifier(model._meta.db_table),
        name=sql.Literal(model._meta.db_table), key=sql.Identifier(str(model._meta.pk.column)),
        said=sql.SQL(", ").join(said), emptied=sql.SQL(", ").join(emptied),
    )  # fmt: skip


# The key may be missing where nothing of theirs was sealed yet: then these rows are, later, with what is written here.
_FUNCTION = sql.SQL(
    """
    CREATE OR REPLACE FUNCTION erase_personal(kind text, erasure bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $function$
    DECLARE
        whose text := (SELECT e.subject FROM core_erasure e WHERE e.id = erasure);
        number bigint;
        held record;
    BEGIN
        IF whose IS NULL OR NOT starts_with(whose, kind || ':') THEN
            RAISE EXCEPTION 'Erasure % is of no %.', erasure, kind;
        END IF;
        number := substr(whose, length(kind) + 2)::bigint;
        INSERT INTO audit_personalkey (subject, key)
        VALUES (whose, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) ON CONFLICT DO NOTHING;
        SELECT k.key INTO STRICT held FROM audit_personalkey k WHERE k.subject = whose FOR UPDATE;
        {body}
        DELETE FROM audit_personalkey k WHERE k.subject = whose;
    END
    $function$
    """
)

_PART = sql.SQL(
    """
        IF kind = {kind} THEN
            INSERT INTO core_commitment (erasure_id, "table", "row", said)
            SELECT erasure, {name}, t.{key}, jsonb_build_object({said})
              FROM {table} t WHERE t.{of} = number
            ON CONFLICT DO NOTHING;
            UPDATE {table} t SET {emptied}
              FROM core_commitment c
             WHERE t.{of} = number AND c."table" = {name} AND c."row" = t.{key} AND c.erasure_id = erasure;
        END IF;
    """
)
