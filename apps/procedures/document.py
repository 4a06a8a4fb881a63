"""The procedures document as typed values: what ``procedures/ado.yml`` says, field for field.

The names of fields are the keys of the file. Everything is frozen and compares by value, so that two documents are
equal exactly if they say the same. ``reading`` makes a Document from a file, ``structure`` turns it into plain data
and back, ``current`` makes one from the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, time, timedelta
from typing import Literal

from apps.core.durations import Delay

Off = Literal["off"]
Texts = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What counts as an incident, and the areas it may affect by key (R1)."""

    text: str
    areas: Texts


@dataclass(frozen=True, kw_only=True)
class Severity:
    """How bad an incident is, and its targets counted from the declaration (R2)."""

    label: str
    impact: str
    examples: tuple[str, ...]
    response: timedelta
    resolution: timedelta
    auto_resolve: bool = False


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """How long before it breaks a clock warns (R4)."""

    warn_before: Delay


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """How long after *resolved* the same incident goes on when its cause comes back."""

    reopen_within: timedelta


@dataclass(frozen=True, kw_only=True)
class BusinessCalendar:
    """Working hours in an IANA zone and the country (ISO 3166) whose holidays count; the default of every team."""

    time_zone: str
    days: tuple[str, ...]
    start: time
    end: time
    holidays: str


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Who may take a role, by title; at most one of contact key, roster slug and email address says who that is."""

    title: str
    contact: str | None = None
    roster: str | None = None
    person: str | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """A response role, its candidates in order (primary first), and when the next one is paged (R5, R6)."""

    name: str
    responsibilities: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    backup_after: Delay


@dataclass(frozen=True, kw_only=True)
class Expert:
    """A subject matter expert: the field, whose business it is by title, and by address once somebody is named (R5)."""

    field: str
    title: str
    person: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody who can be reached (R7, R8). Phone numbers are kept as written, dialled or not."""

    name: str
    title: str = ""
    email: str = ""
    phone: str = ""
    slack: str = ""
    pager: str = ""


@dataclass(frozen=True, kw_only=True)
class ExternalContact:
    """A vendor's support: web pages, addresses and numbers by what they are for (R8)."""

    name: str
    points: Texts


@dataclass(frozen=True, kw_only=True)
class LevelTarget:
    """Whom a level pages: exactly one of these is set. ``oncall: team`` is the roster of the incident's team.

    ``next_of`` is who takes over next in a roster, ``team`` its responders and commanders. ``outside_hours``: paged
    outside working hours instead of the targets without this mark.
    """

    oncall: Literal["team"] | None = None
    roster: str | None = None
    next_of: str | None = None
    team: str | None = None
    role: str | None = None
    contact: str | None = None
    person: str | None = None
    webhook: str | None = None
    outside_hours: bool = False


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a chain; ``after`` counts from the declaration (R12).

    ``outside_hours`` is what it does outside the team's working hours; ``round_robin``: one of its people, in turn.
    """

    level: int
    name: str
    after: timedelta
    unless: Literal["acknowledged", "resolved"]
    targets: tuple[LevelTarget, ...]
    outside_hours: Literal["page", "wait", "other"] = "page"
    round_robin: bool = False


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """How many more times a chain is climbed, and how long after the start of one round the next begins."""

    repeats: int
    repeat_every: timedelta


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The chain of one severity for one service or one team: exactly one of these is set."""

    severity: str
    service: str | None = None
    team: str | None = None
    repeats: int = 0
    repeat_every: timedelta | None = None
    asks_again_after: timedelta | None = None
    levels: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What raises an incident to a level at once (R10, R11)."""

    kind: Literal["impact", "technical"]
    text: str
    level: int
    shows_external_contacts: bool = False


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """When the messages of a severity are due: after declaration, after the last one, after the fix (R24)."""

    initial: Delay
    every: Delay | Off
    resolution: Delay | Off


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a message begins from, with ``{placeholders}`` for the incident's facts (R27)."""

    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Communication:
    """Who is told what, and when (R24 to R27): templates by audience, phase and severity, ``any`` for the others."""

    schedule: Mapping[str, Cadence]
    external_channels: Texts
    templates: Mapping[str, Mapping[str, Mapping[str, Message]]]


@dataclass(frozen=True, kw_only=True)
class ChecklistItem:
    """One thing to do, its command where there is one, and the status that waits for it (R15, R22)."""

    text: str
    command: str = ""
    gate: Literal["resolved", "closed"] | None = None


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """Things to do in one part of an incident's life, by key; ``within`` counts from the declaration."""

    items: Mapping[str, ChecklistItem]
    within: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Checklists:
    """The checklists that every incident gets."""

    initial: Checklist
    immediate: Checklist
    short_term: Checklist
    long_term: Checklist

    def by_part(self) -> dict[str, Checklist]:
        """Return the checklists by part, in the order of an incident's life."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a guide, its command ready to copy."""

    text: str
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Guide:
    """Steps that people look up, and tick once they started it for an incident; nothing waits for them.

    ``suggested_by``: what an incident's impact says that asks for it.
    """

    name: str
    phase: Literal["initial", "investigation", "resolution", "recovery", "communication"] | None = None
    suggested_by: Literal["data_integrity"] | None = None
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Closure:
    """The closure confirmation: its deadline from the resolution, and what it covers (R28)."""

    within: timedelta
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a review answers; without an answer to a required one it cannot be finished."""

    text: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The questions of a review by section and key (R28, R29)."""

    lessons: Mapping[str, Question]
    timeline: Mapping[str, Question]
    impact_assessment: Mapping[str, Question]
    root_cause: Mapping[str, Question]

    def by_section(self) -> dict[str, Mapping[str, Question]]:
        """Return the questions by section, in the order of the review."""
        return {section.name: getattr(self, section.name) for section in fields(self)}


@dataclass(frozen=True, kw_only=True)
class Review:
    """The post-incident review: its deadline from the resolution, and its questions (R29)."""

    within: timedelta
    questions: Questions


@dataclass(frozen=True, kw_only=True)
class ActionItems:
    """What follows from an incident: the kinds of work, and what of the process may change (R30, R32)."""

    kinds: Texts
    process_improvements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SeverityRule:
    """An alert with one of ``labels`` equal to one of ``values`` has this severity; ``as_written``: the value."""

    labels: tuple[str, ...]
    values: tuple[str, ...]
    severity: str


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """How alerts become incidents (the first rule that fits decides), and which changes are shown beside one (R17)."""

    severity_rules: tuple[SeverityRule, ...]
    service_label: str
    team_label: str
    opsgenie_priorities: Texts
    changes_within: timedelta = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Further documentation: its address, or its path from where ``references_at`` says that the document lies."""

    text: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """The procedures in force: everything that is policy, and nothing else (R36)."""

    title: str
    version: str
    last_updated: date
    next_review: date
    remind_before: timedelta = timedelta(days=14)
    owner: str
    definition: Definition
    detection: Texts
    severities: Mapping[str, Severity]
    clocks: Clocks
    lifecycle: Lifecycle
    business_calendar: BusinessCalendar
    roles: Mapping[str, Role]
    experts: Mapping[str, Expert] = field(default_factory=dict)
    incident_contacts: Mapping[str, Contact]
    escalation_contacts: Mapping[str, Contact]
    emergency_contacts: Mapping[str, Contact] = field(default_factory=dict)
    external_contacts: Mapping[str, ExternalContact] = field(default_factory=dict)
    escalation: Mapping[str, tuple[Level, ...]]
    escalation_repeats: Mapping[str, Repeat] = field(default_factory=dict)
    escalation_asks_again: Mapping[str, timedelta] = field(default_factory=dict)
    escalation_policies: tuple[Policy, ...] | None = None
    triggers: Mapping[str, Trigger]
    communication: Communication
    checklists: Checklists
    verification: tuple[str, ...]
    guides: Mapping[str, Guide] = field(default_factory=dict)
    closure: Closure
    review: Review
    action_items: ActionItems
    alerts: Alerts
    tools: Texts = field(default_factory=dict)
    references_at: str = ""
    references: tuple[Reference, ...] = ()
