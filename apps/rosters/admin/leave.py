"""Leave in the managers' hands: seen, entered and taken back for the people of their teams, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as date_format
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core import clock
from apps.core.century import DAYS
from apps.core.errors import Invalid
from apps.core.walltime import instant
from apps.rosters import actions, gap_questions
from apps.rosters.admin.taken_back import TakenBackAdmin
from apps.rosters.models import Absence, AbsenceKind
from apps.teams.admin_access import managed_team_ids
from apps.teams.models import Team, User

_A_DAY = timedelta(days=1)
_ENTERED = (("person",), ("first_day", "from_time"), ("last_day", "until_time"), ("kind", "reason"))
_SHOWN = ("person", "begins", "ends", "kind", "reason", "entered_by", "created_at")


class WhenFilter(admin.SimpleListFilter):
    """Leave by whether it is on."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("running", "Running"), ("coming", "Coming"), ("past", "Past")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> QuerySet[Absence]:
        now = clock.now()
        match self.value():
            case "running":
                return queryset.filter(during__contains=now)
            case "coming":
                return queryset.filter(during__startswith__gt=now)
            case "past":
                return queryset.filter(during__endswith__lte=now)
        return queryset


class TeamFilter(admin.SimpleListFilter):
    """Leave of the people of one of the teams that one manages."""

    title = "team"
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(team.slug, str(team)) for team in Team.objects.filter(pk__in=managed_team_ids(request))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> QuerySet[Absence]:
        if not self.value():
            return queryset
        chosen = Team.objects.filter(pk__in=managed_team_ids(request), slug=self.value())
        return queryset.filter(person__in=User.objects.filter(memberships__team__in=chosen))


class AbsenceForm(forms.ModelForm[Absence]):
    """Whole days, or from one time to another, by the clocks of whoever enters it: ``start`` and ``end`` once clean."""

    first_day = forms.DateField(
        validators=DAYS, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), label="From"
    )
    from_time = forms.TimeField(
        required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}), label="Beginning at",
        help_text="Empty: the whole day.",
    )  # fmt: skip
    last_day = forms.DateField(
        validators=DAYS, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), label="Until",
        help_text="The last day away.",
    )  # fmt: skip
    until_time = forms.TimeField(
        required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}), label="Ending at",
        help_text="Empty: the whole day.",
    )  # fmt: skip

    class Meta:
        model = Absence
        fields = ("person", "kind", "reason")

    def clean(self) -> dict[str, Any]:
        """Make instants of the days and times; what the action would refuse is said at the last day."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("first_day") and cleaned.get("last_day"):
            start = _moment(cleaned["first_day"], cleaned.get("from_time") or time(0))
            if cleaned.get("until_time"):
                end = _moment(cleaned["last_day"], cleaned["until_time"])
            else:
                end = _moment(cleaned["last_day"] + _A_DAY, time(0))
            cleaned |= {"start": start, "end": end}
            try:
                actions.check_absence(start, end, now=clock.now())
            except Invalid as error:
                self.add_error("last_day", str(error))
        return cleaned


def _moment(day: Any, wall: time) -> datetime:
    return instant(day, wall, ZoneInfo(timezone.get_current_timezone_name()))


def _in_words(local: datetime) -> str:
    return date_format(local, "D j M Y" if local.time() == time(0) else "D j M Y, H:i")


@admin.register(Absence)
class AbsenceAdmin(TakenBackAdmin):
    """Leave of the people whom the manager plans. It is entered and taken back; nobody else finds anything here."""

    form = AbsenceForm
    list_display = ("person", "begins", "ends", "kind", "reason", "entered_by")
    list_filter = (WhenFilter, TeamFilter, "kind")
    list_select_related = ("person", "created_by")
    search_fields = ("person__name", "person__email")
    ordering: ClassVar[list[str]] = ["-during", "-pk"]
    delete_confirmation_template = "admin/rosters/take_back_absence.html"

    @admin.display(description="from", ordering="during__startswith")
    def begins(self, absence: Absence) -> str:
        """The day by the viewer's clocks, with the time where it does not begin with the day."""
        return _in_words(timezone.localtime(absence.start))

    @admin.display(description="until", ordering="during__endswith")
    def ends(self, absence: Absence) -> str:
        """The last day by the viewer's clocks, with the time where it does not end with the day."""
        end = timezone.localtime(absence.end)
        return _in_words(end - _A_DAY if end.time() == time(0) else end)

    @admin.display(description="entered by", ordering="created_by")
    def entered_by(self, absence: Absence) -> str:
        return str(absence.created_by or "")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        rows: QuerySet[Absence] = super().get_queryset(request)
        return rows.filter(person__in=self._planned(request))

    def get_fieldsets(self, request: HttpRequest, obj: Absence | None = None) -> Any:
        if obj is not None:
            anew = "To shorten or extend it, take it back (Delete) and enter it anew."
            if obj.end <= clock.now():
                anew = "It is over, and stays on the record."
            return ((None, {"fields": _SHOWN, "description": anew}),)
        zone = timezone.get_current_timezone_name()
        told = f"In each layer the next in order takes over meanwhile. Days and times are those of your zone, {zone}."
        return ((None, {"fields": _ENTERED, "description": told}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Absence | None = None) -> tuple[str, ...]:
        return _SHOWN if obj is not None else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(pk__in=self._planned(request), is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Absence | None = None) -> bool:
        return bool(managed_team_ids(request)) and (obj is None or obj.person_id in self._planned(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Absence | None = None) -> bool:
        return (obj is None or not self.stays(obj)) and self.has_view_permission(request, obj)

    def add(self, request: HttpRequest, entered: dict[str, Any]) -> Absence:
        """Enter it; asks before nobody is on call."""
        by, concerned = cast("User", request.user), actions.rosters_of(entered["person"])
        with actions.refusing_gaps(concerned, by=by, accepted=gap_questions.accepted(request)):
            return actions.add_absence(
                entered["person"],
                start=entered["start"],
                end=entered["end"],
                kind=AbsenceKind(entered["kind"]),
                reason=entered["reason"],
                by=by,
            )

    def take_back(self, row: Absence, by: User) -> None:
        actions.remove_absence(row, by=by)

    def written(self, rows: Iterable[Absence]) -> set[int]:
        return {pk for row in rows for pk in actions.rosters_of(row.person)}

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> None:
        """Take them back together; of several people each waits for what concerns them in the same order."""
        super().delete_queryset(request, queryset.order_by("person", "pk"))

    def _planned(self, request: HttpRequest) -> set[int]:
        """The ids of the people whose leave the signed-in person plans; looked up once a request."""
        known: set[int] | None = getattr(request, "planned_people", None)
        if known is None:
            known = set(actions.people_planned_by(cast("User", request.user)).values_list("pk", flat=True))
            request.planned_people = known  # type: ignore[attr-defined]
        return known
