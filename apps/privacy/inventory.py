"""What is held on a person, found by walking over every table: which rows are theirs, and what of these is told.

A table with a way to a person is exported, or stands in EXEMPT with the reason: a test fails for one that does neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.models import Entry
from apps.audit.owners import incident_of
from apps.communications.models import Subscriber
from apps.core.encrypted import EncryptedText
from apps.core.personal import Personal
from apps.incidents import queries as incidents
from apps.incidents.models import EventKind, Incident
from apps.privacy import mentions
from apps.reports.models import Report
from apps.reports.queries import left_by
from apps.teams.models import User

#: Tables that lead to a person and are not exported, by the reason.
EXEMPT = {
    "account.emailconfirmation": "A secret that was sent by mail, for days.",
    "admin.logentry": "The histories say the same of every change, and are exported.",
    "contacts.verification": "A code that was sent, for minutes.",
    "contacts.webhookendpoint": "An address of the organisation; its person is no human being.",
    "contacts.historicalwebhookendpoint": "An address of the organisation; its person is no human being.",
    "core.erasure": "Whoever is erased is nobody any more.",
    "core.rememberedanswer": "Answers of the API that are repeated for a day.",
    "guardian.userobjectpermission": "Derived from the roles, which are exported.",
    "socialaccount.socialtoken": "Secrets alone; none are kept.",
    "teams.teamuserobjectpermission": "Derived from the roles, which are exported.",
    "teams.user_groups": "Derived from the roles, which are exported.",
    "teams.user_user_permissions": "Nobody has any.",
}
#: Tables that are somebody's by another one.
THROUGH = {
    "identity.invitedrole": "invitation__person",
    "notifications.delivery": "notification__person",
}
#: Columns that say whose the row is, or who wrote it: all of it is told. By any other column only that there is one.
WHOSE = frozenset({
    "actor", "asked_by", "asked_of", "author", "by", "declared_by", "id", "invitation__person",
    "notification__person", "owner", "person", "user",
})  # fmt: skip
#: Ticks with which somebody said what they saw.
_SEEN = Q(kind=EventKind.CHECKLIST_TICKED, data__has_key="seen") & ~Q(data__seen="")
#: What people say of incidents in their own words, by the columns of who did: they know it, whatever they may see now.
WORDS = {
    "communications.update": ("by", Q()),
    "incidents.checklistitem": ("by", ~Q(seen="")),
    "incidents.impactassessment": ("by", Q()),
    "incidents.timelineevent": ("actor", Q(kind__in=(EventKind.NOTE, EventKind.CAUSE_NOTED)) | _SEEN),
    "reports.report": ("by", Q()),
}
#: What would let whoever has the file in; and marks of the database, and from where others changed something.
LEFT_OUT = frozenset({
    "digest", "history_address", "history_request", "key_digest", "password", "session_key", "written_as", "written_in",
})  # fmt: skip
#: Tables of which a column of that name is secret: seeds of factors, what a session holds.
SECRET_DATA = {"mfa.authenticator", "usersessions.usersession"}
_WORDED = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField, ArrayField)
_SIGN_INS = (AccessAttempt, AccessFailureLog, AccessLog)
#: What is told of lines about them that others caused: not who, nor from where.
_ABOUT = frozenset({"at", "act", "text"})


#: What is told of reports that a stranger left with their address: what their own link tells.
_LEFT = frozenset({"id", "title", "text", "name", "email", "at", "state", "answer", "decided_at"})


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the export: the rows that ``whose`` selects, and the columns that are told of them."""

    name: str
    model: type[models.Model]
    whose: Q
    columns: tuple[str, ...]

    @property
    def is_tabular(self) -> bool:
        """Whether every cell is one value, as in a spreadsheet."""
        fields = (self.model._meta.get_field(name) for name in self.columns)
        return not any(isinstance(field, models.JSONField | ArrayField) for field in fields)


def parts(person: User) -> Iterator[Part]:
    """Everything that is held on ``person``, table by table. A table may come several times, with other columns."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label_lower not in EXEMPT:
            yield from _of_model(model, person)
    addresses = mentions.addresses_of_nobody_else(person)
    for model in _SIGN_INS:
        yield _part(model, Q(username__in=addresses))
    yield _part(Subscriber, Q(address__in=addresses))
    yield _part(Report, left_by(addresses) & ~Q(by=person), name="reports.report_left", only=_LEFT)
    about = Q(about_table=User._meta.db_table, about_row=str(person.pk)) & ~Q(by=person)
    yield _part(Entry, about, name="audit.entry_about", only=_ABOUT)


def ways_to_a_person(model: type[models.Model]) -> list[str]:
    """The columns of ``model`` that name a person or lead to one. Who changed a row that a history keeps is none."""
    label = model._meta.label_lower
    if label in ("teams.user", "teams.historicaluser"):
        return ["id"]
    direct = [
        field.name
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User and field.name != "history_user"
    ]
    return [*direct, THROUGH[label]] if label in THROUGH else direct


def _of_model(model: type[models.Model], person: User) -> Iterator[Part]:
    """Rows that are theirs whole, those of what they may not see without its words, and traces of the others."""
    ways, label = ways_to_a_person(model), model._meta.label_lower
    whose = _any([way for way in ways if way in WHOSE], person)
    if whose:
        hidden = _hidden(model, person)
        yield _part(model, whose & ~hidden if hidden else whose)
        if hidden:
            yield _part(model, whose & hidden, name=f"{label}_hidden", only=_bare(model))
    others = _any([way for way in ways if way not in WHOSE], person)
    if others:
        yield _part(model, others & ~whose if whose else others, name=f"{label}_named", only=_bare(model))
    if hasattr(model, "history_user_id"):
        changed = Q(history_user=person)
        yield _part(model, changed & ~whose if whose else changed, name=f"{label}_changed", only=_bare(model))


def _any(ways: list[str], person: User) -> Q:
    found = Q()
    for way in ways:
        found |= Q(**{way: person.pk})
    return found


def _hidden(model: type[models.Model], person: User) -> Q:
    """The rows that tell of a private incident which the person may not see (any more), but for their own words."""
    way = "pk" if model is Incident else incident_of(model)
    if way is None:
        return Q()
    seen = incidents.visible_to(person).filter(private=True).order_by().values("pk")
    unseen = Incident.objects.filter(private=True).exclude(pk__in=seen).order_by().values("pk")
    hidden = Q(**{f"{way}__in": unseen})
    if model._meta.label_lower not in WORDS:
        return hidden
    column, said = WORDS[model._meta.label_lower]
    return hidden & ~(Q(**{column: person.pk}) & said)


def _bare(model: type[models.Model]) -> frozenset[str]:
    """The columns without anybody's words: numbers, times, choices. Nothing personal of somebody else."""
    personal: Personal | None = getattr(model, "personal", None)
    hidden = () if personal is None else personal.columns
    if (history := getattr(model, "history", None)) is not None and history.model.personal is not None:
        hidden = history.model.personal.columns
    return frozenset(
        field.name for field in model._meta.concrete_fields if field.name not in hidden and not _is_worded(field)
    )


def _is_worded(field: models.Field[object, object]) -> bool:
    return isinstance(field, _WORDED) and not field.choices


def _part(model: type[models.Model], whose: Q, *, name: str | None = None, only: frozenset[str] | None = None) -> Part:
    columns = tuple(
        field.name
        for field in model._meta.concrete_fields
        if not isinstance(field, EncryptedText | models.BinaryField)
        and field.name not in LEFT_OUT
        and not (field.name == "data" and model._meta.label_lower in SECRET_DATA)
        and (only is None or field.name in only)
    )
    return Part(name or model._meta.label_lower, model, whose, columns)
