"""The timeline: what happened, once and for all. A row here is also the domain event (design, law 4)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core import origins
from apps.core.models import AppendOnly
from apps.incidents.models.incident import Incident


class EventKind(models.TextChoices):
    DECLARED = "declared", "Declared"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    PAGE_ACKNOWLEDGED = "page_acknowledged", "Page acknowledged"
    PAGE_DECLINED = "page_declined", "Page declined"
    STATUS_CHANGED = "status_changed", "Status changed"
    SEVERITY_CHANGED = "severity_changed", "Severity changed"
    RESOLVED = "resolved", "Resolved"
    REOPENED = "reopened", "Reopened"
    CLOSURE_CONFIRMED = "closure_confirmed", "Closure confirmed"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"
    MERGED = "merged", "Merged"
    ROLE_INVITED = "role_invited", "Invited to a role"
    ROLE_ASSIGNED = "role_assigned", "Role assigned"
    ROLE_VACANT = "role_vacant", "Role vacant"
    RESPONDER_ASKED = "responder_asked", "Responder asked"
    RESPONDER_ACCEPTED = "responder_accepted", "Responder accepted"
    RESPONDER_WITHDRAWN = "responder_withdrawn", "Request to respond withdrawn"
    WATCHED = "watched", "Watched"
    UNWATCHED = "unwatched", "No longer watched"
    ACCESS_GIVEN = "access_given", "Access given"
    ACCESS_TAKEN_BACK = "access_taken_back", "Access taken back"
    REASSIGNED = "reassigned", "Reassigned"
    ASKED_AGAIN = "asked_again", "Asked again"
    LEVEL_FIRED = "level_fired", "Level paged"
    LEVEL_SKIPPED = "level_skipped", "Level skipped"
    LEVEL_PASSED = "level_passed", "Level passed"
    ESCALATION_HELD = "escalation_held", "Escalation held"
    HOLD_ENDED = "hold_ended", "Hold ended"
    ESCALATED = "escalated", "Escalated by hand"
    NOBODY_PAGED = "nobody_paged", "Nobody could be paged"
    CLOCK_STARTED = "clock_started", "Clock started"
    CLOCK_WARNED = "clock_warned", "Clock about to break"
    CLOCK_MET = "clock_met", "Clock met"
    CLOCK_BREACHED = "clock_breached", "Clock breached"
    DESCRIBED = "described", "Description changed"
    ALERT_FIRING = "alert_firing", "Alert firing"
    ALERT_RESOLVED = "alert_resolved", "Alert resolved"
    NOTE = "note", "Note"
    CAUSE_NOTED = "cause_noted", "Cause noted"
    HEALTH_ASKED = "health_asked", "Health check asked for"
    HEALTH_CHECKED = "health_checked", "Health checked"
    UPDATE_SENT = "update_sent", "Update sent"
    PUBLISHED = "published", "Published on the status page"
    TAKEN_OFF = "taken_off", "Taken off the status page"
    SOCIAL_POST = "social_post", "Post in social media"
    UPDATE_OVERDUE = "update_overdue", "Update overdue"
    IMPACT_ASSESSED = "impact_assessed", "Impact assessed"
    RESOLUTION_RECORDED = "resolution_recorded", "Fix recorded"
    CHECKLIST_TICKED = "checklist_ticked", "Checklist ticked"
    CHECKLIST_UNTICKED = "checklist_unticked", "Checklist unticked"
    CHECKLIST_WAIVED = "checklist_waived", "Checklist item waived"
    RUNBOOK_STARTED = "runbook_started", "Runbook started"
    NOTIFICATION_FAILED = "notification_failed", "Notification failed"
    STEP_MADE = "step_made", "Made by a provider"
    STEP_FAILED = "step_failed", "A provider failed"
    STEP_ENDED = "step_ended", "Ended at a provider"
    REVIEW_STARTED = "review_started", "Review started"
    REVIEW_FINISHED = "review_finished", "Review finished"


class CauseField(models.TextChoices):
    """Where the root cause is looked for (R20)."""

    ERRORS = "errors", "Error patterns"
    DEPENDENCIES = "dependencies", "Dependencies"
    METRICS = "metrics", "Metrics"
    CHANGES = "changes", "Recent changes"
    OTHER = "other", "Something else"


class Via(models.TextChoices):
    WEB = "web", "Web"
    API = "api", "API"
    EMAIL = "email", "Link in a mail"
    SMS = "sms", "Text message"
    VOICE = "voice", "Phone call"
    CHAT = "chat", "Slack"
    PUSH = "push", "Push message"
    ALERT = "alert", "Alert"
    ENGINE = "engine", "Engine"
    ADMIN = "admin", "Admin"
    COMMAND = "command", "Command line"


class TimelineEvent(AppendOnly):
    """One thing that happened, with who did it and by which way. Written by ``incidents.timeline.record`` only."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    at = models.DateTimeField()
    kind = models.CharField(max_length=32, choices=EventKind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    via = models.CharField(max_length=16, choices=Via)
    text = models.TextField()
    data = models.JSONField(default=dict)
    request = origins.request_column()
    address = origins.address_column()

    class Meta(AppendOnly.Meta):
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["at", "id"], name="timeline_by_time"),
            models.Index(fields=["incident", "id"], name="timeline_of_incident"),
        ]

    def __str__(self) -> str:
        return self.text
