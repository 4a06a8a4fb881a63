"""Says the lines of the record as a person reads them: who, did what, to what, from what to what, and from where.

However many lines, it asks once or twice for each table that they are of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.utils import timezone
from psycopg.types.range import Range

from apps.audit.models import Entry
from apps.audit.owners import incident_of
from apps.audit.record.names import Names, name_of, references
from apps.audit.record.search import Place
from apps.audit.record.sources import VERBS, Source, sources
from apps.core.audited import Act
from apps.core.spans import in_words
from apps.incidents.models import Incident
from apps.teams.models import User

#: A value is cut after so many characters; the row's own page shows all of it.
_LONGEST = 200
HIDDEN = "not shown"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column's values before and after, in words; empty where there was or is none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record. ``what`` and ``row`` find everything else about the same thing (``search.Asked``)."""

    place: Place
    who: User | None
    verb: str
    verb_label: str
    thing: str
    text: str
    what: str = ""
    row: str = ""
    incident: Incident | None = None
    changes: list[FieldChange] = field(default_factory=list)
    reason: str = ""
    address: str | None = None
    request: str = ""

    @property
    def at(self) -> datetime:
        """When it happened, UTC."""
        return self.place.at

    @property
    def of_its_request(self) -> str:
        """The filters that find every line of the same request."""
        return urlencode({"request": self.request, "end": (self.at + timedelta(hours=1)).isoformat()})


def tell(places: Collection[Place]) -> list[Line]:
    """The lines at ``places``, in their order."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for place in places:
        numbers[place.source].append(place.number)
    rows = {name: _rows(sources()[name], wanted) for name, wanted in numbers.items()}
    earlier = {name: _earlier(sources()[name], rows[name].values()) for name in numbers if sources()[name].is_history}
    told_of = {row.tells_of for row in _flat(rows)}
    people = {number for row in _flat(rows) if isinstance(row, Entry) and (number := _done_to(row)) is not None}
    names = Names.of([*_flat(rows), *_flat(earlier)], incidents=told_of - {None}, people=people)
    return [_line(place, rows[place.source][place.number], earlier, names) for place in places]


def told_of(lines: Iterable[Line]) -> Iterator[Incident]:
    """The incidents of which the lines tell anything; that one was read is nothing of it."""
    return (line.incident for line in lines if line.incident and line.verb != Act.PRIVATE_READ)


def _flat(rows: Mapping[str, Mapping[int, models.Model]]) -> Iterator[Any]:
    for found in rows.values():
        yield from found.values()


def _rows(source: Source, numbers: Collection[int]) -> dict[int, Any]:
    rows: QuerySet[Any] = source.model._default_manager.filter(pk__in=numbers)
    path = incident_of(source.model)
    rows = rows.annotate(tells_of=F(path) if path else Value(None, output_field=models.BigIntegerField()))
    if source.is_history:
        key = source.kept._meta.pk.attname
        before = source.model._default_manager.filter(**{key: OuterRef(key), "pk__lt": OuterRef("pk")})
        rows = rows.annotate(earlier=Subquery(before.order_by("-pk").values("pk")[:1]))
    return _with_links(source, rows)


def _earlier(source: Source, rows: Iterable[Any]) -> dict[int, Any]:
    """The states before, by their number."""
    wanted = [row.earlier for row in rows if row.earlier is not None and row.history_type == "~"]
    return _with_links(source, source.model._default_manager.filter(pk__in=wanted)) if wanted else {}


def _with_links(source: Source, rows: QuerySet[Any]) -> dict[int, Any]:
    """The rows by their number, each with the ``links`` to others that it had, by the name of their field."""
    found = {row.pk: row for row in rows}
    for row in found.values():
        row.links = defaultdict(list)
    for name in source.manys:
        links: type[models.Model] = getattr(source.model, name).model
        for link in links._default_manager.filter(history__in=found):
            found[link.history_id].links[name].append(link)  # type: ignore[attr-defined]  # by simple-history
    return found


def _line(place: Place, row: Any, earlier: Mapping[str, Mapping[int, Any]], names: Names) -> Line:
    source = sources()[place.source]
    known: dict[str, Any] = {
        "place": place,
        "who": names.person(getattr(row, source.who)),
        "address": getattr(row, source.address),
        "request": getattr(row, source.request),
    }
    if source.is_history:
        return _state(source, row, earlier[source.name].get(row.earlier), names, known)
    incident = names.incident(row.tells_of)
    verb = getattr(row, source.verb)
    label = str(getattr(row, f"get_{source.verb}_display")())
    thing = incident.reference if incident is not None else ""
    if isinstance(row, Entry):
        known |= _about(row)
        if (person := _done_to(row)) is not None:
            thing = names.called(User, person)
    return Line(**known, verb=verb, verb_label=label, thing=thing, text=row.text, incident=incident)


def _done_to(entry: Entry) -> int | None:
    """The number of the person that the act was done to, if that is somebody else than who did it."""
    if entry.about_table != User._meta.db_table or entry.about_row == str(entry.by_id):
        return None
    return int(entry.about_row)


def _about(entry: Entry) -> dict[str, str]:
    """How everything else about what an act was done to is found."""
    for source in sources().values():
        if source.is_history and source.kept._meta.db_table == entry.about_table:
            return {"what": source.name, "row": entry.about_row}
    return {}


def _state(source: Source, row: Any, before: Any, names: Names, known: dict[str, Any]) -> Line:
    """The line of a state: what was changed since the one before, everything it says where it was added."""
    kept = source.kept
    number = getattr(row, kept._meta.pk.attname)
    if kept is Incident:
        thing = f"INC-{number}"
    else:
        named = name_of(row, but=source.hidden) or ", ".join(
            names.called(model, key) for model, key in references(row, but="history_user")
        )
        thing = f"{str(kept._meta.verbose_name).capitalize()} {named or number}"
    return Line(
        **known,
        verb=VERBS[row.history_type],
        verb_label=VERBS[row.history_type].capitalize(),
        thing=thing,
        text="",
        what=source.name,
        row=str(number),
        incident=names.incident(row.tells_of),
        changes=list(_changes(source, row, before, names)),
        reason=row.history_change_reason or "",
    )


def _changes(source: Source, row: Any, before: Any, names: Names) -> Iterator[FieldChange]:
    if row.history_type == "~" and before is None:
        return
    removed, gone = row.history_type == "-", row.history_type != "~"
    for column in _columns(source):
        old = row if removed else before
        was = _said(column, old, names, source) if old is not None else ""
        now = "" if removed else _said(column, row, names, source)
        same = old is not None and not removed and _value(column, old) == _value(column, row)
        if not same and (was or now or not gone):
            yield FieldChange(_label(column), was, now)


def _columns(source: Source) -> Iterator[models.Field[Any, Any]]:
    """The kept columns that are worth a word; then the many-to-many fields."""
    mine = {each.name for each in source.model._meta.concrete_fields}
    for column in source.kept._meta.concrete_fields:
        if column.name in mine and not column.primary_key:
            yield column
    for name in source.manys:
        yield source.kept._meta.get_field(name)  # type: ignore[misc]  # a field that a form can show


def _label(column: models.Field[Any, Any]) -> str:
    return str(column.verbose_name).capitalize()


def _value(column: models.Field[Any, Any], row: Any) -> Any:
    if column.many_to_many:
        return sorted(getattr(link, f"{_other(column, link)}_id") for link in row.links[column.name])
    return getattr(row, column.attname)


def _other(column: models.Field[Any, Any], link: models.Model) -> str:
    """The name of the reference of a link to the row on the other side."""
    return next(
        each.name for each in link._meta.concrete_fields
        if isinstance(each, models.ForeignKey) and each.related_model is column.related_model
    )  # fmt: skip


def _said(column: models.Field[Any, Any], row: Any, names: Names, source: Source) -> str:
    value = _value(column, row)
    if value is None or value in ("", [], {}):
        return ""
    if column.name in source.hidden:
        return HIDDEN
    if column.related_model is not None and isinstance(column.related_model, type):
        keys = value if column.many_to_many else [value]
        return ", ".join(names.called(column.related_model, key) for key in keys)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    text = _in_words(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _in_words(value: Any) -> str:
    """A plain value; an instant by the viewer's clock."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    if isinstance(value, timedelta):
        return in_words(value)
    if isinstance(value, Range):
        return " to ".join(_in_words(end) if end is not None else "…" for end in (value.lower, value.upper))
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_words(each)}" for name, each in value.items())
    return str(value)
