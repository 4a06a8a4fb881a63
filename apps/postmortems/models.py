"""Reviews of incidents: questions, answers, and the action items that follow (R28 to R30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.core.models import History
from apps.incidents.models import Incident, ProceduresRevision
from apps.teams.models import Team, User

if TYPE_CHECKING:
    from collections.abc import Iterable


class Section(models.TextChoices):
    LESSONS = "lessons", "First lessons"
    TIMELINE = "timeline", "Timeline"
    IMPACT_ASSESSMENT = "impact_assessment", "Impact assessment"
    ROOT_CAUSE = "root_cause", "Root cause"


class ReviewQuestion(models.Model):
    """A question that every review answers from now on (R28, R29)."""

    section = models.CharField(max_length=20, choices=Section)
    key = models.SlugField(help_text="Facts of the incident fill in the keys they belong to.")
    text = models.CharField(max_length=300)
    is_required = models.BooleanField(default=False, help_text="A review cannot be finished without an answer.")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["section", "key"], name="review_question_once_per_section_and_key")
        ]

    def __str__(self) -> str:
        return self.text


class ReviewStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    FINISHED = "finished", "Finished"


class Postmortem(models.Model):
    """The review of one incident, made when it is resolved. Who may see the incident may see it, nobody else."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="postmortem")
    status = models.CharField(max_length=16, choices=ReviewStatus, default=ReviewStatus.DRAFT)
    summary = models.TextField(blank=True)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="led_reviews",
        help_text="Who sees to it that the review is done.",
    )  # fmt: skip
    started_at = models.DateTimeField(help_text="When the incident was resolved for the first time.")
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    history = History()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status=ReviewStatus.FINISHED, finished_at__isnull=False)
                | (~models.Q(status=ReviewStatus.FINISHED) & models.Q(finished_at__isnull=True)),
                name="postmortem_finished_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"Review of {self.incident}"

    def get_absolute_url(self) -> str:
        return reverse("postmortem", args=[self.incident.reference])

    @property
    def is_finished(self) -> bool:
        return self.status == ReviewStatus.FINISHED

    def guarding_team_ids(self) -> Iterable[int]:
        return self.incident.guarding_team_ids()

    def is_guarded_private(self) -> bool:
        return self.incident.is_guarded_private()

    def involves(self, person: User) -> bool:
        return self.incident.involves(person)


class Answer(models.Model):
    """A question of a review, as it was asked, and its answer."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="answers")
    section = models.CharField(max_length=20, choices=Section)
    key = models.SlugField()
    text = models.CharField("question", max_length=300)
    is_required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)
    filled_in = models.BooleanField(default=False, help_text="Written from recorded facts; nobody changed it since.")

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "section", "key"], name="answer_once_per_question")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_missing(self) -> bool:
        """Whether the review cannot be finished because of it."""
        return self.is_required and not self.answer.strip()


class ActionKind(models.TextChoices):
    TECHNICAL = "technical", "Technical improvement"
    PROCESS = "process", "Process enhancement"
    TRAINING = "training", "Training requirement"
    MONITORING = "monitoring", "Monitoring improvement"


class Priority(models.TextChoices):
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class ActionStatus(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class ActionItem(models.Model):
    """What is to be done because of an incident, by whom and until when (R30). Dates are days in its team's zone."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="action_items")
    kind = models.CharField(max_length=16, choices=ActionKind)
    action = models.CharField(max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="action_items"
    )
    owner_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="action_items")
    due_date = models.DateField(help_text="The last day on which it is in time.")
    remind_on = models.DateField(help_text="The day on which its owner is reminded.")
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.MEDIUM)
    status = models.CharField(max_length=16, choices=ActionStatus, default=ActionStatus.OPEN)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        ordering = ["due_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False, owner_team=None)
                | models.Q(owner=None, owner_team__isnull=False),
                name="action_item_owned_by_a_person_or_a_team",
                violation_error_message="Either a person or a team owns it.",
            ),
            models.CheckConstraint(
                condition=models.Q(status=ActionStatus.DONE, done_at__isnull=False)
                | (~models.Q(status=ActionStatus.DONE) & models.Q(done_at__isnull=True)),
                name="action_item_done_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(remind_on__lte=models.F("due_date")),
                name="action_item_reminded_before_it_is_due",
                violation_error_message="The reminder comes on the due date at the latest.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_date"], condition=models.Q(status=ActionStatus.OPEN), name="action_item_open_by_due_date"
            )
        ]

    def __str__(self) -> str:
        return self.action

    def guarding_team_ids(self) -> Iterable[int]:
        return self.incident.guarding_team_ids()

    def is_guarded_private(self) -> bool:
        return self.incident.is_guarded_private()

    def involves(self, person: User) -> bool:
        return self.incident.involves(person)


class ImprovementKind(models.TextChoices):
    RUNBOOK = "runbook", "Runbook"
    PROCEDURES = "procedures", "Procedures"
    TEMPLATE = "template", "Communication template"
    TRAINING = "training", "Training material"


class Improvement(models.Model):
    """What was changed in how one works because of an incident (R32), and where it is to be found.

    ``revision`` is that of the procedures which brought it; whatever lies elsewhere has its ``url``.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="improvements")
    kind = models.CharField(max_length=16, choices=ImprovementKind)
    title = models.CharField("what was changed", max_length=300)
    url = models.URLField("address", max_length=1000, blank=True, help_text="Where it is, if it is not in here.")
    revision = models.ForeignKey(
        ProceduresRevision, on_delete=models.PROTECT, null=True, blank=True, related_name="improvements",
        help_text="The revision of the procedures that brought it.",
    )  # fmt: skip
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revision__isnull=False) | ~models.Q(url=""),
                name="improvement_is_found_somewhere",
                violation_error_message="Say where it is: its address, or the revision of the procedures.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def guarding_team_ids(self) -> Iterable[int]:
        return self.incident.guarding_team_ids()

    def is_guarded_private(self) -> bool:
        return self.incident.is_guarded_private()

    def involves(self, person: User) -> bool:
        return self.incident.involves(person)
