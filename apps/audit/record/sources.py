"""What the record is made of: a source for each table that is written once and says who did something and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.db import models

from apps.audit import canonical
from apps.audit.models import Entry
from apps.core.personal import Personal
from apps.incidents.models import TimelineEvent

#: How the records of a history call what was done, by what django-simple-history writes.
VERBS = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True, slots=True)
class Source:
    """One table of the record, and the columns of it that every line has.

    ``verb`` is the one that says what was done, ``texts`` are those that a search for words looks into. ``hidden`` are
    a person's own: how they are reached is theirs.
    """

    model: type[models.Model]
    name: str
    at: str
    who: str
    verb: str
    request: str
    address: str
    texts: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    @property
    def is_history(self) -> bool:
        """Whether its rows are states of a row of another table."""
        return self.verb == "history_type"

    @property
    def kept(self) -> type[models.Model]:
        """The model whose rows a history keeps the states of."""
        model: type[models.Model] = self.model.instance_type  # type: ignore[attr-defined]  # by simple-history
        return model

    @property
    def manys(self) -> list[str]:
        """The names of the many-to-many fields whose states a history keeps too."""
        return [each.name for each in getattr(self.model, "_history_m2m_fields", ())]


TIMELINE = Source(TimelineEvent, "timeline", "at", "actor_id", "kind", "request", "address", ("text",))
STREAM = Source(Entry, "stream", "at", "by_id", "act", "request", "address", ("text",))


@cache
def sources() -> dict[str, Source]:
    """Every source by its name; of a history that is the kept model's: ``rosters.override``."""
    histories = [_history(model) for model in canonical.sealed_models() if _moment(model) == "history_date"]
    return {source.name: source for source in (*histories, TIMELINE, STREAM)}


def _history(model: type[models.Model]) -> Source:
    kept: type[models.Model] = model.instance_type  # type: ignore[attr-defined]  # put there by simple-history
    personal: Personal | None = model.personal  # type: ignore[attr-defined]  # by core.models.History
    hidden = personal.columns if personal is not None and personal.own else ()
    texts = [
        field.name
        for field in kept._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not field.choices and field.name not in hidden and _is_in(model, field.name)
    ]  # fmt: skip
    return Source(
        model, kept._meta.label_lower, at="history_date", who="history_user_id", verb="history_type",
        request="history_request", address="history_address", texts=(*texts, "history_change_reason"),
        hidden=hidden,
    )  # fmt: skip


def _moment(model: type[models.Model]) -> str:
    return getattr(model, "moment", "")


def _is_in(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)
