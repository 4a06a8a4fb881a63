"""What every page of the admin has in common: its look, its history, and who may see and edit which rows.

The admin asks ``teams.access`` like everything else; Django's own model permissions play no part here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import attrgetter, or_
from typing import Any, ClassVar

from django.contrib.admin.filters import RelatedOnlyFieldListFilter
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms.models import _get_foreign_key
from django.http import Http404, HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from apps.core.admin_lists import ListedAdmin, names_a_row, opens
from apps.core.history import PartChange, changes_of_parts
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.admin_editing import EditingAdmin, keeps_history
from apps.teams.models import Team

#: So many changes of an object's parts are shown, the newest.
PARTS_SHOWN = 200


def _changes_below(inlines: Iterable[type], parent: type[models.Model], owners: list[int]) -> Iterator[PartChange]:
    """The changes of what is edited on an object's page, at every depth."""
    for inline in inlines:
        model: type[models.Model] = inline.model  # type: ignore[attr-defined]
        if not keeps_history(model):
            continue
        fk = _get_foreign_key(parent, model, fk_name=inline.fk_name)  # type: ignore[attr-defined]
        rows: set[int] = set()
        for row, change in changes_of_parts(model, fk=fk.attname, owners=owners):
            rows.add(row)
            yield change
        yield from _changes_below(getattr(inline, "inlines", ()), model, sorted(rows))


class HouseAdmin(EditingAdmin, SimpleHistoryAdmin, ListedAdmin):
    """A page with the house's look and the history of its rows, where they have one."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        row = self._row(object_id)  # as it is now: of two changes at one instant the library takes either
        if not keeps_history(self.model):
            if row is None or not opens(self, request, row):
                return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return super(SimpleHistoryAdmin, self).history_view(request, object_id, extra_context)
        if row is not None and not opens(self, request, row):
            raise Http404
        parts = sorted(_changes_below(self.inlines, self.model, [int(object_id)]), key=attrgetter("at"), reverse=True)
        return super().history_view(request, object_id, {**(extra_context or {}), "parts": parts[:PARTS_SHOWN]})

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """A version of the row, to look at or to bring back (POST).

        The row as it is now decides: whoever lost it sees and brings back none of the time when it was theirs.
        """
        row, writes = self._row(object_id), request.method == "POST"
        is_there = opens(self, request, row) if row else not writes or self.has_add_permission(request)
        if not (keeps_history(self.model) and is_there and names_a_row(version_id, self.model.history.model)):
            raise Http404
        if row is not None and writes and not self.has_change_permission(request, row):
            raise PermissionDenied
        with transaction.atomic():
            return super().history_form_view(request, object_id, version_id, extra_context)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The row's own page, where it has one."""
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def _row(self, object_id: str) -> Any:
        """The row, whosever it is; None if it is gone. Raises Http404 for what no row can be called."""
        key = unquote(object_id)
        if not names_a_row(key, self.model):
            raise Http404
        return self.model._default_manager.filter(pk=key).first()

    object_history_template: Any = "admin/history_with_parts.html"


class NeverDeleted:
    """For rows that the record refers to, or that paging depends on: they are switched off or changed instead."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AdministratedAdmin(HouseAdmin):
    """What concerns the whole organisation: administrators edit it, auditors look at it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user) or access.is_auditor(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access.is_administrator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user)


class ReadOnlyAdmin(AdministratedAdmin):
    """What the house writes itself: looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TeamOwnedAdmin(HouseAdmin):
    """What belongs to a team: its managers see and edit it, auditors look at it, for nobody else does it exist.

    A row that belongs to no team is the whole organisation's: administrators edit it, auditors look at it.
    """

    #: The ways from a row to its team, as in a lookup: the first that leads to one counts.
    team_paths: ClassVar[tuple[str, ...]] = ("team",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        if sees_everything(request):
            return rows
        ways = (models.Q((f"{path}__in", visible_team_ids(request))) for path in self.team_paths)
        return rows.filter(reduce(or_, ways))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The filters; what relations lead to is offered as far as it is in the list."""
        return [self._narrowed(each) for each in super().get_list_filter(request)]

    def _narrowed(self, offered: Any) -> Any:
        if isinstance(offered, str) and get_fields_from_path(self.model, offered)[-1].is_relation:
            return offered, RelatedOnlyFieldListFilter
        return offered

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Team:
            kwargs["queryset"] = Team.objects.filter(pk__in=managed_team_ids(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_everything(request) or self._holds(visible_team_ids(request), obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access.is_administrator(request.user) or self._holds(managed_team_ids(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user) or self._holds(managed_team_ids(request), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user) or self._holds(managed_team_ids(request), obj)

    def _holds(self, team_ids: set[int], row: Any = None) -> bool:
        if row is None or row.pk is None:  # nested inlines ask about the row that is being added
            return bool(team_ids)
        return self._team_id(row) in team_ids

    def _team_id(self, row: Any) -> int | None:
        """Whose the row is; None: the whole organisation's."""
        for path in self.team_paths:
            found = row
            for step in path.split("__"):
                found = getattr(found, step) if found is not None else None
            if found is not None:
                return int(found.pk)
        return None


class FollowsItsParent:
    """For rows edited within another's page: whoever may open that page and edits anything may edit them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_everything(request) or bool(visible_team_ids(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user) or bool(managed_team_ids(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)


def sees_everything(request: HttpRequest) -> bool:
    """Whether the signed-in person sees in the admin what belongs to no team too."""
    return access.is_administrator(request.user) or access.is_auditor(request.user)


def managed_team_ids(request: HttpRequest) -> set[int]:
    """The ids of the teams that the signed-in person manages."""
    return access.team_ids(request.user, Permission.MANAGE)


def visible_team_ids(request: HttpRequest) -> set[int]:
    """The ids of the teams whose rows the signed-in person sees in the admin: all for an auditor, else the managed."""
    return access.team_ids(request.user, Permission.VIEW if access.is_auditor(request.user) else Permission.MANAGE)
