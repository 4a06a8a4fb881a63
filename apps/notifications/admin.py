"""Where one looks up what became of a message. Nothing is edited here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from apps.incidents import queries as incidents
from apps.notifications.models import Delivery
from apps.teams.admin_access import ReadOnlyAdmin


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("notification", "channel", "address", "state", "attempts", "planned_at", "sent_at", "last_error")
    list_filter = ("state", "channel")
    list_select_related = ("notification__person",)
    search_fields = ("address", "notification__subject", "notification__person__email")
    date_hierarchy = "planned_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = Q(notification__incident__in=incidents.visible_to(request.user).values("pk"))
        return super().get_queryset(request).filter(visible | Q(notification__incident=None))
