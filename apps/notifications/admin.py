"""Where one looks up what became of a message, and whom a page would not wake."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from apps.contacts.admin_methods import AdministratedInline, ContactMethodInline
from apps.contacts.models import ContactMethod
from apps.incidents import queries as incidents
from apps.notifications import reach
from apps.notifications.actions import MOST_STEPS
from apps.notifications.models import Delivery, DirectPage, Notification, NotificationRule, Preferences
from apps.notifications.reach import Reach
from apps.teams.admin import PersonAdmin
from apps.teams.admin_access import ReadOnlyAdmin
from apps.teams.models import User
from apps.teams.queries import is_a_person


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "notification", "channel", "shown", "state", "attempts", "due_at", "sent_at", "receipt_at", "last_error",
    )  # fmt: skip
    list_filter = ("state", "channel", "notification__kind", "notification__urgency", "held_back")
    list_select_related = ("notification__person", "method")
    search_fields = ("address", "notification__subject", "notification__person__email")
    date_hierarchy = "planned_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = Q(notification__incident__in=incidents.visible_to(request.user).values("pk"))
        return super().get_queryset(request).filter(visible | Q(notification__incident=None))


@admin.register(DirectPage)
class DirectPageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "by", "to", "text", "answers")
    list_select_related = ("by",)
    search_fields = ("by__name", "by__email", "to", "text")
    date_hierarchy = "created_at"
    fields = ("created_at", "by", "to", "text", "answers")

    def get_queryset(self, request: HttpRequest) -> Any:
        receivers = Prefetch("notifications", Notification.objects.select_related("person").order_by("pk"))
        return super().get_queryset(request).prefetch_related(receivers)

    @admin.display(description="answers")
    def answers(self, page: DirectPage) -> str:
        return ", ".join(f"{each.person}: {_answer(each)}" for each in page.notifications.all())


def _answer(notification: Notification) -> str:
    if notification.acknowledged_at is not None:
        return "acknowledged"
    return "declined" if notification.declined_at is not None else "no answer"


class OwnMethodsOnly(BaseInlineFormSet):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """A step leads to a method of the same person, and there are no more than anybody needs."""

    def clean(self) -> None:
        """Raise ValidationError for a method of somebody else and for too many steps."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if any(known["method"].person_id != self.instance.pk for known in kept if known.get("method")):
            raise ValidationError("This is no contact method of the person.")
        for urgency in {known.get("urgency") for known in kept}:
            if sum(known.get("urgency") == urgency for known in kept) > MOST_STEPS:
                raise ValidationError(f"There are at most {MOST_STEPS} steps.")


class NotificationRuleInline(AdministratedInline):
    model = NotificationRule
    formset = OwnMethodsOnly
    extra = 0
    fields = ("urgency", "after", "method")
    verbose_name = "step"
    verbose_name_plural = "steps (none: the standard ones)"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "method":
            shown = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            owner = int(shown) if shown and str(shown).isdecimal() else None
            kwargs["queryset"] = ContactMethod.objects.filter(person=owner)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PreferencesInline(AdministratedInline):
    model = Preferences
    extra = 0
    fields = ("quiet_from", "quiet_until", "shift_notices")


class ReachFilter(admin.SimpleListFilter):
    """Who of the active would not be woken by a page."""

    title = "where a page is silent"
    parameter_name = "reach"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (Reach.NOT_AT_ALL.name.lower(), "cannot be paged"),
            (Reach.SILENTLY.name.lower(), "nothing rings"),
            (Reach.RINGS.name.lower(), "a page rings"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        name = (self.value() or "").upper()
        if name not in Reach.__members__:
            return queryset
        found = reach.of_people(queryset.filter(is_a_person(), is_active=True))
        return queryset.filter(pk__in=[pk for pk, how in found.items() if how is Reach[name]])


admin.site.unregister(User)


@admin.register(User)
class ReachedPersonAdmin(PersonAdmin):
    """People, with how they are reached: methods, steps and choices stand on their page."""

    list_display = (*PersonAdmin.list_display, "reached")
    list_filter: ClassVar[tuple[Any, ...]] = (ReachFilter, *PersonAdmin.list_filter)
    inlines: ClassVar[tuple[type, ...]] = (
        *PersonAdmin.inlines,
        ContactMethodInline,
        NotificationRuleInline,
        PreferencesInline,
    )

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple[type, ...]:
        """Whoever is being added is reached by their address; the rest is chosen once they are there."""
        return self.inlines if obj is not None else tuple(PersonAdmin.inlines)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, each row with how far a page gets: two queries for all of them."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        found = reach.of_people(rows)
        for person in rows:
            person.reached_how = found.get(person.pk)
        listed.result_list = rows
        return listed

    @admin.display(description="a page")
    def reached(self, person: User) -> str:
        how: Reach | None = getattr(person, "reached_how", None)
        words = {Reach.NOT_AT_ALL: "reaches nobody", Reach.SILENTLY: "arrives, nothing rings", Reach.RINGS: "rings"}
        return words[how] if how else "–"
