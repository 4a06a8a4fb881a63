"""The addresses under which calendars are read."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def url_of(token: str) -> str:
    """The absolute address of the calendar that ``token`` opens."""
    return f"{settings.SITE_URL}{reverse('calendar', args=[token])}"


def webcal_url_of(token: str) -> str:
    """The same for a device that subscribes where one follows the link (Apple's, and most others)."""
    return f"webcal://{url_of(token).partition('://')[2]}"
