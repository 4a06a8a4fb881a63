"""Connections with providers: their teams' managers make and test them, secrets are shown to nobody."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from apps.core.encryption import concealed
from apps.integrations.models import Connection, Step
from apps.integrations.steps import checking
from apps.integrations.tools import Provider, Setting, provider_of, providers
from apps.teams import access
from apps.teams.admin_access import NeverDeleted, ReadOnlyAdmin, TeamOwnedAdmin
from apps.teams.models import Team
from apps.teams.sensitive import SensitiveAdmin, require

#: What stands before the names of what a provider is told, among the fields of the form.
TOLD = "told_"


class ConnectionForm(forms.ModelForm[Connection]):
    """A connection with a provider, which a subclass names with a field for all that it is told (``form_for``).

    A secret that is left empty stays as it is.
    """

    class Meta:
        model = Connection
        fields = ("team", "is_active")

    provider: ClassVar[Provider]
    #: Whether whoever edits it keeps what holds for every team.
    keeps_everybodys: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.settings if self.instance.pk else {}
        for setting in self.provider.settings:
            field, value = self.fields[f"{TOLD}{setting.name}"], known.get(setting.name, "")
            if not setting.secret:
                field.initial = value
            elif value:
                field.required = False
                field.help_text = f"{setting.help_text} Now {concealed(value)}; empty: it stays.".strip()

    def clean_team(self) -> Team | None:
        """A team's manager keeps the connections of their teams, and nobody's but theirs."""
        team: Team | None = self.cleaned_data["team"]
        if team is None and not self.keeps_everybodys:
            raise forms.ValidationError("Only administrators connect for every team: choose yours.")
        return team

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where what is kept in secret would go somewhere else than it was meant for."""
        cleaned: dict[str, Any] = super().clean() or {}
        before = self.instance.settings if self.instance.pk else {}
        moved = [
            setting for setting in self.provider.settings
            if setting.leads and cleaned.get(f"{TOLD}{setting.name}", "").strip() != before.get(setting.name, "")
        ]  # fmt: skip
        for setting in self.provider.settings if before and moved else ():
            field = f"{TOLD}{setting.name}"
            if setting.secret and before.get(setting.name) and not cleaned.get(field):
                self.add_error(field, f"Type it once more: {moved[0].label.lower()} is another now.")
        return cleaned

    def save(self, commit: bool = True) -> Connection:
        """Keep in the open what is open, and encrypted what is not."""
        row = self.instance
        row.provider = self.provider.key
        for setting in self.provider.settings:
            value = self.cleaned_data[f"{TOLD}{setting.name}"].strip()
            if not setting.secret:
                row.told[setting.name] = value
            elif value:
                row.secrets[setting.name] = value
        return super().save(commit)


def form_for(provider: Provider, *, keeps_everybodys: bool) -> type[ConnectionForm]:
    """The form of connections with ``provider``, for who keeps those of every team, or of their own only."""
    fields = {f"{TOLD}{setting.name}": _field_of(setting) for setting in provider.settings}
    return type(
        "ConnectionFormOfProvider",
        (ConnectionForm,),
        {"provider": provider, "keeps_everybodys": keeps_everybodys, **fields},
    )


def _address(value: str) -> None:
    """Raise ValidationError for what is no address to send to: under https, but in development."""
    schemes = ["https", "http"] if settings.OUTBOUND_PRIVATE == "allowed" else ["https"]
    URLValidator(schemes=schemes, message=f"This is no address under {' or '.join(schemes)}.")(value)


def _field_of(setting: Setting) -> forms.CharField:
    secret = UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "data-secret": ""})
    checks = [_address] if setting.address else []
    return forms.CharField(
        validators=checks,
        label=setting.label, required=setting.required, help_text=setting.help_text, max_length=2_000,
        widget=secret if setting.secret else UnfoldAdminTextInputWidget(),
    )  # fmt: skip


@admin.register(Connection)
class ConnectionAdmin(SensitiveAdmin, NeverDeleted, TeamOwnedAdmin):
    """One is made with the provider that the address names: ``add/?provider=slack``."""

    list_display = ("called", "team", "is_active", "tested")
    list_filter = ("provider", "team", "is_active")
    list_select_related = ("team", "check_made")
    actions = ("test_connections",)
    change_list_template = "admin/integrations/connections.html"

    @admin.display(description="provider", ordering="provider")
    def called(self, connection: Connection) -> str:
        return provider_of(connection.provider).label

    @admin.display(description="last test")
    def tested(self, connection: Connection) -> str:
        made = getattr(connection, "check_made", None)
        return str(made) if made else "Not tested"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "providers": providers()})

    def get_form(self, request: HttpRequest, obj: Connection | None = None, **kwargs: Any) -> Any:
        return super().get_form(request, obj, **{**kwargs, "form": self._form(request, obj)})

    def _form(self, request: HttpRequest, obj: Connection | None) -> type[ConnectionForm]:
        return form_for(self._provider(request, obj), keeps_everybodys=access.is_administrator(request.user))

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        provider = self._provider(request, obj)
        told = [f"{TOLD}{setting.name}" for setting in provider.settings]
        return ((provider.label, {"fields": ("team", *told, "is_active")}),)

    def _provider(self, request: HttpRequest, obj: Connection | None) -> Provider:
        key = obj.provider if obj is not None else request.GET.get("provider", "")
        known = {provider.key: provider for provider in providers()}
        return known.get(key) or providers()[0]

    @admin.action(description="Test the connection", permissions=["change"])
    def test_connections(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Ask each provider who we are. What it says stands in the list, a moment later."""
        require(request)
        for connection in queryset:
            checking.check_later(connection)
        count = len(queryset)
        said = ngettext("%d connection is being tested.", "%d connections are being tested.", count) % count
        self.message_user(request, f"{said} Reload the list in a moment.", messages.INFO)


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    """What providers made for incidents, as far as the viewer may see these."""

    list_display = ("incident", "kind", "connection", "state", "label", "error", "planned_at", "made_at")
    list_filter = ("kind", "state")
    list_select_related = ("incident", "connection__team")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        found: QuerySet[Step] = super().get_queryset(request)
        return found.filter(incident__private=False)
