"""The questions of a review."""

from __future__ import annotations

from apps.postmortems.models import ReviewQuestion, Section

#: As in the source document.
QUESTIONS = {
    Section.LESSONS: ("went_well", "to_improve"),
    Section.TIMELINE: ("detection", "response", "investigation", "resolution", "recovery"),
    Section.IMPACT_ASSESSMENT: ("users_affected", "downtime", "revenue_impact", "reputation_impact"),
    Section.ROOT_CAUSE: ("primary_cause", "contributing_factors", "human_factors"),
}


def make_questions() -> None:
    """Every question of the source document; only the primary cause is required."""
    asked = [(section, key) for section, keys in QUESTIONS.items() for key in keys]
    for position, (section, key) in enumerate(asked):
        ReviewQuestion.objects.create(
            section=section,
            key=key,
            text=key.replace("_", " ").capitalize(),
            is_required=key == "primary_cause",
            position=position,
        )
