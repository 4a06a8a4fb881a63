"""The checklist of the procedures: one line a part, the immediate and the long-term one gate."""

from __future__ import annotations

from apps.incidents.models import OF_EVERY_INCIDENT, ChecklistPart, ChecklistTemplateItem

GATES = {ChecklistPart.IMMEDIATE: "resolved", ChecklistPart.LONG_TERM: "closed"}


def make_checklist() -> None:
    for position, part in enumerate(OF_EVERY_INCIDENT, start=1):
        ChecklistTemplateItem.objects.create(
            key=part.replace("_", "-"), part=part, position=position, text=f"Do {part}", gates=GATES.get(part, "")
        )
