"""Filters and orders of SCIM (RFC 7644, 3.4.2) as the database understands them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

_OPERATORS = {
    CompareOperator.eq: "exact",
    CompareOperator.ne: "exact",
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}
_ALL, _NONE = Q(pk__isnull=False), Q(pk__isnull=True)


@dataclass(frozen=True, slots=True)
class Column:
    """Where an attribute lies: a lookup, whether its case counts, and what kind of value it is."""

    lookup: str
    case_exact: bool = False
    kind: type = str


@dataclass(frozen=True, slots=True)
class Always:
    """An attribute that has one value in every resource."""

    value: str | bool


Columns = Mapping[str, Column | Always]

PEOPLE: Columns = {
    "id": Column("pk", kind=int),
    "externalid": Column("provisioned__external_id", case_exact=True),
    "username": Column("email"),
    "displayname": Column("name"),
    "name.formatted": Column("name"),
    "timezone": Column("time_zone"),
    "active": Column("is_active", kind=bool),
    "emails": Column("email"),
    "emails.value": Column("email"),
    "emails.type": Always("work"),
    "emails.primary": Always(True),
    "groups": Column("provider_groups__group", kind=int),
    "groups.value": Column("provider_groups__group", kind=int),
    "groups.display": Column("provider_groups__group__name"),
    "meta.created": Column("date_joined", kind=datetime),
    "meta.resourcetype": Always("User"),
}
GROUPS: Columns = {
    "id": Column("pk", kind=int),
    "externalid": Column("external_id", case_exact=True),
    "displayname": Column("name"),
    "members": Column("members__person", kind=int),
    "members.value": Column("members__person", kind=int),
    "meta.resourcetype": Always("Group"),
}


class Where(FilterVisitor[Q]):
    """Turns a filter into a condition; raises InvalidFilterException for what ``columns`` do not know."""

    def __init__(self, columns: Columns, within: str = "") -> None:
        self._columns = columns
        self._within = within

    def visit_comparison(self, node: Comparison) -> Q:
        column = self._column(node.attr_path)
        if isinstance(column, Always):
            found = _ALL if _same(node.value, column.value) else _NONE
        else:
            found = _compared(column, node)
        return ~found if node.op == CompareOperator.ne else found

    def visit_present(self, node: Present) -> Q:
        column = self._column(node.attr_path)
        if isinstance(column, Always):
            return _ALL
        there = Q((f"{column.lookup}__isnull", False))
        return there & ~Q((column.lookup, "")) if column.kind is str else there

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            found = found & self.visit(term) if node.op == LogicalOperator.and_ else found | self.visit(term)
        return found

    def visit_value_path(self, node: ValuePath) -> Q:
        return Where(self._columns, within=f"{node.attr_path.attr.lower()}.").visit(node.val_filter)

    def _column(self, path: AttrPath) -> Column | Always:
        name = self._within + ".".join(part.lower() for part in (path.attr, path.sub_attr) if part)
        if name not in self._columns:
            raise InvalidFilterException(detail=f"Resources cannot be looked for by {name}.")
        return self._columns[name]


def where(node: FilterNode | None, columns: Columns) -> Q:
    """The condition that stands for the filter; everything where there is none."""
    return Where(columns).visit(node) if node is not None else _ALL


def order(attribute: str | None, columns: Columns, *, descending: bool) -> list[str]:
    """The columns to order by; by number where nothing is asked for, or what cannot be ordered by."""
    column = columns.get((attribute or "").lower())
    if not isinstance(column, Column):
        return ["pk"]
    return [("-" if descending else "") + column.lookup, "pk"]


def _same(told: Any, value: str | bool) -> bool:
    return str(told).lower() == str(value).lower()


def _compared(column: Column, node: Comparison) -> Q:
    if node.value is None:
        return Q((f"{column.lookup}__isnull", True))
    operator = _OPERATORS[node.op]
    if column.kind is str and not column.case_exact and operator in ("exact", "contains", "startswith", "endswith"):
        operator = f"i{operator}"
    try:
        value = _value(column, node.value)
    except ValueError:
        return _NONE
    return Q((f"{column.lookup}__{operator}", value))


def _value(column: Column, told: Any) -> Any:
    """What is compared with. Raises ValueError for what no such column holds, and for operators that fit no text."""
    if column.kind is int:
        if not str(told).isdecimal() or len(str(told)) > len(str(2**63)) - 1:
            raise ValueError(told)
        return int(told)
    if column.kind is bool:
        return str(told).lower() == "true"
    if column.kind is datetime:
        found = datetime.fromisoformat(str(told))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return str(told)
