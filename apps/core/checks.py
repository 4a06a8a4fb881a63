"""What ``manage.py check --deploy`` asks of the settings of a house in production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from apps.core import clock
from apps.core.encryption import newest_key_prefix


@checks.register(checks.Tags.security, deploy=True)
def secrets_can_be_kept(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """An error where nothing secret could be written, nor read: FIELD_KEYS is empty, or holds what is no key."""
    try:
        newest_key_prefix()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), hint="manage.py rotate_keys --generate prints one.", id="core.E001")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def holes_can_be_told(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """A warning where contacts are given that ``/.well-known/security.txt`` does not show, or nobody could use."""
    contacts, until = settings.SECURITY_CONTACT, settings.SECURITY_EXPIRES
    if not contacts:
        return []
    nameless = [each for each in contacts if not each.startswith(("mailto:", "https://", "tel:"))]
    if until is not None and until > clock.now() and not nameless:
        return []
    hint = "Give each contact its scheme (mailto:, https://), and SECURITY_EXPIRES an instant that is to come."
    return [checks.Warning("SECURITY_CONTACT is not shown, or cannot be used.", hint=hint, id="core.W001")]


@checks.register(checks.Tags.security, deploy=True)
def clients_are_told_apart(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Warn where a proxy ends TLS and is not trusted to say whom it heard: all clients then share its address.

    Ten wrong passwords for an account would keep its person out, whoever typed them.
    """
    if not settings.SECURE_ORIGIN or settings.TRUSTED_PROXIES:
        return []
    hint = "Set TRUSTED_PROXIES to how many proxies write X-Forwarded-For."
    return [checks.Warning("TRUSTED_PROXIES is 0, though a proxy ends TLS.", hint=hint, id="core.W002")]
