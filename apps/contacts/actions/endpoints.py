"""Writes of webhook endpoints, each with the person who stands behind it (ADR 1: one kind of receiver)."""

from __future__ import annotations

from django.db import transaction

from apps.contacts.models import ContactMethod, MethodKind, MethodSource, WebhookEndpoint
from apps.core import clock
from apps.teams.models import Team, User

#: Addresses of this domain never receive mail (RFC 2606, 2): who stands behind an endpoint cannot be written to.
DOMAIN = "endpoints.invalid"


@transaction.atomic
def upsert_endpoint(*, slug: str, name: str, url: str, team: Team | None = None) -> WebhookEndpoint:
    """Make the endpoint say this, retired or new as it may be; what is paged to it is posted to ``url``."""
    endpoint = WebhookEndpoint.objects.select_related("person").filter(slug=slug).first()
    if endpoint is None:
        email = f"{slug}@{DOMAIN}"
        backing = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
        endpoint = WebhookEndpoint(slug=slug, person=backing)
    endpoint.name, endpoint.url, endpoint.team, endpoint.retired_at = name, url, team, None
    endpoint.full_clean(exclude=["person"])
    endpoint.save()
    if endpoint.person.name != name:
        endpoint.person.name = name
        endpoint.person.save(update_fields=["name"])
    _keep_method(endpoint)
    return endpoint


@transaction.atomic
def retire_endpoint(endpoint: WebhookEndpoint) -> None:
    """Post nothing to the endpoint any more. Twice is once."""
    if endpoint.retired_at is None:
        endpoint.retired_at = clock.now()
        endpoint.save(update_fields=["retired_at"])
        _keep_method(endpoint)


def _keep_method(endpoint: WebhookEndpoint) -> None:
    """The one method of who stands behind it is the address; none once it is retired."""
    wanted = [] if endpoint.retired_at else [endpoint.url]
    for method in ContactMethod.objects.filter(person=endpoint.person).exclude(value__in=wanted):
        method.delete()
    for url in wanted:
        ContactMethod.objects.get_or_create(
            person=endpoint.person,
            kind=MethodKind.WEBHOOK,
            value=url,
            defaults={"verified_at": clock.now(), "source": MethodSource.ENDPOINT, "label": endpoint.name},
        )
