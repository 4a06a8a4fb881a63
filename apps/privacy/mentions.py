"""Where the house itself wrote down what somebody is called or reached by, and can still be rewritten.

What people wrote by hand is not touched, and nothing that is sealed (docs/privacy.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Any
from uuid import uuid4

from django.contrib.admin.models import LogEntry
from django.db import connection, models
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast, Lower
from psycopg import sql

from apps.contacts.models import ContactMethod, EmergencyContact
from apps.core.encryption import decrypt, encrypt
from apps.engine import actions as engine
from apps.engine.models import Timer
from apps.escalation.models import Level, Proof, RunLevel
from apps.incidents.models import ResponseRole, RoleCandidate
from apps.integrations.models import SlackAnswer, TextReply
from apps.notifications.models import Delivery, DirectPage, Notification
from apps.teams.models import User

#: The kind of the timer that rewrites what the house wrote.
REPLACE = "privacy.replace_mentions"
#: What is shorter would be found in other words.
SHORTEST = 5
#: What the procedures call those who have to do something, whoever it is.
_TITLES: dict[type[models.Model], str] = {
    EmergencyContact: "title",
    ResponseRole: "name",
    RoleCandidate: "title",
    Level: "name",
}
#: What is nothing but an address, or a number with its country's code: people choose what they are reached by, and a
#: date or a word of the house among these would be taken out of everything.
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_NUMBER = re.compile(r"\+[\d\s()./-]{6,}\d")
_SLACK_MEMBER = re.compile(r"[UW](?=[A-Z]*\d)[A-Z0-9]{7,}")
_BEGINS, _ENDS = r"(?<![\w])", r"(?![\w])"
#: Where the house says to people whom it told, called, woke or waits for. No history keeps these; nobody edits them.
WRITTEN_BY_THE_HOUSE: dict[type[models.Model], tuple[str, ...]] = {
    Notification: ("subject", "text"),
    Delivery: ("address", "last_error"),
    DirectPage: ("to", "text"),
    RunLevel: ("targets", "reason"),
    Proof: ("gaps", "unrepaired"),
    Timer: ("last_error",),
    TextReply: ("answer",),
    SlackAnswer: ("text", "blocks"),
    LogEntry: ("object_repr", "change_message"),
}

_REPLACE = sql.SQL("{column} = regexp_replace({column}, %(words)s, %(instead)s, 'gi')")
_FOUND = sql.SQL("{column} ~* %(words)s")


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


def addresses_of_nobody_else(person: User) -> list[str]:
    """Those of ``addresses_of`` that are no trace of anybody else: no other account, method or contact has them now."""
    addresses = addresses_of(person)
    of_others, contacts = ~Q(person=person), EmergencyContact.objects.filter(retired_at=None)
    kept: list[tuple[QuerySet[Any], tuple[str, ...]]] = [
        (User.objects.exclude(pk=person.pk), ("email",)),
        (ContactMethod.objects.filter(of_others), ("value", "normalised")),
        (contacts.filter(of_others | Q(person=None)), ("email", "phone", "pager", "slack")),
    ]
    wanted = [address.lower() for address in addresses]
    first, *others = [
        rows.order_by().annotate(theirs=Lower(name)).filter(theirs__in=wanted).values_list("theirs")
        for rows, names in kept
        for name in names
    ]
    taken = {address for (address,) in first.union(*others)}
    return [address for address in addresses if address.lower() not in taken]


def names_of(person: User) -> list[str]:
    """What they are or were called, if it is more than one word: a single one stands for other things too.

    Without what somebody else is called now, or a role or a contact in force: "Incident Commander" is no person.
    """
    found = set(person.history.values_list("name", flat=True)) | {person.name}
    found.update(EmergencyContact.history.filter(person=person).values_list("name", flat=True))
    others = set(User.objects.exclude(pk=person.pk).filter(name__in=found).values_list("name", flat=True))
    for model, column in _TITLES.items():
        others.update(model._default_manager.filter(**{f"{column}__in": found}).values_list(column, flat=True))
    in_force = EmergencyContact.objects.exclude(person=person).filter(retired_at=None, name__in=found)
    others.update(in_force.values_list("name", flat=True))
    return sorted(name.strip() for name in found - others if " " in name.strip())


def words_of(person: User) -> list[str]:
    """What is looked for in what the house wrote: their addresses and full names, as far as these are nobody else's."""
    addresses = [each for each in map(str.strip, addresses_of_nobody_else(person)) if _is_address(each)]
    return [word for word in (*addresses, *names_of(person)) if len(word) >= SHORTEST]


def _is_address(value: str) -> bool:
    return any(shape.fullmatch(value) for shape in (_ADDRESS, _NUMBER, _SLACK_MEMBER))


def pattern_of(words: Iterable[str]) -> str:
    """A regular expression, for Python and PostgreSQL alike, that finds each of ``words`` by itself; empty for none."""
    long = sorted(set(words), key=len, reverse=True)
    return f"{_BEGINS}(?:{'|'.join(map(re.escape, long))}){_ENDS}" if long else ""


def plan_replacing(words: Collection[str], pseudonym: str) -> None:
    """Let the engine ``replace`` them after the caller's transaction, by a timer a table; until then encrypted."""
    if not words:
        return
    told = {"words": encrypt(json.dumps(sorted(words))), "pseudonym": pseudonym}
    once = uuid4()  # an erasure that is done again plans its own, beside one that still waits
    engine.schedule_all(
        [
            engine.Planned(kind=REPLACE, key=f"{REPLACE}:{once}:{table}", payload={**told, "table": table})
            for table in (model._meta.db_table for model in WRITTEN_BY_THE_HOUSE)
        ]
    )


def replace_as_planned(timer: Timer) -> None:
    """What ``plan_replacing`` planned; done again after a crash. What was looked for is gone from the timer then."""
    told = timer.payload
    if "words" not in told:
        return
    model = next(model for model in WRITTEN_BY_THE_HOUSE if model._meta.db_table == told["table"])
    replace(json.loads(decrypt(told["words"])), told["pseudonym"], within=model)
    Timer.objects.filter(pk=timer.pk).update(payload={"pseudonym": told["pseudonym"], "table": told["table"]})


def replace(words: Iterable[str], pseudonym: str, *, within: type[models.Model]) -> None:
    """Put ``pseudonym`` in the place of each of ``words``, wherever the house wrote it in that table.

    It is read once or twice as a whole. Of JSON the values change, never a key.
    """
    pattern = pattern_of(words)
    if not pattern:
        return
    names = WRITTEN_BY_THE_HOUSE[within]
    fields = [field for field in within._meta.concrete_fields if field.name in names]
    objects = [field for field in fields if isinstance(field, models.JSONField)]
    _replace_texts(within, [str(field.column) for field in fields if field not in objects], pattern, pseudonym)
    _replace_values(within, [field.name for field in objects], pattern, pseudonym)


def _replace_texts(model: type[models.Model], columns: list[str], pattern: str, pseudonym: str) -> None:
    if not columns:
        return
    named = [sql.Identifier(column) for column in columns]
    statement = sql.SQL("UPDATE {table} SET {changes} WHERE {found}").format(
        table=sql.Identifier(model._meta.db_table),
        changes=sql.SQL(", ").join(_REPLACE.format(column=column) for column in named),
        found=sql.SQL(" OR ").join(_FOUND.format(column=column) for column in named),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"words": pattern, "instead": pseudonym})


def _replace_values(model: type[models.Model], names: list[str], pattern: str, pseudonym: str) -> None:
    """Their text is looked through without regard to where a word begins: it is escaped there."""
    found = re.compile(pattern, re.IGNORECASE)
    loosely = pattern.removeprefix(_BEGINS).removesuffix(_ENDS)
    for name in names:
        texts = model._default_manager.annotate(text_of=Cast(name, models.TextField()))
        rows = list(texts.filter(text_of__iregex=loosely).only(name))
        for row in rows:
            setattr(row, name, _without(getattr(row, name), found, pseudonym))
        model._default_manager.bulk_update(rows, [name], batch_size=1_000)


def _without(value: Any, found: re.Pattern[str], pseudonym: str) -> Any:
    if isinstance(value, str):
        return found.sub(lambda _: pseudonym, value)
    if isinstance(value, list):
        return [_without(each, found, pseudonym) for each in value]
    if isinstance(value, dict):
        return {key: _without(each, found, pseudonym) for key, each in value.items()}
    return value
