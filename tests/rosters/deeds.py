"""What may be done to rosters, each with numbers that say to whom, when and how much: done as the pages do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.engine.models import Timer
from apps.rosters import actions, handlers
from apps.rosters.actions import LayerEntry, PlannedTurns
from apps.rosters.actions.calendars import keep
from apps.rosters.calendars.expansion import Expansion, Occurrence
from apps.rosters.models import (
    Absence,
    CalendarSource,
    Layer,
    LayerMember,
    Restriction,
    Roster,
    Rotation,
    ShiftSource,
    Swap,
    SwapState,
)
from apps.rosters.rules import Stretch, WeeklyRange
from apps.rosters.versions import overrides_at, version_of
from apps.teams.models import User
from tests.rosters.admin_forms import form_on, revert_page, signed_in
from tests.rosters.building import layer_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham")
LAYER_CHANGES = (
    {"rotation": Rotation.HOURS, "length": 7, "handoff_weekday": None},
    {"rotation": Rotation.DAYS, "length": 1, "handoff_weekday": None},
    {"rotation": Rotation.WEEKS, "length": 1, "handoff_weekday": 3},
    {"rotation": Rotation.MONTHS, "length": 1, "handoff_weekday": None},
    {"handoff_time": time(2, 30)},
    {"handoff_time": time(23, 45)},
    {"at_once": 1},
    {"at_once": 2},
    {"at_once": 3},
    {"time_zone": "Asia/Tokyo"},
    {"time_zone": ""},
    {"position": 5},
)
RANGES = (
    {"weekdays": [0, 1, 2, 3, 4], "start": time(9), "end": time(18), "days": 0},
    {"weekdays": list(range(7)), "start": time(22), "end": time(6), "days": 1},
    {"weekdays": [4], "start": time(18), "end": time(9), "days": 3},
)


@dataclass
class Story:
    """The rosters so far, who is in them, and until when the shifts of each are surely filled."""

    people: list[User]
    manager: User
    rosters: list[Roster]
    filled: dict[int, datetime] = field(default_factory=dict)

    def roster(self, number: int) -> Roster:
        found = self.rosters[number % len(self.rosters)]
        found.refresh_from_db()
        return found

    def person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def layer(self, roster: Roster, number: int) -> Layer | None:
        layers = list(roster.layers.all())
        return layers[number % len(layers)] if layers else None

    def fill(self, roster: Roster) -> None:
        actions.materialise(roster)
        self.note(roster)

    def note(self, *rosters: Roster) -> None:
        for each in rosters:
            for pk in (each.pk, each.stands_in_for_id):
                if pk is not None:
                    self.filled[pk] = clock.now() + settings.ROSTER_HORIZON


def edit_layer(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    layer = story.layer(roster, much)
    if layer is None or _stands_still(roster):
        return
    for name, value in LAYER_CHANGES[what % len(LAYER_CHANGES)].items():
        setattr(layer, name, value)
    layer.full_clean()
    layer.save()
    story.fill(roster)


def move_layer(story: Story, who: int, what: int, much: int) -> None:
    """Its first day moves, backwards too, or its last."""
    roster = story.roster(who)
    layer = story.layer(roster, much)
    if layer is None or _stands_still(roster):
        return
    layer.starts_on = clock.now().date() + (what % 7 - 4) * DAY
    layer.ends_on = layer.starts_on + (1 + much % 9) * DAY if what % 2 else None
    layer.save()
    story.fill(roster)


def add_layer(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    if not _stands_still(roster) and roster.layers.count() < 4:
        starts_on = clock.now().date() - (what % 5) * DAY
        layer_of(roster, story.people[: much % 4], position=1 + what % 3, starts_on=starts_on)
        story.fill(roster)


def remove_layer(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    layer = story.layer(roster, what)
    if layer is not None and not _stands_still(roster):
        layer.delete()
        story.fill(roster)


def restrict(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    layer = story.layer(roster, much)
    if layer is not None and not _stands_still(roster):
        layer.restrictions.all().delete()
        if what % 4:
            Restriction.objects.create(layer=layer, **RANGES[what % 4 - 1])
        story.fill(roster)


def put_in(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    layer = story.layer(roster, much)
    if layer is not None and not _stands_still(roster):
        LayerMember.objects.get_or_create(layer=layer, person=story.person(what), defaults={"position": what % 3})
        story.fill(roster)


def take_out(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    if not _stands_still(roster):
        LayerMember.objects.filter(layer__roster=roster, person=story.person(what)).delete()
        story.fill(roster)


def change_from(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    layer = story.layer(roster, much)
    if layer is not None:
        actions.change_from(layer, clock.now().date() + (what % 9) * DAY, by=story.manager)
        story.note(roster)


def freeze(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    roster.frozen_until = clock.now() + (what % 40) * HOUR if what % 2 else None
    roster.save()
    story.fill(roster)


def move_to_another_zone(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    if not _stands_still(roster):
        roster.time_zone, roster.holidays_of = ZONES[what % len(ZONES)], ("", "DE")[much % 2]
        roster.save()
        story.fill(roster)


def override(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    start = clock.now() + (what % 60 - 15) * HOUR
    end = start + (1 + much) * HOUR
    actions.add_override(
        roster, person=story.person(what), start=start, end=end, by=story.manager, seat=int(much % 5 == 0)
    )
    story.note(roster)


def take_back(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    for each in roster.overrides.filter(during__endswith__gt=clock.now()).order_by("-pk")[what % 3 :][:1]:
        actions.remove_override(each, by=story.manager)
        story.note(roster)


def ask(story: Story, who: int, what: int, much: int) -> None:
    """A running shift, or one to come, for cover or of somebody by name."""
    roster = story.roster(who)
    for shift in roster.shifts.filter(during__endswith__gt=clock.now()).order_by("during")[what % 4 :][:1]:
        of = story.person(much) if much % 3 and story.person(much) != shift.person else None
        actions.ask_for_swap(roster, by=shift.person, start=shift.start, end=shift.end, asked_of=of)


def accept(story: Story, who: int, what: int, much: int) -> None:
    """One that was asked for before, or just now."""
    if not Swap.objects.filter(state=SwapState.ASKED).exists():
        ask(story, who, what, much)
    for swap in Swap.objects.filter(state=SwapState.ASKED).order_by("pk")[:1]:
        by = swap.asked_of or next(each for each in story.people[what % 3 :] if each.pk != swap.asked_by_id)
        actions.accept_swap(swap, by=by)
        story.note(swap.roster)


def withdraw(story: Story, who: int, what: int, much: int) -> None:
    for swap in Swap.objects.filter(state=SwapState.ASKED).order_by("-pk")[:1]:
        actions.withdraw_swap(swap, by=swap.asked_by)


def go_away(story: Story, who: int, what: int, much: int) -> None:
    person = story.person(who)
    start = clock.now() + (what % 60 - 20) * HOUR
    actions.add_absence(person, start=start, end=start + (1 + 2 * much) * HOUR, by=person)


def come_back(story: Story, who: int, what: int, much: int) -> None:
    for absence in Absence.objects.filter(during__endswith__gt=clock.now()).order_by("pk")[what % 2 :][:1]:
        actions.remove_absence(absence, by=absence.person)


def stand_in(story: Story, who: int, what: int, much: int) -> None:
    """A new roster stands in for the first, since a while ago or from later on; or one that does changes when."""
    first = story.roster(0)
    start = clock.now() + (what % 60 - 20) * HOUR
    during = DateTimeTZRange(start, start + (1 + much) * HOUR)
    standing = first.stand_ins.filter(retired_at=None).first()
    if standing is not None:
        standing.stands_in_during = during
        standing.save()
        story.fill(standing)
    elif first.retired_at is None and len(story.rosters) < 5:
        slug = f"stand-in-{len(story.rosters)}"
        made = Roster.objects.create(
            slug=slug, name=slug, team=first.team, time_zone=ZONES[much % len(ZONES)], stands_in_for=first,
            stands_in_during=during,
        )  # fmt: skip
        layer_of(made, story.people[what % 2 :], starts_on=clock.now().date() - DAY, rotation=Rotation.HOURS, length=9)
        story.rosters.append(made)
        story.fill(made)


def copy(story: Story, who: int, what: int, much: int) -> None:
    if len(story.rosters) < 5:
        twin = actions.copy(story.roster(who), by=story.manager)
        story.rosters.append(twin)
        story.note(twin)


def retire(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    if what % 3 == 0:
        actions.retire(roster, by=story.manager)
        story.note(roster)


def read_a_calendar(story: Story, who: int, what: int, much: int) -> None:
    """A reading that began hours ago is written down: it says who was on call even before that."""
    roster = story.roster(who)
    began = clock.now() - (much % 12) * HOUR
    source = CalendarSource.objects.filter(layer__roster=roster).first()
    if source is None:
        layer = layer_of(roster, [], position=4, starts_on=began.date() - DAY)
        source = CalendarSource.objects.create(layer=layer, url="https://calendar.example.com/turns.ics")
    first = int((began - 9 * HOUR).timestamp())
    length = 3600 * (1 + what % 30)
    turns = [
        Occurrence(first + number * length, first + (number + 1) * length, "Turn", addresses=((person.email,),))
        for number, person in enumerate(story.people[much % 2 :])
    ]
    keep(source, fetched=None, expansion=Expansion(turns), failure="", now=began)
    if not _stands_still(roster):
        story.note(roster)


def import_turns(story: Story, who: int, what: int, much: int) -> None:
    roster = story.roster(who)
    start = (clock.now() + (what % 40 - 12) * HOUR).replace(microsecond=0)
    turns = [
        Stretch(0, person.pk, start + number * much * HOUR, start + (number + 1) * much * HOUR, ShiftSource.OVERRIDE)
        for number, person in enumerate(story.people[:2])
        if much
    ]
    planned = PlannedTurns(tuple((turn, "imported") for turn in turns), overrides_at([roster.pk])[roster.pk])
    actions.import_turns(roster, planned, by=story.manager)


def change_roster(story: Story, who: int, what: int, much: int) -> None:
    """All layers as one whole, as over the API: one that is there stays, is changed or goes, and another comes."""
    roster, before = story.roster(who), version_of(story.roster(who))
    days = LayerEntry(
        fields={"name": "Days", "rotation": (Rotation.DAYS, Rotation.HOURS)[much % 2], "length": 1 + what % 9},
        people=story.people[what % 3 :],
    )
    nights = LayerEntry(
        fields={"name": "Nights", "position": 2, "at_once": 2},
        people=story.people[: 1 + what % 2],
        restrictions=[WeeklyRange(frozenset({what % 7, 4}), time(22), time(6), 1)],
    )
    changes = {"time_zone": ZONES[much % len(ZONES)]} if much % 3 == 0 else {}
    layers = [[days], [days, nights], [nights]][what % 3]
    actions.change_roster(roster, changes, layers=layers, by=story.manager, accept_gaps=True)
    if version_of(roster) != before:
        story.note(story.roster(who))


def import_layers(story: Story, who: int, what: int, much: int) -> None:
    """The layers of one or two rosters from a table: those that it does not name go."""
    rows = [
        f"{roster.slug},{name},{('days', 'hours')[much % 2]},{1 + what % 9},{person.email}"
        for roster in {each.pk: each for each in (story.roster(who), story.roster(what))}.values()
        for name in ("Days", "Nights")[what % 2 :]
        for person in story.people[much % 3 :]
    ]
    text = "\n".join(["roster,layer,rotation,length,person", *rows]).encode()
    plan = actions.plan_layers_import(text, by=story.manager)
    actions.import_layers(text, by=story.manager, seal=plan.seal, accepted=plan.gaps)
    story.note(*(change.roster for change in plan.changes))


def import_overrides(story: Story, who: int, what: int, much: int) -> None:
    """Of two rosters, from a table; rows that cannot be used are left out."""
    start = clock.now() + (what % 60 - 15) * HOUR
    rows = [
        f"{story.roster(who + number).slug},{story.person(what + number).email},"
        f"{start + number * (much % 9) * HOUR:%Y-%m-%dT%H:%MZ},"
        f"{start + (3 + much) * HOUR:%Y-%m-%dT%H:%MZ},{1 + what % 2}"
        for number in range(2)
    ]
    plan = actions.plan_overrides_import("\n".join(["roster,person,start,end,seat", *rows]).encode(), by=story.manager)
    assert actions.import_overrides(plan.planned, by=story.manager) == len(plan.added)
    story.note(*(roster for roster, _ in plan.added))


def bring_back(story: Story, who: int, what: int, much: int) -> None:
    """The roster as it was made, on its page, with all gaps that this makes."""
    roster, client = story.roster(who), signed_in(story.manager)
    before = version_of(roster)
    client.post(revert_page(roster), form_on(client.get(revert_page(roster))) | {"accept_gaps": "on"})
    if version_of(roster) != before:
        story.note(story.roster(who))


def roll_on(story: Story, who: int, what: int, much: int) -> None:
    for roster in story.rosters:
        handlers.materialise(Timer(payload={"roster": roster.pk}))
        story.note(roster)


def _stands_still(roster: Roster) -> bool:
    """What the page does not let anybody edit."""
    is_frozen = roster.frozen_until is not None and roster.frozen_until > clock.now()
    return is_frozen or roster.retired_at is not None


Deed = Callable[[Story, int, int, int], None]
DEEDS: tuple[Deed, ...] = (
    edit_layer, move_layer, add_layer, remove_layer, restrict, put_in, take_out, change_from, freeze,
    move_to_another_zone, override, override, take_back, ask, accept, withdraw, go_away, come_back, stand_in, copy,
    retire, read_a_calendar, import_turns, change_roster, import_layers, import_overrides, bring_back, roll_on,
)  # fmt: skip
_STARTS = ("2026-03-02T10:07:13.5", "2026-03-28T20:00", "2026-10-24T20:00", "2026-04-04T09:00", "2026-12-31T22:30")
STARTS = tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in _STARTS)
