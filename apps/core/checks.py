"""What ``manage.py check --deploy`` asks of the settings of a house in production."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from apps.core.encryption import newest_key_prefix


@checks.register(checks.Tags.security, deploy=True)
def secrets_can_be_kept(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """An error where nothing secret could be written, nor read: FIELD_KEYS is empty, or holds what is no key."""
    try:
        newest_key_prefix()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), hint="manage.py rotate_keys --generate prints one.", id="core.E001")]
    return []
