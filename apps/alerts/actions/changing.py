"""Takes changes in: what was deployed or committed, and which services that concerns (R17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from apps.alerts import rules
from apps.alerts.classification import alert_settings
from apps.alerts.formats import IncomingChange
from apps.alerts.models import Change, ChangeRule, Integration
from apps.catalog import queries as catalog

#: The table between changes and services.
Concerned = Change.services.through


@transaction.atomic
def record_changes(
    integration: Integration, changes: Iterable[IncomingChange], *, received_at: datetime
) -> Sequence[Change]:
    """Write down what ``integration`` says was changed and return what is new; what it told before is left as it is.

    A change concerns the services that it names itself and those of the integration's rules, else the integration's
    own. One caller at a time, as for ``receive``.
    """
    told = {change.sender_id: change for change in changes}
    known = Change.objects.filter(integration=integration, sender_id__in=told).values_list("sender_id", flat=True)
    for sender_id in list(known):
        del told[sender_id]
    recorded = Change.objects.bulk_create(_row(integration, change, received_at) for change in told.values())
    services = _services(integration, list(told.values()))
    Concerned.objects.bulk_create(
        Concerned(change=change, service_id=service) for change in recorded for service in services[change.sender_id]
    )
    return recorded


def _row(integration: Integration, change: IncomingChange, received_at: datetime) -> Change:
    return Change(
        integration=integration,
        sender_id=change.sender_id,
        kind=change.kind,
        summary=change.summary,
        author=change.author,
        labels=dict(change.labels),
        links=[asdict(link) for link in change.links],
        at=min(change.at or received_at, received_at),
        received_at=received_at,
    )


def _services(integration: Integration, changes: Sequence[IncomingChange]) -> dict[str, set[int]]:
    """The ids of the services that each of the changes concerns, by the sender's id."""
    label = alert_settings().service_label
    named = {change.sender_id: {*change.services, change.labels.get(label, "")} for change in changes}
    slugs: set[str] = set().union(*named.values())
    known = dict(catalog.active_services().filter(slug__in=slugs).values_list("slug", "pk"))
    table = list(ChangeRule.objects.filter(integration=integration, service__is_active=True))
    own = {integration.service.pk} if integration.service and integration.service.is_active else set()
    found = {}
    for change in changes:
        by_rule = {rule.service_id for rule in table if rules.says(change.labels, rule.label, rule.value)}
        by_name = {known[slug] for slug in named[change.sender_id] if slug in known}
        found[change.sender_id] = by_name | by_rule or own
    return found
