"""What django-allauth would put into the admin: secrets of people, which nobody keeps for them there."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin

from apps.identity.groups import admin as groups  # noqa: F401  (registers)

for of_signing_in in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(of_signing_in)
