"""How a person wants to be told: steps with delays, quiet hours, notices of shifts."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from apps.contacts.models import ContactMethod
from apps.core.models import History
from apps.core.spans import in_words
from apps.notifications.models.notification import Urgency

LONGEST_DELAY = timedelta(hours=24)


class NotificationRule(models.Model):
    """One step of a person's rules: so long after the notification it is sent by this method, unless answered by then.

    A person without steps for an urgency is told by the standard ones (``rules.standard_steps``).
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_rules")
    urgency = models.CharField(max_length=8, choices=Urgency)
    after = models.DurationField(default=timedelta(0), help_text="Since the notification.")
    method = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="rules")

    history = History()

    class Meta:
        ordering = ["person_id", "urgency", "after", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "urgency", "method", "after"],
                name="notification_rule_once_per_method_and_delay",
                violation_error_message="This step is there already.",
            ),
            models.CheckConstraint(
                condition=models.Q(after__gte=timedelta(0), after__lte=LONGEST_DELAY),
                name="notification_rule_delay_up_to_a_day",
                violation_error_message="A step comes within 24 hours of the notification.",
            ),
        ]

    def __str__(self) -> str:
        begins = f"after {in_words(self.after)}" if self.after else "at once"
        return f"{self.get_urgency_display()}, {begins}: {self.method}"


class Preferences(models.Model):
    """What a person chose beside their steps; whoever has no row chose nothing."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Local time; until then nothing of low urgency is sent, the app shows it."
    )
    quiet_until = models.TimeField(null=True, blank=True, help_text="Local time, on the next day where it is earlier.")
    shift_notices = models.BooleanField(default=False, help_text="A notice when a shift of theirs starts and ends.")

    history = History()

    class Meta:
        verbose_name_plural = "preferences"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="preferences_quiet_hours_begin_and_end",
                violation_error_message="Quiet hours need a beginning and an end.",
            )
        ]

    def __str__(self) -> str:
        return f"Preferences of {self.person}"

    def clean(self) -> None:
        """Raise ValidationError where quiet hours end when they begin."""
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValidationError({"quiet_until": "Quiet hours end at another time than they begin."})
