"""The checklists of an incident and the questions of its review (R15, R22, R28, R29)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, cast

from apps.incidents.models import OF_EVERY_INCIDENT, ChecklistTemplateItem
from apps.postmortems.models import ReviewQuestion, Section
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.rows import Writer


def read(within: Mapping[str, timedelta]) -> said.Checklists:
    """Return the checklists; ``within`` says how long each may take, by part."""
    items: dict[str, dict[str, said.ChecklistItem]] = {part.value: {} for part in OF_EVERY_INCIDENT}
    for row in ChecklistTemplateItem.objects.filter(is_active=True):
        gate = cast("Literal['resolved', 'closed'] | None", row.gates or None)
        items[row.part][row.key] = said.ChecklistItem(text=row.text, command=row.command, gate=gate)
    return said.Checklists(
        **{part: said.Checklist(items=held, within=within.get(part)) for part, held in items.items()}
    )


def read_questions() -> said.Questions:
    """Return the questions in use by section and key."""
    questions: dict[str, dict[str, said.Question]] = {section.value: {} for section in Section}
    for row in ReviewQuestion.objects.filter(is_active=True):
        questions[row.section][row.key] = said.Question(text=row.text, required=row.is_required)
    return said.Questions(**questions)


def write(document: Document, writer: Writer) -> None:
    """Make the items in use those of ``document``, the others retired. Incidents keep the items that they have."""
    rows = {row.key: row for row in ChecklistTemplateItem.objects.all()}
    for part, checklist in document.checklists.by_part().items():
        for position, (key, item) in enumerate(checklist.items.items()):
            writer.put(
                rows.pop(key) if key in rows else ChecklistTemplateItem(key=key),
                part=part,
                position=position,
                text=item.text,
                command=item.command,
                gates=item.gate or "",
                is_active=True,
            )
    writer.retire(rows.values())


def write_questions(document: Document, writer: Writer) -> None:
    """Make the questions in use those of ``document``, the others retired. Reviews keep those that they have."""
    rows = {(row.section, row.key): row for row in ReviewQuestion.objects.all()}
    for section, questions in document.review.questions.by_section().items():
        for position, (key, question) in enumerate(questions.items()):
            writer.put(
                rows.pop((section, key)) if (section, key) in rows else ReviewQuestion(section=section, key=key),
                text=question.text,
                is_required=question.required,
                position=position,
                is_active=True,
            )
    writer.retire(rows.values())
