"""Plans, changes and ends maintenance windows (R34).

Each publishes MAINTENANCE_CHANGED with the window, in the same transaction: what waits for its end may have to move.
Whoever responds for a service's team keeps its windows, administrators those of all services; ``by`` None is the house
itself (a command on its machine).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db import transaction

from apps.catalog import rules
from apps.catalog.models import LONGEST, MaintenanceWindow, Service, WindowState
from apps.catalog.queries import listed_windows
from apps.core import clock, events
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

MAINTENANCE_CHANGED = "catalog.maintenance_changed"
#: How long maintenance lasts where nobody says (docs/maintenance.md).
DEFAULT_LENGTH = timedelta(hours=1)
#: How far ahead it is planned; what lies further is a mistake in the year.
FURTHEST = timedelta(days=366)
LONGEST_MESSAGE = 200
#: Who plans the same within this means the same thing.
AT_ONCE = timedelta(seconds=30)


@transaction.atomic
def plan_maintenance(
    *,
    by: User | None,
    services: Collection[Service] = (),
    message: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    is_public: bool = False,
) -> MaintenanceWindow:
    """Put ``services``, or all there are where none is named, under maintenance from ``starts_at`` up to ``ends_at``.

    Without a start, or with one that has passed, it begins now; without an end it lasts DEFAULT_LENGTH. Windows may
    overlap. One that ``is_public`` stands on the status page. Raises Invalid for times that ``rules.check_times``
    refuses or a message that is too long, RuleViolation where the same person planned the same a moment ago,
    NotAllowed.
    """
    _require(by, services, everything=not services)
    now = clock.now()
    begin = _start(starts_at or now, now=now)
    window = MaintenanceWindow(
        all_services=not services,
        message=_checked(message),
        starts_at=begin,
        ends_at=_utc(ends_at, field="ends_at") if ends_at is not None else begin + DEFAULT_LENGTH,
        is_public=is_public,
        created_at=now,
        created_by=by,
    )
    rules.check_times(window.starts_at, window.ends_at, now=now, longest=LONGEST)
    if by is not None:
        _require_no_repetition(window, services, by=by)
    made_by(window, by)
    window.save()
    window.services.set(services)
    events.publish(MAINTENANCE_CHANGED, window)
    return window


@transaction.atomic
def change_maintenance(
    window_id: int,
    *,
    by: User | None,
    services: Collection[Service] | None = None,
    message: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    is_public: bool | None = None,
) -> MaintenanceWindow:
    """Change what is given of a window that is on or planned; an empty ``services`` means all there are.

    Raises RuleViolation once it is over, and for another start once it began; Invalid as ``plan_maintenance``;
    NotAllowed without the right to what it covers, before and afterwards.
    """
    window = _locked(window_id, by=by)
    now = clock.now()
    if services is not None:
        _require(by, services, everything=not services)
        window.all_services = not services
    if starts_at is not None and starts_at != window.starts_at:
        if window.starts_at <= now:
            raise RuleViolation("It has begun; its start cannot be changed any more.")
        window.starts_at = _start(starts_at, now=now)
    window.ends_at = _utc(ends_at, field="ends_at") if ends_at is not None else window.ends_at
    window.message = _checked(message) if message is not None else window.message
    window.is_public = window.is_public if is_public is None else is_public
    rules.check_times(window.starts_at, window.ends_at, now=now, longest=LONGEST)
    window.save()
    if services is not None:
        window.services.set(services)
    events.publish(MAINTENANCE_CHANGED, window)
    return window


@transaction.atomic
def end_maintenance(window_id: int, *, by: User | None) -> MaintenanceWindow:
    """End a window now, or take back one that did not begin. Raises RuleViolation once it is over, NotAllowed."""
    window = _locked(window_id, by=by)
    window.ended_early_at, window.ended_early_by = clock.now(), by
    window.save()
    events.publish(MAINTENANCE_CHANGED, window)
    return window


@transaction.atomic
def lift_maintenance(service: Service | None, *, by: User | None) -> list[MaintenanceWindow]:
    """Let no window that is on name ``service`` any more; without one: end every window that is on.

    A window that names others too goes on for those. Returns the windows, which are none where none was on. Raises
    RuleViolation for a service that is covered with all others: that window is ended as a whole or not at all;
    NotAllowed.
    """
    on = listed_windows(MaintenanceWindow.objects.all(), WindowState.NOW)
    if service is None:
        return [end_maintenance(window.pk, by=by) for window in on]
    naming = list(on.filter(services=service).prefetch_related("services"))
    if not naming and on.filter(all_services=True).exists():
        raise RuleViolation(f"{service} is under maintenance with all other services; end that as a whole.")
    lifted = []
    for window in naming:
        others = [other for other in _locked(window.pk, by=by).services.all() if other != service]
        lifted.append(
            change_maintenance(window.pk, services=others, by=by) if others else end_maintenance(window.pk, by=by)
        )
    return lifted


def team_ids_to_plan_for(person: User) -> set[int]:
    """The ids of the teams whose services ``person`` may put under maintenance: who responds for them, or manages."""
    return access.team_ids(person, Permission.RESPOND) | access.team_ids(person, Permission.MANAGE)


def may_keep_maintenance(person: User, window: MaintenanceWindow) -> bool:
    """Whether ``person`` may change and end a window of ``queries.visible_windows``, as ``end_maintenance`` decides."""
    named = list(window.services.all())
    return _may(person, named, everything=window.all_services or window.names_others)  # type: ignore[attr-defined]


def _start(wanted: datetime, *, now: datetime) -> datetime:
    """When it begins: now at the earliest. Raises Invalid for what is further ahead than FURTHEST."""
    begin = _utc(max(wanted, now), field="starts_at")
    if begin - now > FURTHEST:
        raise Invalid(f"Maintenance is planned {FURTHEST.days} days ahead at most.", field="starts_at")
    return begin


def _utc(instant: datetime, *, field: str) -> datetime:
    """The instant in UTC. Raises Invalid for one that UTC does not know: at the very ends of the calendar."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise Invalid("There is no such time.", field=field) from error


def _require_no_repetition(window: MaintenanceWindow, services: Collection[Service], *, by: User) -> None:
    """Raise RuleViolation where ``by`` planned the same AT_ONCE before: two tabs, or a form that was sent twice.

    Ending one of two would leave pages held by the other.
    """
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.pk)
    lately = MaintenanceWindow.objects.filter(
        created_by=by,
        created_at__gt=window.created_at - AT_ONCE,
        ended_early_at=None,
        all_services=window.all_services,
        message=window.message,
        starts_at__range=(window.starts_at - AT_ONCE, window.starts_at + AT_ONCE),
        ends_at__range=(window.ends_at - AT_ONCE, window.ends_at + AT_ONCE),
    )
    wanted = {service.pk for service in services}
    if any({service.pk for service in each.services.all()} == wanted for each in lately.prefetch_related("services")):
        raise RuleViolation("You planned this maintenance a moment ago; it is not planned twice.")


def _locked(window_id: int, *, by: User | None) -> MaintenanceWindow:
    """The window with its row locked. Raises RuleViolation if it is over, NotAllowed without the right to it."""
    window = MaintenanceWindow.objects.select_for_update(no_key=True).get(pk=window_id)
    _require(by, window.services.select_related("team"), everything=window.all_services)
    if window.state == WindowState.PAST:
        raise RuleViolation("This maintenance is over.")
    made_by(window, by)
    return window


def _require(by: User | None, services: Collection[Service], *, everything: bool) -> None:
    if by is None or _may(by, services, everything=everything):
        return
    if everything:
        raise NotAllowed("Only administrators put all services under maintenance. Name the services it is about.")
    planned_for = team_ids_to_plan_for(by)
    for service in services:
        if service.team_id not in planned_for:
            access.require_for_team(by, Permission.RESPOND, service.team)


def _may(person: User, services: Collection[Service], *, everything: bool) -> bool:
    if access.is_administrator(person):
        return True
    planned_for = team_ids_to_plan_for(person)
    return not everything and all(service.team_id in planned_for for service in services)


def _checked(message: str) -> str:
    said = " ".join(message.split())
    if len(said) > LONGEST_MESSAGE:
        raise Invalid(f"A message has {LONGEST_MESSAGE} characters at most.", field="message")
    return said
