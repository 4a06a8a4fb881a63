"""Writes of how a person wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta

from django.db import transaction

from apps.contacts.actions import require_self_or_administrator
from apps.core.errors import Invalid
from apps.core.history import made_by
from apps.notifications.models import NotificationRule, Preferences, Urgency
from apps.teams.models import User

#: More steps than anybody needs for one urgency.
MOST_STEPS = 20


@transaction.atomic
def set_rules(person: User, urgency: Urgency, *, steps: Sequence[tuple[timedelta, int]], by: User) -> None:
    """Make the steps of ``person`` for ``urgency`` these: so long after the notification, by the method of that id.

    None at all means the standard steps. Steps that stay keep their row. Raises Invalid for more than MOST_STEPS,
    naming the urgency, and for a method that is not the person's, naming ``URGENCY.NUMBER.method``; NotAllowed unless
    ``by`` is the person or an administrator, ValidationError for a delay that is negative or over a day.
    """
    require_self_or_administrator(person, by)
    if len(steps) > MOST_STEPS:
        raise Invalid(f"There are at most {MOST_STEPS} steps.", field=urgency.value)
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)
    methods = set(person.contact_methods.values_list("pk", flat=True))
    wanted = dict.fromkeys(steps)
    for number, (_, method) in enumerate(steps):
        if method not in methods:
            raise Invalid("This is no contact method of the person.", field=f"{urgency.value}.{number}.method")
    for rule in NotificationRule.objects.filter(person=person, urgency=urgency):
        if (rule.after, rule.method_id) in wanted:
            del wanted[rule.after, rule.method_id]
        else:
            made_by(rule, by)
            rule.delete()
    for after, method in wanted:
        rule = NotificationRule(person=person, urgency=urgency, after=after, method_id=method)
        rule.full_clean()
        made_by(rule, by)
        rule.save()


@transaction.atomic
def set_preferences(
    person: User, *, quiet_from: time | None, quiet_until: time | None, shift_notices: bool, by: User
) -> Preferences:
    """Keep what ``person`` chose. Raises ValidationError for half a span of quiet hours, NotAllowed as set_rules."""
    require_self_or_administrator(person, by)
    chosen = Preferences.objects.filter(person=person).first() or Preferences(person=person)
    chosen.quiet_from, chosen.quiet_until, chosen.shift_notices = quiet_from, quiet_until, shift_notices
    chosen.full_clean()
    made_by(chosen, by)
    chosen.save()
    return chosen
