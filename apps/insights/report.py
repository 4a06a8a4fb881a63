"""The report of one incident: everything the record tells of it, in the order in which one reads it (R28, R29, R35).

It is the same in every form: sections of facts, of tables and of texts. Times are in the zone of the incident's team.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.core import clock
from apps.core.zones import zone_or_utc
from apps.incidents.models import Clock, ImpactAssessment, Incident
from apps.postmortems.models import Answer, Postmortem


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report. A table has as many cells in each row as columns; all of it is plain text."""

    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    nothing: str = "Nothing was recorded."

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.facts and not self.rows


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of an incident; ``made_at`` is when it was put together, UTC."""

    reference: str
    title: str
    summary: str
    private: bool
    drill: bool
    made_at: datetime
    zone: str
    sections: list[Section]

    @property
    def heading(self) -> str:
        """What it is a report of."""
        return f"{self.reference}: {self.title}"

    @property
    def marks(self) -> list[str]:
        """What has to stand on every page of it."""
        return [text for text, holds in (("PRIVATE", self.private), ("DRILL", self.drill)) if holds]

    @property
    def made(self) -> str:
        """When it was made, in words."""
        return f"{self.made_at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M %Z}"

    def as_json(self) -> dict[str, Any]:
        """The report as data."""
        return asdict(self) | {"made_at": self.made_at.isoformat(), "marks": self.marks, "made": self.made}


#: So many entries of a timeline are told in a report.
LONGEST_TIMELINE = 1_000

Say = Callable[[datetime | None], str]


def of(incident: Incident) -> Report:
    """The report of ``incident`` as the record stands; who may see it is the caller's to ask. Some dozen queries."""
    zone = zone_or_utc(incident.team.time_zone)

    def say(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else ""

    review = Postmortem.objects.filter(incident=incident).first()
    return Report(
        reference=incident.reference,
        title=incident.title,
        summary=incident.summary,
        private=incident.private,
        drill=incident.drill,
        made_at=clock.now(),
        zone=str(zone),
        sections=[
            _facts(incident, say),
            _clocks(incident, say),
            _people(incident, say),
            _impact(incident, say),
            _resolution(incident),
            *_review(review),
            _action_items(incident),
            _communication(incident, say),
            _timeline(incident, say),
        ],
    )


def _facts(incident: Incident, say: Say) -> Section:
    told = {
        "Severity": str(incident.severity),
        "Status": incident.get_status_display(),
        "Team": str(incident.team),
        "Services": ", ".join(map(str, incident.services.all())) or "none named",
        "Detected by": incident.get_detection_display(),
        "Declared": _by(say(incident.declared_at), incident.declared_by),
        "Acknowledged": _by(say(incident.acknowledged_at), incident.acknowledged_by),
        "Resolved": say(incident.resolved_at),
        "Closure confirmed": _by(say(incident.closure_confirmed_at), incident.closure_confirmed_by),
        "Closed": say(incident.closed_at),
        "Procedures": f"version {incident.procedures.version}, revision {incident.procedures_id}",
    }
    return Section("Facts", facts=_told(told))


def _clocks(incident: Incident, say: Say) -> Section:
    rows = [
        [each.get_name_display(), say(each.started_at), say(each.due_at), say(each.met_at), _verdict(each)]
        for each in incident.clocks.all()
    ]
    return Section("Clocks", columns=["Clock", "Started", "Due", "Met", "Outcome"], rows=rows)


def _verdict(running: Clock) -> str:
    if running.breached_at is not None:
        return "breached"
    if running.met_at is not None:
        return "met"
    return "stopped" if running.stopped_at is not None else "running"


def _people(incident: Incident, say: Say) -> Section:
    rows = [
        [str(each.role), str(each.person), say(each.since), say(each.until)]
        for each in incident.role_assignments.select_related("role", "person")
    ]
    return Section("People", columns=["Role", "Who", "From", "Until"], rows=rows, nothing="Nobody took a role.")


def _impact(incident: Incident, say: Say) -> Section:
    latest: ImpactAssessment | None = incident.impact_assessments.select_related("by").first()
    if latest is None:
        return Section("Impact", nothing="It was not assessed.")
    told = {
        "Users affected": _number(latest.users_affected),
        "Customers affected": _number(latest.customers_affected),
        "Availability": f"{latest.availability_percent:f} %" if latest.availability_percent is not None else "",
        "Revenue": f"{latest.revenue_impact:f}" if latest.revenue_impact is not None else "",
        "Data integrity": latest.get_data_integrity_display(),
        "Security": "implications" if latest.security_implications else "",
        "Media": "attention" if latest.media_attention else "",
        "Note": latest.note,
        "Assessed": _by(say(latest.at), latest.by),
    }
    return Section("Impact", facts=_told(told))


def _resolution(incident: Incident) -> Section:
    mended = getattr(incident, "resolution", None)
    if mended is None:
        return Section("Resolution")
    told = {
        "Fix": mended.reference,
        "Approved by": mended.approved_by,
        "Verified": "yes" if mended.verified else "",
        "Not verified because": mended.unverified_reason,
    }
    return Section("Resolution", facts=_told(told), nothing="No fix was recorded.")


def _review(review: Postmortem | None) -> Iterable[Section]:
    """The answers of the review, a section each, causes and lessons among them."""
    if review is None:
        return
    answers: dict[str, list[tuple[str, str]]] = {}
    for each in Answer.objects.filter(postmortem=review).order_by("section", "position", "pk"):
        if each.answer:
            answers.setdefault(str(each.get_section_display()), []).append((each.text, each.answer))
    told = {"Status": review.get_status_display(), "Lead": str(review.lead or ""), "Summary": review.summary}
    yield Section("Review", facts=_told(told))
    for title, facts in answers.items():
        yield Section(f"Review: {title}", facts=facts)


def _action_items(incident: Incident) -> Section:
    rows = [
        [each.action, each.get_kind_display(), str(each.owner or each.owner_team or ""), f"{each.due_date:%Y-%m-%d}",
         each.get_priority_display(), each.get_status_display()]
        for each in incident.action_items.select_related("owner", "owner_team")
    ]  # fmt: skip
    columns = ["Action", "Kind", "Owner", "Due", "Priority", "Status"]
    return Section("Action items", columns=columns, rows=rows, nothing="There are none.")


def _communication(incident: Incident, say: Say) -> Section:
    rows = [
        [say(each.at), each.get_audience_display(), str(each.by or "the system"), each.message]
        for each in incident.updates.select_related("by").order_by("pk")
    ]
    return Section("Communication", columns=["When", "To", "From", "Message"], rows=rows, nothing="Nothing was sent.")


def _timeline(incident: Incident, say: Say) -> Section:
    """Its first and its last entries, where it has more than LONGEST_TIMELINE, and between them how many there are."""
    entries, half = incident.timeline.order_by("pk").values_list("at", "text"), LONGEST_TIMELINE // 2
    left_out = entries.count() - LONGEST_TIMELINE
    if left_out <= 0:
        rows = [[say(at), text] for at, text in entries]
    else:
        first = [[say(at), text] for at, text in entries[:half]]
        last = [[say(at), text] for at, text in entries.reverse()[:half]]
        between = f"{left_out:,} entries are left out here; they stand on the timeline of {incident.reference}."
        rows = [*first, ["", between], *reversed(last)]
    return Section("Timeline", columns=["When", "What"], rows=rows)


def _told(facts: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in facts.items() if text]


def _by(at: str, person: object) -> str:
    return f"{at} by {person}" if at and person else at


def _number(count: int | None) -> str:
    return f"{count:,}" if count is not None else ""
