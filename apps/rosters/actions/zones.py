"""Follows the time zone database: where it says something else of a zone than shifts were planned by, they move."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.core.events import publish
from apps.core.zones import UnknownZone, first_difference, offsets, zone_named
from apps.engine import actions as engine
from apps.engine.actions import Planned
from apps.rosters import queries
from apps.rosters.actions.calendars import plan_reading
from apps.rosters.actions.shifts import lock_with_stood_for, materialise
from apps.rosters.models import Layer, Roster, ShiftSource, ZoneChange, ZoneRules
from apps.rosters.rules import Stretch, Window, clipped
from apps.rosters.versions import version_of
from apps.rosters.zone_news import ZoneNews, moved, unknown

#: The kind of the timers that fill one roster by the new rules of one zone.
FOLLOW_ZONE = "rosters.follow_zone"
#: Shifts of a roster moved with the rules of a zone, or nobody knows the zone any more: the subject is a ``ZoneNews``.
ZONE_CHANGED = "zone_changed"


@transaction.atomic
def look_at_zones() -> set[int]:
    """Note what the database says of every zone in use, up to the horizon; where that is new, have it followed.

    Return the ids of the rosters that are filled for it, each with the one that it stands in for by a timer of its own.
    A zone that is met for the first time is only noted: its shifts were planned by what the database says. One that the
    database does not know (any more) is told once.
    """
    now = clock.now()
    rosters = _by_zone()
    known = {each.name: each for each in ZoneRules.objects.select_for_update(no_key=True).filter(name__in=rosters)}
    news: list[tuple[str, int]] = []
    for name in sorted(rosters):
        rules = known.get(name) or ZoneRules(name=name, known_until=now)
        if _differs(rules, now):
            news += [(name, pk) for pk in sorted(rosters[name])]
    engine.schedule_all(
        [
            Planned(
                kind=FOLLOW_ZONE,
                key=f"{FOLLOW_ZONE}:{pk}:{name}",
                subject=f"roster:{pk}",
                payload={"roster": pk, "zone": name},
            )
            for name, pk in news
        ]
    )
    return queries.with_stood_for(Roster.objects.filter(pk__in={pk for _, pk in news}))


@transaction.atomic
def follow_zone(roster: Roster, name: str) -> None:
    """Fill ``roster`` from now on by what the database says of the zone ``name``, and tell what moved; the past stays.

    So it does the roster that this one stands in for. What moved is written in the history of each, and published as
    ZONE_CHANGED; calendars are read anew. Of a zone that the database does not know the shifts stay as they are.
    Nothing happens to a roster that was retired meanwhile.
    """
    rosters = {each.pk: each for each in lock_with_stood_for(roster)}
    roster = rosters[roster.pk]
    rules = ZoneRules.objects.get(name=name)
    now = clock.now()
    if roster.retired_at is not None:
        return
    if rules.missing_since is not None:
        title = f"{roster}: nobody knows the time zone {name} any more"
        _tell(ZoneNews(roster, name, title, unknown(name), at=rules.known_until))
        return
    before = {pk: _coming(each, now) for pk, each in rosters.items()}
    materialise(roster, now=now)
    for pk, each in rosters.items():
        _record(each, rules, before=before[pk], now=now)
    plan_reading(roster)


def _by_zone() -> dict[str, set[int]]:
    """The ids of the rosters in use by the zones in which they or their layers live. Two queries."""
    in_use = Roster.objects.filter(retired_at=None)
    own = Layer.objects.filter(roster__in=in_use).exclude(time_zone="").order_by()
    found: dict[str, set[int]] = defaultdict(set)
    for name, pk in [*in_use.order_by().values_list("time_zone", "pk"), *own.values_list("time_zone", "roster")]:
        found[name].add(pk)
    return found


def _differs(rules: ZoneRules, now: datetime) -> bool:
    """Whether the database says something else than ``rules``, which are then what it says."""
    until = now + settings.ROSTER_HORIZON
    was_missing = rules.missing_since is not None
    try:
        found = offsets(zone_named(rules.name), now, until)
    except UnknownZone:
        rules.missing_since = rules.missing_since or now
        rules.save()
        return not was_missing
    difference = None
    if rules.offsets:
        difference = first_difference(rules.offsets, found, start=now, end=rules.known_until)
    if difference is not None:
        rules.differs_from, rules.differs_by = difference
    rules.offsets, rules.known_until, rules.missing_since = found, until, None
    rules.save()
    return difference is not None or was_missing


def _coming(roster: Roster, now: datetime) -> list[Stretch]:
    """The running and coming shifts of ``roster``, from ``now`` on."""
    shifts = roster.shifts.filter(during__endswith__gt=now)
    found = [Stretch(each.seat, each.person_id, each.start, each.end, ShiftSource(each.source)) for each in shifts]
    return list(clipped(found, Window(now, max((each.end for each in found), default=now))))


def _record(roster: Roster, rules: ZoneRules, *, before: list[Stretch], now: datetime) -> None:
    """Note which shifts of ``roster`` are not any more what they were ``before``, up to where those went."""
    until = max((each.end for each in before), default=now)
    gone = set(before) - set(clipped(_coming(roster, now), Window(now, until)))
    if not gone:
        return
    change, _ = ZoneChange.objects.update_or_create(
        roster=roster,
        rules=rules,
        defaults={"found_at": now, "moved": len(gone), "first_moved_at": min(each.start for each in gone)},
    )
    title = f"{roster}: shifts moved with the rules of {rules}"
    _tell(ZoneNews(roster, rules.name, title, moved(change), at=change.first_moved_at))
    change.version = version_of(roster)
    change.save(update_fields=["version"])


def _tell(news: ZoneNews) -> None:
    """Write what happened in the history of the roster, as a deed of the engine, and publish it."""
    news.roster._change_reason = news.text  # type: ignore[attr-defined]  # by this name simple-history asks for it
    news.roster.save(update_fields=["time_zone"])
    publish(ZONE_CHANGED, news)
