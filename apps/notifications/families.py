"""A delivery and what stands in for it: one of them is handed over at a time, for the page is to come once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q

from apps.core import clock as house_clock
from apps.notifications.actions import plan_delivery
from apps.notifications.models import Delivery, DeliveryState

#: A delivery looks again after this span whether the other one arrived.
LOOKS_AGAIN_AFTER = timedelta(seconds=1)


def has_to_wait(group: Sequence[Delivery]) -> bool:
    """Whether another of the family of the locked ``group`` (the one that leads is its first) is being handed over.

    It is then planned anew: if the other arrives it is taken back, if not it goes out. What is tried for the first time
    has no family yet, and costs no query.
    """
    lead = group[0]
    if not lead.attempts and lead.instead_of_id is None:
        return False
    roots = {each.instead_of_id or each.pk for each in group}
    family = Delivery.objects.filter(Q(pk__in=roots) | Q(instead_of__in=roots), state=DeliveryState.SENDING)
    if not family.exclude(pk__in=[each.pk for each in group]).exists():
        return False
    lead.due_at = house_clock.now() + LOOKS_AGAIN_AFTER
    lead.save(update_fields=["due_at"])
    plan_delivery(lead)
    return True
