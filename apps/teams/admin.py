"""Where administrators keep people, teams and memberships; a saved membership carries its grants at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any, ClassVar, cast

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from apps.core import events, locks
from apps.core.admin_lists import names_a_row
from apps.core.audited import Act
from apps.core.errors import Busy, HouseError, RuleViolation
from apps.teams import access, actions
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted, ReadOnlyAdmin, TeamOwnedAdmin
from apps.teams.events import PERSON_ADDED
from apps.teams.models import ApiToken, Membership, MembershipSource, Team, User, UserKind
from apps.teams.queries import is_a_person, is_erased
from apps.teams.sensitive import TYPED, SensitiveAdmin, require

admin.site.unregister(Group)  # groups are derived from memberships
for of_signing_in in (AccessAttempt, AccessLog, AccessFailureLog):
    admin.site.unregister(of_signing_in)


#: So many seconds a form of a person waits for others who write.
PATIENCE = 5.0


class PersonCreationForm(BaseUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):  # the theme dresses the fields of the model alone
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class PersonChangeForm(UserChangeForm[User]):
    class Meta:
        model = User
        fields = "__all__"

    def clean_is_active(self) -> bool:
        """Whether they are to be active; refused for the last administrator."""
        stays = bool(self.cleaned_data["is_active"])
        if not stays and actions.is_last_administrator(self.instance):
            raise forms.ValidationError("Nobody else administrates the organisation: make somebody else one first.")
        return stays


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    fields = ("team", "role", "source")
    readonly_fields = ("source",)


class KeepsMemberships(AdministratedAdmin):
    """A page with memberships: what is changed there was given by hand, and no group takes it back."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.forms:
            if isinstance(row.instance, Membership) and row.has_changed():
                row.instance.source = MembershipSource.HAND
        super().save_formset(request, form, formset, change)


def refused_with_words(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer with the page again, with what was typed and nothing done, where rules forbid what was sent to it.

    So too where somebody else writes for long. Whoever may not write is refused before anything waits for them.
    """

    @wraps(view)
    def answered(self: ModelAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return view(self, request, *args, **kwargs)
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        require(request)
        try:
            with locks.patiently(PATIENCE):
                actions.lock_administrators()  # before any row, as everybody takes it
                return view(self, request, *args, **kwargs)
        except (RuleViolation, Busy) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(f"{request.get_full_path()}{TYPED}")

    return answered


@admin.register(User)
class PersonAdmin(SensitiveAdmin, UserAdmin[User], KeepsMemberships):
    form = PersonChangeForm
    add_form = PersonCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("name", "email")
    list_display: tuple[str, ...] = ("name", "email", "kind", "time_zone", "is_active", "is_staff")
    list_filter: ClassVar[tuple[Any, ...]] = ("is_active", "kind", "is_staff", "memberships__role", "memberships__team")
    search_fields = ("name", "email")
    filter_horizontal = ()
    readonly_fields = ("is_staff", "last_login", "date_joined", "personal_data", "second_factors")
    fieldsets = (
        (None, {"fields": ("email", "name", ("time_zone", "holidays_of"), "password")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "second_factors")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
        ("Privacy", {"fields": ("personal_data",)}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "time_zone", "password1", "password2")}),)
    inlines: ClassVar[tuple[type, ...]] = (MembershipInline,)
    has_view_permission = AdministratedAdmin.has_view_permission
    has_add_permission = AdministratedAdmin.has_add_permission
    has_module_permission = AdministratedAdmin.has_module_permission

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators change everybody but who was erased."""
        return AdministratedAdmin.has_change_permission(self, request, obj) and (obj is None or not is_erased(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="personal data")
    def personal_data(self, person: User) -> str:
        """The way to the page where it is given out or erased."""
        if person.is_service_account:
            return "None: a service account is nobody."
        return format_html('<a href="{}">Give out or erase</a>', reverse("privacy_person", args=[person.pk]))

    @admin.display(description="second factors")
    def second_factors(self, person: User) -> str:
        """Where an administrator takes them away from somebody who lost them."""
        if person.pk is None or person.is_service_account:
            return "none"
        return format_html(
            '<a class="text-primary-600 underline dark:text-primary-500" href="{}">Take them away…</a>',
            reverse("factors_reset", args=[person.pk]),
        )

    @refused_with_words
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Another password for a person; service accounts have none."""
        key = str(kwargs.get("id", *args[:1]))
        if names_a_row(key, User) and User.objects.filter(pk=key, kind=UserKind.SERVICE).exists():
            raise Http404
        if self.has_change_permission(request):
            require(request)
        before = User.objects.filter(pk=key).values_list("password", flat=True).first() if key.isdecimal() else None
        response: HttpResponse = super().user_change_password(request, *args, **kwargs)
        changed = User.objects.filter(pk=key).exclude(password=before).first() if before is not None else None
        if changed is not None:
            by = cast("User", request.user)
            words, told = "Set the password", f"{by} set another password for your account, and you are signed out."
            actions.note_way_in(changed, act=Act.FACTOR_ADDED, words=words, told=told, by=by)
        return response

    @refused_with_words
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    @refused_with_words
    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().history_form_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Store what was entered; whoever is switched off is so by what ends their sessions and tokens too.

        An older version that is brought back is stored by this alone.
        """
        actions.lock_administrators()
        actions.refuse_erased(obj)
        before = User.objects.filter(pk=obj.pk).values("email", "is_active").first()
        stays = obj.is_active
        obj.is_active = stays or (before is not None and before["is_active"])
        super().save_model(request, obj, form, change)
        if before is not None:
            actions.tell_of_address(obj, was=before["email"], by=cast("User", request.user))
        if change:
            access.rebuild_grants(obj)
            if not stays:
                actions.deactivate(obj)

    def save_related(self, request: HttpRequest, form: forms.ModelForm[User], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        access.rebuild_grants(form.instance)
        if not change:
            events.publish(PERSON_ADDED, form.instance)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """The last step of everything that changes a person here: an administrator stays."""
        actions.require_an_administrator()
        return super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        """Whoever was switched off may leave holes: ask next who takes over."""
        answer = super().response_change(request, obj)
        left = not obj.is_active and User.objects.filter(is_a_person(), pk=obj.pk).exists()
        return redirect("leaving", obj.pk) if left else answer


class TeamMembershipInline(MembershipInline):
    fields = ("person", "role", "source")


@admin.register(Team)
class TeamAdmin(SensitiveAdmin, KeepsMemberships):
    list_display = ("name", "slug", "parent", "time_zone", "is_active")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar[dict[str, tuple[str, ...]]] = {"slug": ("name",)}
    inlines = (TeamMembershipInline,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Working days are ticked: Django formats twice what is wrong with a list that is typed, a % in it and all."""
        if db_field.name != "working_days":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.MultipleChoiceField(
            choices=db_field.base_field.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="None: those of the procedures' business calendar.",
        )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: forms.ModelForm[Team], formsets: Any, change: bool) -> None:
        before = set(User.objects.filter(groups__name__startswith=f"team:{form.instance.pk}:"))
        super().save_related(request, form, formsets, change)
        if "parent" in form.changed_data:
            access.rebuild_grants_below([form.instance, *form.instance.below()])
        concerned = before | set(User.objects.filter(memberships__team=form.instance))
        for person in sorted(concerned, key=attrgetter("pk")):  # each locks rosters: all in one order
            access.rebuild_grants(person)


@admin.register(ApiToken)
class ApiTokenAdmin(NeverDeleted, TeamOwnedAdmin):
    """All tokens, for administrators and auditors; for managers those of the service accounts of their teams."""

    team_paths = ("person__kept_by",)
    list_display = (
        "name",
        "person",
        "scope",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "revoked_at",
    )
    list_select_related = ("person__kept_by",)
    list_filter = ("scope",)
    search_fields = ("name", "person__email")
    fields = ("name", "person", "scope", "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at")
    readonly_fields = fields  # a choice of people would name those of other teams
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    @admin.action(description="Revoke: the token stops working at once", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke the selected tokens that are not revoked yet."""
        try:
            for token in queryset.select_related("person"):
                actions.revoke_token(token, by=cast("User", request.user))
        except HouseError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, "The tokens were revoked.", messages.SUCCESS)


@admin.register(AccessAttempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Attempts to sign in that failed. Deleting those of somebody who is locked out lets them in again."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user)


@admin.register(AccessLog, AccessFailureLog)
class SignInAdmin(ReadOnlyAdmin):
    """Who signed in, and who was refused."""

    list_display = ("attempt_time", "username", "ip_address", "user_agent")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
