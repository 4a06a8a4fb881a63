"""Which maintenance windows there are, and what they cover (R34)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.catalog import rules
from apps.catalog.models import MaintenanceWindow, Service, WindowState
from apps.catalog.rules import Span
from apps.core import clock
from apps.teams import access
from apps.teams.access import Permission, Viewer

#: When a window ended or will.
_END = Coalesce("ended_early_at", "ends_at")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """That all services asked for are under maintenance ``until`` then, and the windows that are on, the last first."""

    until: datetime
    windows: Sequence[MaintenanceWindow]

    @property
    def text(self) -> str:
        """``Maintenance until 2026-03-02 12:00 UTC: Moving the database``, for records that everybody reads alike."""
        said = next((window.message for window in self.windows if window.message), "")
        return f"Maintenance until {self.until:%Y-%m-%d %H:%M} UTC{f': {said}' if said else ''}"


def windows_from(at: datetime) -> list[MaintenanceWindow]:
    """Every window that ends after that instant, by its start, with its services: two queries at most."""
    return list(MaintenanceWindow.objects.filter(_ends_after(at)).prefetch_related("services"))


def covering(
    services: Iterable[Service], at: datetime, *, among: Sequence[MaintenanceWindow] | None = None
) -> Maintenance | None:
    """What covers every one of ``services`` at that instant; without any service: what covers everything.

    Until when takes in windows that overlap or follow at once. ``among``: the windows of ``windows_from``, for who
    asks about much.
    """
    windows = windows_from(at) if among is None else among
    if not windows:
        return None
    wanted = {service.pk for service in services}
    until = rules.covered_until([_span(window) for window in windows], wanted, at)
    return Maintenance(until, _on(windows, wanted, at)) if until is not None else None


def touching(services: Iterable[Service], at: datetime) -> list[MaintenanceWindow]:
    """The windows that are on at that instant and cover some of ``services`` or all there are, the last to end first.

    Two queries at most.
    """
    on = _all_on(at)
    return _on(on, {service.pk for service in services}, at) if on else []


def windows_by_service(services: Iterable[Service], at: datetime) -> dict[int, list[MaintenanceWindow]]:
    """The windows that are on at that instant for each of ``services``, by its id; two queries at most."""
    on = _all_on(at)
    return {service.pk: _on(on, {service.pk}, at) for service in services}


def visible_windows(person: Viewer) -> QuerySet[MaintenanceWindow]:
    """The windows of services that ``person`` may see, and those of all; with the services of theirs at hand.

    ``names_others`` says whether a window also names services that they do not see.
    """
    teams = access.team_ids(person, Permission.VIEW)
    named = MaintenanceWindow.services.through.objects.all()
    theirs = named.filter(service__team__in=teams)
    others = named.filter(maintenancewindow=OuterRef("pk")).exclude(service__team__in=teams)
    visible = MaintenanceWindow.objects.filter(Q(all_services=True) | Q(pk__in=theirs.values("maintenancewindow")))
    visible = visible.annotate(names_others=Exists(others))
    services = Prefetch("services", Service.objects.filter(team__in=teams).select_related("team"))
    return visible.prefetch_related(services).select_related("created_by", "ended_early_by")


def listed_windows(windows: QuerySet[MaintenanceWindow], state: WindowState) -> QuerySet[MaintenanceWindow]:
    """Those of ``windows`` that are in ``state`` now: what ends or begins first, of the past the latest first."""
    now = clock.now()
    match state:
        case WindowState.NOW:
            return windows.filter(_ends_after(now), starts_at__lte=now).order_by(_END, "pk")
        case WindowState.PLANNED:
            return windows.filter(_ends_after(now), starts_at__gt=now).order_by("starts_at", "pk")
        case WindowState.PAST:
            return windows.exclude(_ends_after(now)).order_by(_END.desc(), "-pk")


def about(windows: QuerySet[MaintenanceWindow], service: Service) -> QuerySet[MaintenanceWindow]:
    """Those of ``windows`` that cover the service, by its name or with all others."""
    named = MaintenanceWindow.services.through.objects.filter(service=service)
    return windows.filter(Q(all_services=True) | Q(pk__in=named.values("maintenancewindow")))


def _all_on(at: datetime) -> list[MaintenanceWindow]:
    begun = MaintenanceWindow.objects.filter(_ends_after(at), starts_at__lte=at)
    return list(begun.prefetch_related("services"))


def _ends_after(at: datetime) -> Q:
    """Written so that the index of ``ends_at`` finds the few that matter."""
    return Q(ends_at__gt=at) & (Q(ended_early_at=None) | Q(ended_early_at__gt=at))


def _on(windows: Iterable[MaintenanceWindow], services: set[int], at: datetime) -> list[MaintenanceWindow]:
    on = [window for window in windows if window.starts_at <= at < window.end and _is_about(window, services)]
    return sorted(on, key=lambda window: window.end, reverse=True)


def _is_about(window: MaintenanceWindow, services: set[int]) -> bool:
    return window.all_services or any(service.pk in services for service in window.services.all())


def _span(window: MaintenanceWindow) -> Span:
    named = None if window.all_services else frozenset(service.pk for service in window.services.all())
    return Span(window.starts_at, window.end, named)
