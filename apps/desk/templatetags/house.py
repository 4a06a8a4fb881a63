"""The vocabulary of the templates: icons, instants and spans as people read them, the place in the navigation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import clock
from apps.core.spans import in_words
from apps.rosters import holidays
from apps.teams.models import User

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """The icon ``name`` of ``components/_sprite.html``: decoration, unless a ``label`` gives it words."""
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="#i-{}"></use></svg>', label, name)
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"></use></svg>', name)


@register.simple_tag
def when(at: datetime | None, style: str = "relative") -> SafeString | str:
    """The instant ``at`` in the viewer's zone; the page's script then keeps it readable.

    ``relative`` becomes "5 min ago" or "in 2 h", ``countdown`` counts by the second. Without a script both stay
    absolute, with their zone, and with a script the absolute time is the tooltip. ``exact`` is to the second, with its
    date, and stays so.
    """
    if at is None:
        return ""
    text = str(format_date(timezone.localtime(at), "j M Y H:i:s T")) if style == "exact" else absolute(at)
    return format_html('<time datetime="{}" data-{} title="{}">{}</time>', at.isoformat(), style, text, text)


@register.filter
def absolute(at: datetime | None) -> str:
    """``14:05 CET`` today, ``3 Mar 14:05 CET`` on other days of this year, with the year on days of others."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(clock.now())
    if local.date() == today.date():
        return str(format_date(local, "H:i T"))
    return str(format_date(local, "j M H:i T" if local.year == today.year else "j M Y H:i T"))


@register.filter
def span(length: timedelta | None) -> str:
    """``15 min``, ``1 h 30 min``, ``2 d 4 h``: the two largest units that say something."""
    return in_words(length) if length is not None else ""


@register.filter
def hours(length: timedelta | None) -> str:
    """A target as policy writes it: ``15 min``, ``24 h``, ``72 h``, and days from five on."""
    if length is not None and timedelta(hours=1) <= length < timedelta(days=5) and not length % timedelta(hours=1):
        return f"{length // timedelta(hours=1)} h"
    return span(length)


@register.filter
def in_hours(length: timedelta) -> str:
    """``168 h``: hours alone, to the nearest, for sums that are compared with one another."""
    return f"{round(length / timedelta(hours=1))} h"


@register.simple_tag
def public_holidays(person: User, start: datetime, end: datetime) -> SafeString:
    """A line with the public holidays of the person's country that lie in their shift; nothing where none does."""
    found = holidays.public_holidays(person, start, end)
    named = ", ".join(f"{name}, {format_date(day, 'j M')}" for day, name in found.items())
    return format_html('<p class="tiny muted">Public holiday: {}</p>', named) if found else SafeString()


@register.filter
def initials(person: object) -> str:
    """``SJ`` for Sarah Johnson: at most two letters."""
    words = str(person).partition("@")[0].replace(".", " ").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.inclusion_tag("components/_nav_item.html", takes_context=True)
def nav_item(context: dict[str, Any], url: str, label: str, icon_name: str, waiting: int = 0) -> dict[str, Any]:
    """A link of the navigation; it is the current one on its page and on every page below it. So much waits there."""
    path = context["request"].path if "request" in context else ""
    return {
        "url": url,
        "label": label,
        "icon_name": icon_name,
        "waiting": waiting,
        "current": path == url or (url != "/" and path.startswith(url)),
    }
