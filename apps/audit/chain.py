"""Follows the chain of seals from the first to the last, with the leaves of each, as one stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.audit import leaves
from apps.audit.canonical import digest_of
from apps.audit.findings import Finding, Kind, Report
from apps.audit.sealing import NOTHING
from apps.audit.snapshots import View

#: What every seal says, and of which type it is.
SAID = {
    "at": str, "begins": bool, "count": int, "epoch": int, "from": int, "next": int, "number": int, "previous": str,
    "root": str, "system": str, "tables": list, "to": int,
}  # fmt: skip

#: What it says of each table.
SAID_OF_TABLES = {"count": int, "highest": int, "layout": str, "table": str}

#: What a layout says.
SAID_BY_LAYOUTS = {"columns": list, "key": str, "personal": list, "table": str, "whose": dict | None}


@dataclass(frozen=True, slots=True)
class Link:
    """A seal as it is stored. ``told`` is what its body says, or None where that is nothing that a seal says."""

    number: int
    body: str
    digest: str
    told: dict[str, Any] | None

    @classmethod
    def read(cls, number: int, body: str, digest: str) -> Link:
        """The seal of a row."""
        told = _read(body)
        return cls(number, body, digest, told if _is_sound(told) else None)


def _read(body: str) -> dict[str, Any]:
    """What a text of JSON says; nothing, if that is no object."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _is_sound(told: dict[str, Any]) -> bool:
    return _has(told, SAID) and all(isinstance(each, dict) and _has(each, SAID_OF_TABLES) for each in told["tables"])


def _has(told: dict[str, Any], said: Mapping[str, Any]) -> bool:
    return all(isinstance(told.get(name), kind) for name, kind in said.items())


def check(view: View, report: Report, heads: Mapping[str, int | None]) -> Iterator[Finding]:
    """Check the seals, their chain and their leaves, and that every head that was kept is in the chain.

    ``heads``: hashes, and as which number each was kept, or None. Counts in ``report``, which names the last head
    afterwards.
    """
    walk = leaves.Walk(view)
    before: Link | None = None
    missing = dict(heads)
    for row in view.stream(_SEALS):
        link = Link.read(*row)
        yield from _place(before, link)
        yield from _content(before, link, report)
        yield from walk.check(link.number, link.told)
        if missing.get(link.digest, link.number) in (None, link.number):
            missing.pop(link.digest, None)
        before = link
        report.seals += 1
        report.head, report.head_number = link.digest, link.number
    yield from walk.rest()
    for head, number in missing.items():
        at = "" if number is None else f" as number {number}"
        yield Finding(
            Kind.HEAD,
            f"The head {head} that was kept is not in the chain{at}: the chain was made anew since, or cut off.",
            seal=number,
        )


def layouts(view: View) -> Iterator[Finding]:
    """Check the lists of columns, without which nothing else can be checked."""
    for table, body, digest in view.ask('SELECT "table", body, digest FROM audit_layout ORDER BY id'):
        told = _read(body)
        if digest_of(body) != digest or not _has(told, SAID_BY_LAYOUTS) or told["table"] != table:
            yield Finding(Kind.SEAL, f"The list of columns {digest[:12]} of {table} was changed.", table=table)
    for seal, layout in view.ask(_WITHOUT_LAYOUT):
        text = f"The list of columns {layout} is missing: seal {seal} is the first with leaves of its rows."
        yield Finding(Kind.SEAL, text, seal=seal)


def last_told(view: View) -> dict[str, Any] | None:
    """What the last seal says that says anything."""
    links = (Link.read(*row) for row in view.stream(f"{_SEALS} DESC"))
    return next((link.told for link in links if link.told is not None), None)


def _place(before: Link | None, link: Link) -> Iterator[Finding]:
    """Whether the seal's number is the next one."""
    expected = 1 if before is None else before.number + 1
    if link.number < expected:
        yield Finding(Kind.SEAL, f"Seal {link.number} was put in: the chain begins with 1.", seal=link.number)
    if link.number > expected:
        last = link.number - 1
        which = f"Seal {expected} is" if last == expected else f"Seals {expected} to {last} are"
        yield Finding(Kind.SEAL, f"{which} missing.", seal=expected)


def _content(before: Link | None, link: Link, report: Report) -> Iterator[Finding]:
    """Whether the seal is what it was, and follows the one before."""
    number, told = link.number, link.told
    if told is None or digest_of(link.body) != link.digest:
        yield Finding(Kind.SEAL, f"Seal {number} was changed: its hash is not the one of its text.", seal=number)
    elif told["number"] != number:
        yield Finding(Kind.REORDERED, f"In the place of seal {number} lies seal {told['number']}.", seal=number)
    elif told["previous"] != (before.digest if before else NOTHING):
        yield Finding(
            Kind.SEAL,
            f"Seal {number} does not follow the one before it: one of the two was changed, put in or taken out.",
            seal=number,
        )
    elif before and before.told:
        yield from _span(number, before.told, told, report)


def _span(number: int, earlier: dict[str, Any], told: dict[str, Any], report: Report) -> Iterator[Finding]:
    """Whether the seal begins where the one before ends."""
    if told["begins"]:
        report.remarks.append(
            f"With seal {number} of {told['at']} the database begins anew, on another server or from a backup: that"
            " what it was the first to seal is older than itself is proven by nothing."
        )
    elif told["from"] != earlier["to"]:
        yield Finding(Kind.SEAL, f"Seal {number} does not begin where the one before it ends.", seal=number)
    if told["at"] < earlier["at"]:
        report.remarks.append(f"The clock ran backwards between the seals {number - 1} and {number}.")


_SEALS = "SELECT number, body, digest FROM audit_seal ORDER BY number"

_WITHOUT_LAYOUT = """
    SELECT min(seal_id), layout_id FROM audit_leaves
     WHERE layout_id NOT IN (SELECT id FROM audit_layout) GROUP BY layout_id ORDER BY layout_id
"""
