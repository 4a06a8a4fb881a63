"""Where the house itself wrote down what somebody is called or reached by, and can still be rewritten.

What people wrote by hand is not touched, and nothing that is sealed (docs/privacy.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.db import connection, models
from psycopg import sql

from apps.contacts.models import ContactMethod, EmergencyContact
from apps.engine.models import Timer
from apps.escalation.models import Proof, RunLevel
from apps.integrations.models import SlackAnswer, TextReply
from apps.notifications.models import Delivery, DirectPage, Notification
from apps.teams.models import User

#: What is shorter would be found in other words.
SHORTEST = 5
#: Where the house says to people whom it told, called, woke or waits for. No history keeps these; nobody edits them.
WRITTEN_BY_THE_HOUSE: dict[type[models.Model], tuple[str, ...]] = {
    Notification: ("subject", "text"),
    Delivery: ("address", "last_error"),
    DirectPage: ("to", "text"),
    RunLevel: ("targets", "reason"),
    Proof: ("gaps", "unrepaired"),
    Timer: ("payload", "last_error"),
    TextReply: ("answer",),
    SlackAnswer: ("text", "blocks"),
    LogEntry: ("object_repr", "change_message"),
}

_REPLACE = sql.SQL("{column} = regexp_replace({column}::text, %(words)s, %(instead)s, 'gi')::{kind}")
_FOUND = sql.SQL("{column}::text ~* %(words)s")


def addresses_of(person: User) -> list[str]:
    """All addresses and numbers by which they are or were reached, in every form in which they are kept."""
    found = set(person.history.values_list("email", flat=True)) | {person.email}
    for methods in (ContactMethod.objects, ContactMethod.history):
        for each in methods.filter(person=person).values_list("value", "normalised"):
            found.update(each)
    for contacts in (EmergencyContact.objects, EmergencyContact.history):
        for each in contacts.filter(person=person).values_list("email", "phone", "pager", "slack"):
            found.update(each)
    return sorted(each for each in found if each)


def names_of(person: User) -> list[str]:
    """What they are or were called, if it is more than one word: a single one stands for other things too."""
    found = set(person.history.values_list("name", flat=True)) | {person.name}
    found.update(EmergencyContact.history.filter(person=person).values_list("name", flat=True))
    return sorted(name for name in found if " " in name.strip())


def pattern_of(words: Iterable[str]) -> str:
    """A regular expression, for Python and PostgreSQL alike, that finds each of ``words`` by itself; empty for none.

    Only what can be nothing but an address, a number or a full name is looked for: people choose what they are called
    and reached by, and a word of the house among these would be taken out of everything.
    """
    long = sorted({word.strip() for word in words if _stands_for_one(word.strip())}, key=len, reverse=True)
    return rf"(?<![\w])(?:{'|'.join(map(re.escape, long))})(?![\w])" if long else ""


def _stands_for_one(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return len(word) >= SHORTEST and ("@" in word or " " in word or digits >= SHORTEST)


def replace(words: Iterable[str], pseudonym: str) -> None:
    """Put ``pseudonym`` in the place of each of ``words``, wherever the house wrote it. A statement for each table.

    Each table is read once as a whole.
    """
    pattern = pattern_of(words)
    if not pattern:
        return
    with connection.cursor() as cursor:
        for model, names in WRITTEN_BY_THE_HOUSE.items():
            fields = [field for field in model._meta.concrete_fields if field.name in names]
            columns = [sql.Identifier(str(field.column)) for field in fields]
            kinds = [sql.SQL(str(field.db_type(connection))) for field in fields]
            statement = sql.SQL("UPDATE {table} SET {changes} WHERE {found}").format(
                table=sql.Identifier(model._meta.db_table),
                changes=sql.SQL(", ").join(
                    _REPLACE.format(column=column, kind=kind) for column, kind in zip(columns, kinds, strict=True)
                ),
                found=sql.SQL(" OR ").join(_FOUND.format(column=column) for column in columns),
            )
            cursor.execute(statement, {"words": pattern, "instead": pseudonym})
