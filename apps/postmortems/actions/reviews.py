"""Makes the review of an incident, takes its answers, and finishes it (R28, R29)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, Missing, RuleViolation
from apps.core.history import made_by
from apps.incidents import clocks, timeline
from apps.incidents import queries as incidents
from apps.incidents.actions import involve
from apps.incidents.actions.locking import locked
from apps.incidents.models import ClockName, EventKind, Incident, Status, Via
from apps.postmortems import queries
from apps.postmortems.facts import facts_of
from apps.postmortems.models import Answer, Postmortem, ReviewQuestion, ReviewStatus
from apps.teams import access
from apps.teams.models import User

GATE = "review"


@transaction.atomic
def follow(incident_id: int) -> None:
    """Make the review of a resolved incident; one of an incident that is taken up again becomes a draft."""
    incident = locked(incident_id)
    review = queries.review_of(incident)
    if incident.status in (Status.RESOLVED, Status.CLOSED):
        create_for(incident)
    elif review is not None:
        _make_draft(review)


def create_for(incident: Incident) -> Postmortem:
    """Return the review of a resolved incident, made now if it has none; the caller holds the incident's lock.

    Every active question is asked, and answered where the record answers it. A review from before a reopening goes on
    as a draft: its facts are read anew, what people wrote stays.
    """
    review, created = Postmortem.objects.get_or_create(
        incident=incident,
        defaults={
            "started_at": incident.resolved_at or house_clock.now(),
            "lead": incidents.holder_of(incident, "commander"),
        },
    )
    if review.finished_at and incident.resolved_at and review.finished_at < incident.resolved_at:
        _make_draft(review)
    _ask(review)
    if created:
        whom = f", led by {review.lead}" if review.lead else ""
        timeline.record(incident, EventKind.REVIEW_STARTED, text=f"Review drafted from the record{whom}.")
    return review


@transaction.atomic
def open_review(incident_id: int, *, by: User) -> Postmortem:
    """Make the review of a resolved incident by hand, or return the one that it has.

    Raises RuleViolation before the incident is resolved, NotAllowed without the right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status not in (Status.RESOLVED, Status.CLOSED):
        raise RuleViolation(f"{incident} is not resolved yet; its review comes after that.")
    return create_for(incident)


@transaction.atomic
def answer(answer_id: int, *, text: str, by: User) -> Answer:
    """Answer one question of a review. Raises as ``edit``."""
    asked = Answer.objects.get(pk=answer_id)
    edit(asked.postmortem_id, by=by, answers={answer_id: text})
    asked.refresh_from_db()
    return asked


@transaction.atomic
def edit(
    postmortem_id: int,
    *,
    by: User,
    summary: str | None = None,
    lead: User | None = None,
    answers: Mapping[int, str] | None = None,
) -> Postmortem:
    """Write what is given into the review: its summary, its lead, answers by their id; None stays as it is.

    The first edit turns the draft into a review. Raises Invalid for an answer of another review or a deactivated
    lead, RuleViolation where a finished review would lose a required answer, NotAllowed without the right.
    """
    review = _locked(postmortem_id, by=by)
    for answer_id, text in (answers or {}).items():
        _write(review, answer_id, text.strip(), by=by)
    if summary is not None:
        review.summary = summary.strip()
    if lead is not None and lead.pk != review.lead_id:
        if not lead.is_active:
            raise Invalid(f"{lead} is deactivated.", field="lead")
        review.lead = lead
        involve(review.incident, lead, reason="leads the review")
    if review.status == ReviewStatus.DRAFT:
        review.status = ReviewStatus.IN_REVIEW
    _save(review, by=by)
    return review


@transaction.atomic
def finish(postmortem_id: int, *, by: User, via: Via = Via.WEB) -> Postmortem:
    """Finish the review: its clock is met (R29, R31). Finishing twice is finishing once.

    Raises RuleViolation while the incident is open again, or, naming what is missing, while a required answer is
    empty; NotAllowed without the right.
    """
    review = _locked(postmortem_id, by=by)
    if review.is_finished:
        return review
    incident = review.incident
    if incident.is_open:
        raise RuleViolation(f"{incident} is open again; its review is finished after it is resolved.")
    if missing := queries.missing_answers(review):
        raise RuleViolation(
            f"{review} cannot be finished yet. Missing: {'; '.join(asked.text for asked in missing)}.",
            missing=tuple(Missing(GATE, asked.pk, asked.text) for asked in missing),
        )
    review.status, review.finished_at, review.finished_by = ReviewStatus.FINISHED, house_clock.now(), by
    _save(review, by=by)
    timeline.record(incident, EventKind.REVIEW_FINISHED, text=f"Review finished by {by}.", actor=by, via=via)
    clocks.meet(incident, ClockName.REVIEW, at=review.finished_at)
    return review


def _locked(postmortem_id: int, *, by: User) -> Postmortem:
    """The review, with the row of its incident locked, for somebody who may respond to it."""
    review = Postmortem.objects.select_related("lead").get(pk=postmortem_id)
    review.incident = locked(review.incident_id)
    access.require(by, access.Permission.RESPOND, review.incident)
    review.refresh_from_db(fields=["status", "summary", "lead", "finished_at", "finished_by"])
    return review


def _save(review: Postmortem, *, by: User) -> None:
    made_by(review, by)
    review.save()


def _make_draft(review: Postmortem) -> None:
    review.status, review.finished_at, review.finished_by = ReviewStatus.DRAFT, None, None
    review.save()


def _ask(review: Postmortem) -> None:
    """Ask what was not asked yet, and write the facts where no person wrote."""
    facts = facts_of(review.incident)
    asked = {(answer.section, answer.key): answer for answer in review.answers.all()}
    for question in ReviewQuestion.objects.filter(is_active=True):
        if (question.section, question.key) not in asked:
            asked[question.section, question.key] = Answer(
                postmortem=review,
                section=question.section,
                key=question.key,
                text=question.text,
                is_required=question.is_required,
                position=question.position,
            )
    for where, answer in asked.items():
        fact = facts.get(where, "")
        if answer.pk is None or (fact != answer.answer and (answer.filled_in or not answer.answer)):
            answer.answer, answer.filled_in = fact, bool(fact)
            answer.save()


def _write(review: Postmortem, answer_id: int, text: str, *, by: User) -> None:
    answer = review.answers.filter(pk=answer_id).first()
    if answer is None:
        raise Invalid(f"{review} has no question {answer_id}.", field="answers")
    if text == answer.answer:
        return
    if review.is_finished and answer.is_required and not text:
        raise RuleViolation(f"The review is finished; it needs an answer to: {answer.text}.")
    answer.answer, answer.filled_in = text, False
    made_by(answer, by)
    answer.save()
