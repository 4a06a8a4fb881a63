"""The way to an identity provider and back."""

from __future__ import annotations

from typing import cast

from allauth.core.internal.ratelimit import consume_or_429
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import RuleViolation
from apps.identity.oidc import actions
from apps.identity.provider import OidcAdapter
from apps.teams.models import User
from apps.teams.sensitive import confirmed


@require_POST
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider. By a form, so that no other site can send somebody through it."""
    return _asked(OAuth2LoginView, request, provider_id)


@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider, with a code that it can be asked by who somebody is."""
    return _asked(OAuth2CallbackView, request, provider_id)


@login_required
@require_safe
def confirm(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Before what is sensitive: the provider is to ask once more. Http404 for one that does not know who asks."""
    if not SocialAccount.objects.filter(user=cast("User", request.user), provider=provider_id).exists():
        raise Http404
    return _shown(request, provider_id, "account/confirm_elsewhere.html", back_to=request.GET.get("next", ""))


@login_required
@require_safe
@confirmed
def add(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Let the provider know oneself from now on; administrators can become known by it in no other way."""
    return _shown(request, provider_id, "identity/add_provider.html", back_to=reverse("mfa_index"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def remove(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Let the provider know oneself no longer, once one was asked. Http404 for one that does not know who asks."""
    person = cast("User", request.user)
    if not SocialAccount.objects.filter(user=person, provider=provider_id).exists():
        raise Http404
    name = actions.name_of(provider_id)
    if request.method != "POST":
        return render(request, "identity/remove_provider.html", {"name": name})
    try:
        actions.unlink(person, provider_id)
    except RuleViolation as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{name} signs you in no longer.")
    return redirect("mfa_index")


def _shown(request: HttpRequest, key: str, template: str, *, back_to: str) -> HttpResponse:
    if key not in settings.OIDC_PROVIDERS:
        raise Http404
    return render(request, template, {"provider": settings.OIDC_PROVIDERS[key], "back_to": back_to})


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
