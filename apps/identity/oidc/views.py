"""The way to an identity provider and back."""

from __future__ import annotations

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
    if key not in settings.OIDC_PROVIDERS:
        raise Http404
    answer: HttpResponse = view.adapter_view(OidcAdapter(request, key))(request)
    return answer
