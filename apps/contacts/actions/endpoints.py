"""Writes of webhook endpoints, each with the person who stands behind it (ADR 1: one kind of receiver)."""

from __future__ import annotations

from django.db import transaction

from apps.contacts.actions.methods import verify_method
from apps.contacts.models import ContactMethod, MethodKind, MethodSource, WebhookEndpoint
from apps.core import clock
from apps.core.encryption import concealed
from apps.core.texts import one_line
from apps.teams.models import Team, User

#: Addresses of this domain never receive mail (RFC 2606, 2): who stands behind an endpoint cannot be written to.
DOMAIN = "endpoints.invalid"


@transaction.atomic
def upsert_endpoint(*, slug: str, name: str, url: str, team: Team | None = None) -> WebhookEndpoint:
    """Make the endpoint say this, retired or new as it may be; what is paged to it is posted to ``url``."""
    name = one_line(name)
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
    """The one method of who stands behind it is the address, in use; none once it is retired.

    Another address or name is the same method, so that what signs its posts stays as its receiver knows it.
    """
    found = ContactMethod.objects.filter(person=endpoint.person)
    kept = None if endpoint.retired_at else _method_of(endpoint)
    for method in found.exclude(pk=kept.pk) if kept else found:
        method.delete()
    if kept is None:
        return
    if (kept.destination, kept.label) != (endpoint.url, endpoint.name):
        kept.value, kept.label = endpoint.url, endpoint.name
        kept.save(update_fields=["value", "label"])
    verify_method(kept)


def _method_of(endpoint: WebhookEndpoint) -> ContactMethod:
    """The method that becomes its address: what it has, preferably with that address already, or a new one."""
    webhooks = ContactMethod.objects.filter(person=endpoint.person, kind=MethodKind.WEBHOOK)
    known = webhooks.filter(value=concealed(endpoint.url)).first() or webhooks.first()
    return known or ContactMethod.objects.create(
        person=endpoint.person,
        kind=MethodKind.WEBHOOK,
        value=endpoint.url,
        label=endpoint.name,
        source=MethodSource.ENDPOINT,
        verified_at=clock.now(),
    )
