"""Who hears of a contact method that is used no more: its person, and administrators where nothing else is left."""

from __future__ import annotations

from apps.contacts.actions import METHOD_DISABLED, METHOD_STOPPED
from apps.contacts.models import ContactMethod, WebhookEndpoint
from apps.core.events import on
from apps.notifications import actions, messages, queries, rules
from apps.notifications.models import NotificationKind, Urgency
from apps.teams import access


@on(METHOD_DISABLED, METHOD_STOPPED)
def tell_who_is_reached_by_it_no_more(method: ContactMethod) -> None:
    """A notice by whatever else reaches the person: they may believe that they can be paged by it.

    Nobody is woken for it to whom something rings all the same. Where nothing is left that reaches them,
    administrators hear of it at once, for pages to them reach nobody; so they do of a webhook endpoint, behind which
    nobody reads. Of a person who left, or an endpoint that was retired, nobody hears.
    """
    person = method.person
    endpoint = WebhookEndpoint.objects.filter(person=person).first()
    if not person.is_active or (endpoint is not None and endpoint.retired_at is not None):
        return
    since = method.disabled_at or method.opted_out_at
    usable = queries.usable_methods(person)
    if endpoint is None:
        rings = any(left.kind in rules.RINGS for left in usable)
        actions.notify(
            person,
            incident=None,
            kind=NotificationKind.OTHER,
            urgency=Urgency.LOW if rings else Urgency.HIGH,
            step=f"method_disabled:{method.pk}:{since}",
            subject=f"No longer used to page you: {method}",
            text=messages.method_disabled(method),
        )
    if not usable and method.verified_at is not None:
        actions.notify_all(
            dict.fromkeys(access.administrators(), messages.nothing_reaches(method)),
            incident=None,
            kind=NotificationKind.OTHER,
            urgency=Urgency.HIGH,
            step=f"nothing_reaches:{method.pk}:{since}",
            subject=f"Nothing reaches {person} any more",
        )
