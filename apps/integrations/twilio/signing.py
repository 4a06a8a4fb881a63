"""Whether a request comes from Twilio ("Validating requests" of its security guide)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, QueryDict
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST


def signature(token: str, url: str, form: QueryDict) -> str:
    """HMAC-SHA1 over the address and every parameter of the form with its values, in the order of their names."""
    said = url + "".join(f"{name}{value}" for name in sorted(form) for value in sorted(set(form.getlist(name))))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def of_twilio(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only POST requests of Twilio's pass, signed for the address that we gave it (SITE_URL): else 403, 405.

    Without a token nothing can be told to be Twilio's.
    """

    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        token = settings.TWILIO_AUTH_TOKEN
        expected = signature(token, f"{settings.SITE_URL}{request.get_full_path()}", request.POST) if token else ""
        if not expected or not constant_time_compare(request.headers.get("X-Twilio-Signature", ""), expected):
            return HttpResponseForbidden("The signature is missing or wrong.")
        return view(request, *args, **named)

    return checked
