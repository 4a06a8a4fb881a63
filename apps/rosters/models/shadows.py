"""People who look over the shoulder of whoever is on call."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models

from apps.core import clock
from apps.core.models import History
from apps.rosters.models.lasting import Lasting
from apps.rosters.models.rosters import Roster


class Shadow(Lasting):
    """Somebody who learns: ``person`` sees each page that whoever is on call in the roster gets, and is not to act.

    With ``of`` only the pages of that person, while they hold a seat. A shadow holds no seat: nothing counts on them.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="shadows")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shadowing")
    of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="shadowed_by",
        verbose_name="sees the pages of", help_text="Empty: whoever is on call.",
    )  # fmt: skip
    is_woken = models.BooleanField(
        "rings like a page", default=False, help_text="By their own steps for pages; otherwise it comes as a notice."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    history = History()

    class Meta:
        ordering = ["during", "pk"]
        constraints = [
            *Lasting.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(of=None) | ~models.Q(of=models.F("person")), name="shadow_of_another"
            ),
            ExclusionConstraint(
                name="shadow_once_at_a_time",
                expressions=[
                    ("roster", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message="They are a shadow in this roster within that time already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} shadows {self.of or 'whoever is on call'} for {self.roster}, {self.stretch}"
