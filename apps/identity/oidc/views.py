"""The way to an identity provider and back."""

from __future__ import annotations

from allauth.core.internal.ratelimit import consume_or_429
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from apps.identity.provider import OidcAdapter


@require_POST
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider. By a form, so that no other site can send somebody through it."""
    return _asked(OAuth2LoginView, request, provider_id)


@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider, with a code that it can be asked by who somebody is."""
    return _asked(OAuth2CallbackView, request, provider_id)


def _asked(view: type[OAuth2LoginView | OAuth2CallbackView], request: HttpRequest, key: str) -> HttpResponse:
    """What django-allauth answers; of one address so many a minute, for the provider is asked each time."""
    if key not in settings.OIDC_PROVIDERS:
        raise Http404
    too_many: HttpResponse | None = consume_or_429(request, app="allauth.account", action="provider", limit_get=True)
    if too_many is not None:
        return too_many
    adapter = OidcAdapter(request, key)
    try:
        answer: HttpResponse = view.adapter_view(adapter)(request)
    except OAuth2Error as error:
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer
