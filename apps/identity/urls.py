"""The way in. Of what django-allauth offers, only what the house has: no sign-up, no addresses to manage."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from apps.identity import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("login/inactive/", account.account_inactive, name="account_inactive"),
    path("login/elsewhere/", include("allauth.socialaccount.urls")),
    path("login/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("logout/", account.logout, name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
]
