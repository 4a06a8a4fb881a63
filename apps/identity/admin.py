"""What django-allauth would put into the admin: secrets of people, which nobody keeps for them there."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest

from apps.core import audited
from apps.core.audited import Act
from apps.identity.groups import admin as groups  # noqa: F401  (registers)
from apps.teams import access
from apps.teams.admin_access import ReadOnlyAdmin
from apps.teams.models import User
from apps.teams.sensitive import SensitiveAdmin

for of_signing_in in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(of_signing_in)


@admin.register(SocialAccount)
class KnownElsewhereAdmin(SensitiveAdmin, ReadOnlyAdmin):
    """Whom providers know as whom. Deleting the old number of somebody lets them in by a new one."""

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "uid")
    fields = readonly_fields = ("user", "provider", "uid", "last_login", "date_joined")
    actions: Any = None  # to delete several at once would go past what is noted of it

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user)

    def delete_model(self, request: HttpRequest, obj: SocialAccount) -> None:
        """Let the provider know nobody by that number any more."""
        text = f"{obj.provider} does not know them any more"
        audited.note(Act.FACTOR_REMOVED, text, by=cast("User", request.user), about=obj.user)
        super().delete_model(request, obj)
