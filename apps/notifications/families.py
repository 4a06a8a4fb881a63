"""A delivery and what stands in for it: one of them is handed over at a time, for the page is to come once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q

from apps.core import clock as house_clock
from apps.notifications.actions import cancel, plan_delivery
from apps.notifications.models import ARRIVED, Delivery, DeliveryState

#: A delivery looks again after this span whether the other one arrived.
LOOKS_AGAIN_AFTER = timedelta(seconds=1)


def free_of(group: Sequence[Delivery]) -> list[Delivery]:
    """Those of the locked ``group`` that nothing of their families keeps from being handed over now; perhaps none.

    What arrived another way is taken back; if it leads (the first), the rest goes out without it. While another is
    being handed over, the whole group is planned anew: it goes out unless that arrives. What is tried for the first
    time has no family yet, and costs no query.
    """
    if not any(each.attempts or each.instead_of_id for each in group):
        return list(group)
    lead = group[0]
    roots = {each.instead_of_id or each.pk for each in group}
    family = Delivery.objects.filter(Q(pk__in=roots) | Q(instead_of__in=roots))
    others = family.exclude(pk__in=[each.pk for each in group])
    found = list(others.filter(state__in=(DeliveryState.SENDING, *ARRIVED)).values_list("pk", "instead_of", "state"))
    arrived = {instead_of or pk for pk, instead_of, state in found if state in ARRIVED}
    needless = [each for each in group if (each.instead_of_id or each.pk) in arrived]
    for each in needless:
        cancel(each)
    if lead in needless:
        return []
    if any(state == DeliveryState.SENDING for _, _, state in found):
        lead.due_at = house_clock.now() + LOOKS_AGAIN_AFTER
        lead.save(update_fields=["due_at"])
        plan_delivery(lead)
        return []
    return [each for each in group if each not in needless]
