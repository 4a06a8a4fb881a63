"""Checks of a document that no schema can express: that what one part names, another part defines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from apps.communications.rules import check_placeholders, is_immediate
from apps.core import durations
from apps.core.errors import Invalid
from apps.escalation.models import SHORTEST_SILENCE
from apps.procedures.document import Document, Level, Policy, Repeat
from apps.procedures.problems import Path

Finding = tuple[Path, str]


def findings(document: Document) -> Iterator[Finding]:
    """Yield where ``document`` contradicts itself, and what was expected there."""
    yield from _dates_and_hours(document)
    yield from _severities(document)
    yield from _no_time_at_all(document)
    yield from _contacts(document)
    yield from _roles(document)
    yield from _chains(document)
    yield from _triggers(document)
    yield from _templates(document)
    yield from _unique_keys(document)
    yield from _alerts(document)


def oddities(document: Document) -> Iterator[Finding]:
    """Yield what is allowed in ``document`` and yet is hardly meant, and what is usual there."""
    chains: dict[Path, tuple[Level, ...]] = {("escalation", key): chain for key, chain in document.escalation.items()}
    for place, policy in enumerate(document.escalation_policies or ()):
        chains["escalation_policies", place, "levels"] = policy.levels
    for path, levels in chains.items():
        if levels[0].after:
            yield (
                (*path, 0, "after"),
                f"nobody is paged for {durations.format(levels[0].after)}; usual is 0m, so that level 1 is at once",
            )


def _dates_and_hours(document: Document) -> Iterator[Finding]:
    if document.next_review <= document.last_updated:
        yield ("next_review",), f"expected a date after last_updated, {document.last_updated}"
    if document.business_calendar.end <= document.business_calendar.start:
        yield ("business_calendar", "end"), f"expected a time after start, {document.business_calendar.start:%H:%M}"


def _severities(document: Document) -> Iterator[Finding]:
    keys = list(document.severities)
    if keys != sorted(keys):
        yield ("severities",), f"expected the worst first: {', '.join(sorted(keys))}"
    for key, severity in document.severities.items():
        if severity.response > severity.resolution:
            yield ("severities", key, "response"), "expected at most the resolution target"
    by_severity = {("escalation",): document.escalation, ("communication", "schedule"): document.communication.schedule}
    for path, entries in by_severity.items():
        for key in document.severities.keys() - entries.keys():
            yield path, f"missing: {key}, which is a severity"
        for key in entries.keys() - document.severities.keys():
            yield (*path, key), f"expected a key of severities: {', '.join(keys)}"


def _no_time_at_all(document: Document) -> Iterator[Finding]:
    """A target of nothing is missed before anybody can meet it, and what is due every 0 minutes is always overdue."""
    spans: dict[Path, timedelta | None] = {
        ("closure", "within"): document.closure.within,
        ("review", "within"): document.review.within,
    }
    for key, severity in document.severities.items():
        spans["severities", key, "response"] = severity.response
        spans["severities", key, "resolution"] = severity.resolution
    for part, checklist in document.checklists.by_part().items():
        spans["checklists", part, "within"] = checklist.within
    for path, span in spans.items():
        if span == timedelta(0):
            yield path, "expected more than no time, such as 15m"
    for key, cadence in document.communication.schedule.items():
        if cadence.every != "off" and is_immediate(cadence.every):
            yield ("communication", "schedule", key, "every"), "expected more than no time, such as 30m, or off"


def _contacts(document: Document) -> Iterator[Finding]:
    for key in document.incident_contacts.keys() & document.escalation_contacts.keys():
        yield ("escalation_contacts", key), "stands in incident_contacts too; expected each key once"
    for group in ("incident_contacts", "escalation_contacts"):
        for key, contact in getattr(document, group).items():
            if not contact.email and not contact.pager:
                yield (group, key), "expected an email or a pager: roles and levels page this contact"


def _roles(document: Document) -> Iterator[Finding]:
    for key, role in document.roles.items():
        for index, candidate in enumerate(role.candidates):
            yield from _known_contact(document, candidate.contact, ("roles", key, "candidates", index, "contact"))


def _chains(document: Document) -> Iterator[Finding]:
    for severity, levels in document.escalation.items():
        yield from _chain(document, levels, ("escalation", severity))
    for severity, repeat in document.escalation_repeats.items():
        if severity not in document.escalation:
            yield ("escalation_repeats", severity), f"expected a key of escalation: {', '.join(document.escalation)}"
        else:
            yield from _repeats(repeat, document.escalation[severity], ("escalation_repeats", severity))
    for severity, silence in document.escalation_asks_again.items():
        if severity not in document.escalation:
            yield ("escalation_asks_again", severity), f"expected a key of escalation: {', '.join(document.escalation)}"
        yield from _silence(silence, ("escalation_asks_again", severity))
    yield from _policies(document)


def _policies(document: Document) -> Iterator[Finding]:
    """A severity of a service or team has one chain, and it is in order in itself."""
    seen: set[tuple[str, str | None, str | None]] = set()
    for index, policy in enumerate(document.escalation_policies or ()):
        path: Path = ("escalation_policies", index)
        key = (policy.severity, policy.service, policy.team)
        if key in seen:
            yield path, f"{policy.severity} of {policy.service or policy.team} stands twice; expected each once"
        seen.add(key)
        if policy.severity not in document.severities:
            yield (*path, "severity"), f"expected a key of severities: {', '.join(document.severities)}"
        yield from _chain(document, policy.levels, (*path, "levels"))
        yield from _repeats(policy, policy.levels, path)
        yield from _silence(policy.asks_again_after, (*path, "asks_again_after"))


def _silence(span: timedelta | None, path: Path) -> Iterator[Finding]:
    if span is not None and span < SHORTEST_SILENCE:
        yield path, f"expected {durations.format(SHORTEST_SILENCE)} or more"


def _repeats(said: Repeat | Policy, levels: tuple[Level, ...], path: Path) -> Iterator[Finding]:
    last = max(level.after for level in levels)
    if said.repeats and said.repeat_every is None:
        yield path, "missing: repeat_every, as it repeats"
    elif not said.repeats and said.repeat_every is not None:
        yield (*path, "repeat_every"), "expected repeats beside it"
    elif said.repeat_every is not None and said.repeat_every <= last:
        yield (*path, "repeat_every"), f"expected more than the time of the last level, {durations.format(last)}"


def _chain(document: Document, levels: tuple[Level, ...], path: Path) -> Iterator[Finding]:
    if levels[0].level != 1:
        yield (*path, 0, "level"), f"expected level 1 first, got {levels[0].level}"
    for index, (before, level) in enumerate(pairwise(levels), start=1):
        if level.level <= before.level:
            yield (*path, index, "level"), f"expected a level above {before.level}"
        if level.after < before.after:
            yield (*path, index, "after"), f"expected at least the time of level {before.level}"
    for index, level in enumerate(levels):
        yield from _hours(level, (*path, index))
        for place, target in enumerate(level.targets):
            at: Path = (*path, index, "targets", place)
            yield from _known_contact(document, target.contact, (*at, "contact"))
            if target.role is not None and target.role not in document.roles:
                yield (*at, "role"), f"expected a key of roles: {', '.join(document.roles)}"


def _hours(level: Level, path: Path) -> Iterator[Finding]:
    """A level with other targets outside hours has some for either time; marks on any other level say nothing."""
    marked = [target.outside_hours for target in level.targets]
    if level.outside_hours == "other":
        if not any(marked):
            yield (*path, "targets"), "expected at least one with outside_hours: true"
        if all(marked):
            yield (*path, "targets"), "expected at least one without outside_hours: true, for working hours"
    elif any(marked):
        yield (*path, "outside_hours"), "expected other, as some of the targets are for outside hours"


def _known_contact(document: Document, key: str | None, path: Path) -> Iterator[Finding]:
    known = {**document.incident_contacts, **document.escalation_contacts}
    emergency = {f"emergency.{name}" for name in document.emergency_contacts}
    if key is not None and key not in known and key not in emergency:
        yield path, f"expected a key of incident_contacts or escalation_contacts: {', '.join(known)}"


def _triggers(document: Document) -> Iterator[Finding]:
    numbers = {level.level for levels in document.escalation.values() for level in levels}
    for key, trigger in document.triggers.items():
        if trigger.level not in numbers:
            yield ("triggers", key, "level"), f"expected a level that some chain has, got {trigger.level}"


def _templates(document: Document) -> Iterator[Finding]:
    for audience, phases in document.communication.templates.items():
        for phase, messages in phases.items():
            for severity, message in messages.items():
                path: Path = ("communication", "templates", audience, phase, severity)
                if severity not in {*document.severities, "any"}:
                    yield path, f"expected any or a key of severities: {', '.join(document.severities)}"
                yield from _placeholders(message.subject, (*path, "subject"))
                yield from _placeholders(message.body, (*path, "body"))


def _placeholders(text: str, path: Path) -> Iterator[Finding]:
    try:
        check_placeholders(text)
    except Invalid as error:
        yield path, str(error)


def _unique_keys(document: Document) -> Iterator[Finding]:
    """A checklist's item is found again by its key alone, so that a key stands in one part only."""
    seen: set[str] = set()
    for part, checklist in document.checklists.by_part().items():
        for key in checklist.items:
            if key in seen:
                yield ("checklists", part, "items", key), "stands in another checklist too; expected each key once"
            seen.add(key)


def _alerts(document: Document) -> Iterator[Finding]:
    known = {*document.severities, "as_written"}
    for index, rule in enumerate(document.alerts.severity_rules):
        if rule.severity not in known:
            yield ("alerts", "severity_rules", index, "severity"), f"expected one of {', '.join(sorted(known))}"
        if rule.severity == "as_written":
            for place, value in enumerate(rule.values):
                if value not in document.severities:
                    yield ("alerts", "severity_rules", index, "values", place), "expected the key of a severity"
    for priority, severity in document.alerts.opsgenie_priorities.items():
        if severity not in document.severities:
            yield ("alerts", "opsgenie_priorities", priority), f"expected a key of severities, got {severity}"
