"""``/.well-known/security.txt``: whom to tell of a hole (RFC 9116)."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core import clock

PATH = ".well-known/security.txt"


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """The contacts of the settings, each as an address with its scheme, and until when they hold.

    404 where none are set, and once SECURITY_EXPIRES has passed: nobody looks after them any more.
    """
    if not settings.SECURITY_CONTACT or settings.SECURITY_EXPIRES is None or clock.now() >= settings.SECURITY_EXPIRES:
        raise Http404
    lines = [
        *(f"Contact: {each}" for each in settings.SECURITY_CONTACT),
        f"Expires: {settings.SECURITY_EXPIRES.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}/{PATH}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
